"""Merge tags: the names a letter may use, and what is printed when one is not known.

A tag is written `{{ contact.first_name }}` or `{{ contact.first_name | default: "friend" }}`. A tag without a default
of its own prints the field's fallback, so a greeting never becomes "Hello ,". Where no fallback would read well the
writer must give one.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecosystem.base.errors import Invalid

TAG = re.compile(r"\{\{-?(?P<output>.*?)-?\}\}|\{%-?(?P<logic>.*?)-?%\}", re.DOTALL)
PLAIN = re.compile(
    r"""\s*(?P<name>[a-z_]+(?:\.[a-z_]+)?)\s*(?:\|\s*default\s*:\s*(?P<default>"[^"]*"|'[^']*')\s*)?""", re.ASCII
)
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, slots=True)
class MergeField:
    """One name a letter may use. `fallback` is printed when the value is missing; None: the writer must say what."""

    name: str
    label: str | Promise
    fallback: str | Promise | None = None
    sample: str | Promise = ""
    of_person: bool = True

    @property
    def chip(self) -> str:
        """What the editor inserts."""
        default = ' | default: "..."' if self.fallback is None else ""
        return "{{ " + self.name + default + " }}"


MERGE_FIELDS: Mapping[str, MergeField] = {
    field.name: field
    for field in (
        MergeField("contact.first_name", gettext_lazy("First name"), gettext_lazy("there"), "Ana"),
        MergeField("contact.full_name", gettext_lazy("Full name"), gettext_lazy("there"), "Ana Lima"),
        MergeField("contact.last_name", gettext_lazy("Last name"), None, "Lima"),
        MergeField("business.name", gettext_lazy("Your business"), "", "Oat & Ember", of_person=False),
        MergeField("business.town", gettext_lazy("Your town"), None, "Marlow Bend", of_person=False),
        MergeField("business.core_message", gettext_lazy("Your core message"), None, of_person=False),
        MergeField("sender.name", gettext_lazy("Who signs"), "", "Nora", of_person=False),
    )
}
# Fields of the letters we write ourselves (confirmation, receipt).
SYSTEM_FIELDS: Mapping[str, MergeField] = {
    field.name: field
    for field in (
        MergeField("action.url", "", ""),
        MergeField("promise_no_abuse", "", ""),
        MergeField("promise_how_often", "", ""),
        MergeField("promise_how_to_leave", "", ""),
        MergeField("topic.name", "", "", of_person=False),
        MergeField("topic.promise", "", "", of_person=False),
    )
}
SHORT_NAMES = {name.partition(".")[2]: name for name in MERGE_FIELDS if name.startswith("contact.")}
SHORT_NAMES["name"] = "contact.full_name"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it stands in a text. A plain one has a field; anything else is Liquid to be worked out per message."""

    source: str
    field: MergeField | None = None
    default: str = ""

    @property
    def is_logic(self) -> bool:
        return self.source.startswith("{%")


def find_field(name: str, *, is_system: bool = False) -> MergeField | None:
    """The field of that name; `first_name` alone means `contact.first_name`."""
    full = SHORT_NAMES.get(name, name)
    return MERGE_FIELDS.get(full) or (SYSTEM_FIELDS.get(full) if is_system else None)


def get_field(name: str, *, place: str, is_system: bool = False) -> MergeField:
    """The field of that name; Invalid with the nearest known name when there is none."""
    field = find_field(name, is_system=is_system)
    if field:
        return field
    near = difflib.get_close_matches(name, [*MERGE_FIELDS, *SHORT_NAMES], n=1, cutoff=0.5)
    guess = SHORT_NAMES.get(near[0], near[0]) if near else next(iter(MERGE_FIELDS))
    sentence = _("We do not know {{ %(name)s }}. Did you mean {{ %(guess)s }}?") % {"name": name[:60], "guess": guess}
    raise Invalid("unknown_merge_tag", sentence, field=place)


def split_tags(text: str, *, place: str, is_system: bool = False) -> Iterator[str | Tag]:
    """The text cut at its tags, each tag checked. Invalid when one is left open, unknown, or lacks a needed default."""
    end = 0
    for match in TAG.finditer(text):
        yield _without_braces(text[end : match.start()], place)
        yield _read_tag(match, place=place, is_system=is_system)
        end = match.end()
    yield _without_braces(text[end:], place)


def needs_default(field: MergeField, place: str) -> Invalid:
    """The sentence for a field that reads badly when nothing is known."""
    sentence = _('Say what to print when it is not known: {{ %(name)s | default: "friend" }}.') % {"name": field.name}
    return Invalid("merge_tag_needs_default", sentence, field=place)


def _read_tag(match: "re.Match[str]", *, place: str, is_system: bool) -> Tag:
    source, output = match.group(), match["output"]
    plain = PLAIN.fullmatch(output) if output is not None and not source.startswith("{{-") else None
    if plain is None or source.endswith("-}}"):
        return Tag(source)
    field = get_field(plain["name"], place=place, is_system=is_system)
    if plain["default"] is not None:
        return Tag(source, field, plain["default"][1:-1])
    if field.fallback is None:
        raise needs_default(field, place)
    return Tag(source, field, str(field.fallback))


def _without_braces(text: str, place: str) -> str:
    for brace in ("{{", "{%", "}}", "%}"):
        if brace in text:
            sentence = _("A merge tag is open: %(brace)s stands alone. Write tags like {{ contact.first_name }}.")
            raise Invalid("open_merge_tag", sentence % {"brace": brace}, field=place)
    return text
