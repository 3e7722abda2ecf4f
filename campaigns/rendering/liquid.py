"""Liquid for letters with conditions: few tags, few filters, no attribute access, bounded time and output.

Texts that hold only plain tags never come here (merge_tags); they are spliced.
"""

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from liquid import BoundTemplate, Environment, Undefined
from liquid.builtin import register as register_all
from liquid.exceptions import LiquidError

from campaigns.rendering.merge_tags import QUOTED, SHORT_NAMES, TAG, get_field, needs_default
from campaigns.rendering.sanitising import sanitise
from ecosystem.base.errors import Invalid

ALLOWED_TAGS = ("if", "unless", "case")
ALLOWED_FILTERS = ("default", "capitalize", "upcase", "downcase", "strip", "truncate", "truncatewords")
LITERAL_DEFAULT = re.compile(r"\|\s*default\s*:\s*''")
BLANK_LINES = re.compile(r"\n\s*\n")
LIMIT_BYTES = 256_000
LIMIT_SECONDS = 0.05
# Python may have been tidying its memory while a letter was put together: one that is slow is timed once more.
TRIES = 2


class RenderTooLarge(Exception):
    """One person's copy of a letter took more time or room than a letter may."""


class LetterEnvironment(Environment):
    """Knows conditions and a handful of filters; nothing that loops, includes, assigns or reaches outside."""

    output_stream_limit = LIMIT_BYTES
    loop_iteration_limit = 1000
    context_depth_limit = 12
    local_namespace_limit = 10_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        register_all(self)
        output = {"content", "output", "illegal"}
        self.tags = {name: tag for name, tag in self.tags.items() if name in output or name in ALLOWED_TAGS}
        self.filters = {name: work for name, work in self.filters.items() if name in ALLOWED_FILTERS}
        self.filters["as_text"] = _as_text


def _as_text(value: object) -> str:
    """Plain text: takes the trust away that autoescape gives to words written inside a tag."""
    return "" if value is None or isinstance(value, Undefined) else "".join(str(value))


ESCAPING = LetterEnvironment(autoescape=True, strict_filters=True)
LITERAL = LetterEnvironment(autoescape=False, strict_filters=True)


def check_liquid(source: str, *, place: str, is_system: bool = False) -> None:
    """Parse a text that holds logic and look up every name in it; Invalid says what is wrong, in plain words."""
    for match in TAG.finditer(source):
        if match["output"] is not None:
            finish_output(match["output"], place=place, is_system=is_system)
    try:
        template = LITERAL.from_string(source)
    except LiquidError as problem:
        words = {"reason": str(problem.message)[:120]}
        raise Invalid("broken_merge_tag", _("A merge tag is not right: %(reason)s.") % words, field=place) from problem
    for name in template.filter_names():
        if name not in ALLOWED_FILTERS:
            raise Invalid(
                "unknown_filter", _("We do not know the word %(name)s after |.") % {"name": name}, field=place
            )
    for name in template.variable_paths():
        get_field(str(name), place=place, is_system=is_system)


def finish_output(output: str, *, place: str, is_system: bool = False) -> str:
    """An output tag with its field's fallback added where the writer gave none, and its trust taken away."""
    expression = output.strip()
    bare = QUOTED.sub("''", expression)
    if not LITERAL_DEFAULT.search(bare):
        name = bare.partition("|")[0].strip()
        field = get_field(name, place=place, is_system=is_system)
        if field.fallback is None:
            raise needs_default(field, place)
        fallback = str(field.fallback).replace('"', "")
        expression = f'{expression} | default: "{fallback}"'
    return "{{ " + expression + " | as_text }}"


def render_liquid(source: str, context: Mapping[str, Any], *, escape: bool) -> str:
    """One person's text, made safe for HTML where `escape` says so. Raises RenderTooLarge over 256 kB or 50 ms."""
    template = _parsed(source, escape)
    for _try in range(TRIES):
        started = time.thread_time()
        try:
            text = template.render(**context)
        except LiquidError as problem:
            raise RenderTooLarge(str(problem)) from problem
        if time.thread_time() - started <= LIMIT_SECONDS:
            break
    else:
        raise RenderTooLarge("The letter took too long to put together.")
    return sanitise(text) if escape else BLANK_LINES.sub("\n\n", text)


def nested(values: Mapping[str, str]) -> dict[str, Any]:
    """`{"contact.first_name": "Ana"}` as the nested dict that Liquid reads; what is empty counts as not there."""
    context: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, key = name.partition(".")
        (context.setdefault(group, {}) if dot else context)[key if dot else group] = value or None
    for short, full in SHORT_NAMES.items():
        context[short] = values.get(full) or None
    return context


@lru_cache(maxsize=512)
def _parsed(source: str, escape: bool) -> BoundTemplate:
    return (ESCAPING if escape else LITERAL).from_string(source)
