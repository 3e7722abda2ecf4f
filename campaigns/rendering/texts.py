"""Texts: the same merge tags as letters, plain words, the business's name in each, and the lines that the law wants."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.rendering.letters import LONE_TAGS
from campaigns.rendering.lint import Finding
from campaigns.rendering.liquid import check_liquid, finish_output, nested, render_liquid
from campaigns.rendering.merge_tags import Tag, split_tags
from campaigns.rendering.plan import CONSTANT, FIELD, LIQUID, Parts, Slot, join_parts
from campaigns.rendering.sanitising import clean_text, clean_value
from ecosystem.base.errors import Invalid

LONGEST = 1_000
PLACE = "text_body"
CONFIRM, WELCOME, STOPPED, STARTED, HELP = "text_confirm", "text_welcome", "text_stopped", "text_started", "text_help"
# Those of the house's own texts that tell what texts cost and how to stop.
SAY_TERMS = frozenset({CONFIRM, WELCOME, STARTED})


@dataclass(frozen=True, slots=True)
class TextVoice:
    """Who speaks in a business's texts: its name there, the promise of the topic, where help is, and the language."""

    brand: str
    promise: str = ""
    help_line: str = ""
    language: str = "en"


@lru_cache(maxsize=512)
def compile_text(text: str, language: str = "en") -> Parts:
    """A text cut at its merge tags. Invalid, with a sentence, for anything that cannot be sent."""
    with translation.override(language):
        words = clean_text(text, longest=LONGEST, place=PLACE).strip()
        if not words:
            raise Invalid("text_missing", _("Write something: the text is still empty."), field=PLACE)
        pieces = list(split_tags(words, place=PLACE))
        if any(isinstance(piece, Tag) and piece.field is None for piece in pieces):
            check_liquid(words, place=PLACE)
            return (Slot(LIQUID, LONE_TAGS.sub(r"\1", "".join(_as_liquid(piece) for piece in pieces))),)
    return join_parts(_part(piece) for piece in pieces)


def print_text(parts: Parts, constants: Mapping[str, str], merge: Mapping[str, str]) -> str:
    """One person's words, without what is added before and behind. Raises RenderTooLarge."""
    values = {**constants, **{name: clean_value(value) for name, value in merge.items() if value}}
    return "".join(
        part
        if not isinstance(part, Slot)
        else render_liquid(part.name, nested(values), escape=False)
        if part.kind == LIQUID
        else values.get(part.name) or part.fallback
        for part in parts
    ).strip()


def finish_text(words: str, voice: TextVoice, *, is_first: bool = False, is_due_reminder: bool = False) -> str:
    """The words with the business's name in them.

    The first text about a topic also says how often texts come, what they cost and how to stop; the first of each month
    says how to stop.
    """
    with translation.override(voice.language):
        named = words if _names(voice.brand, words) else f"{voice.brand}: {words}"
        if is_first:
            return f"{named} {_sentence(voice.promise)} {_terms()}".replace("  ", " ")
        return f"{named} {_('Reply STOP to end.')}" if is_due_reminder else named


def system_text(template: str, voice: TextVoice) -> str:
    """The texts that the house itself writes: no advertising, each whole in itself."""
    with translation.override(voice.language):
        brand, promise, help_line = voice.brand, _sentence(voice.promise), voice.help_line
        if template == CONFIRM:
            words = _("%(brand)s: Reply YES to get texts. %(promise)s") % {"brand": brand, "promise": promise}
            return f"{words} {_terms()}"
        if template == WELCOME:
            return f"{_('%(brand)s: Thank you, you are in.') % {'brand': brand}} {promise} {_terms()}"
        if template == STOPPED:
            words = _("%(brand)s: You are out and get no more texts. Reply START to come back.")
            return words % {"brand": brand}
        if template == STARTED:
            return f"{_('%(brand)s: Welcome back.') % {'brand': brand}} {promise} {_terms()}"
        if template == HELP:
            words = _("%(brand)s: Help: %(help)s. Msg & data rates may apply. Reply STOP to end.")
            return words % {"brand": brand, "help": help_line}
    raise KeyError(template)


def disclosure(voice: TextVoice, *, topic: str, terms_url: str, privacy_url: str) -> str:
    """What stands beside a box for texts and is kept with the yes (47 CFR 64.1200(f)(9); CTIA 5.1).

    The first line says yes to what; the rest is what the law wants said.
    """
    with translation.override(voice.language):
        head = _("Yes, text me: %(topic)s.") % {"topic": topic}
        words = _(
            "By ticking this box I agree to get recurring automated marketing messages from %(brand)s at the number I "
            "give. %(promise)s Msg & data rates may apply. Reply STOP to end, HELP for help. Consent is not a "
            "condition of purchase. Terms: %(terms)s Privacy: %(privacy)s"
        )
        promise = _sentence(voice.promise)
        given = {"brand": voice.brand, "promise": promise, "terms": terms_url, "privacy": privacy_url}
        return f"{head}\n{words % given}"


def lint_text(parts: Parts, constants: Mapping[str, str]) -> list[Finding]:
    """What is wrong with a compiled text for this sender."""
    own = {"business.name", "sender.name"}
    empty = {
        part.name
        for part in parts
        if isinstance(part, Slot) and part.kind == CONSTANT and not part.fallback and not constants.get(part.name)
    }
    sentence = _("{{ %(name)s }} is empty. Fill it in settings, or take it out of the text.")
    return [
        Finding("constant_empty", sentence % {"name": name}, is_blocking=True, field=PLACE)
        for name in sorted(empty - own)
    ]


def _names(brand: str, words: str) -> bool:
    """Whether the business is named: as words of its own, not inside another ("Oat" is not in "boat")."""
    return re.search(rf"(?<!\w){re.escape(brand.casefold())}(?!\w)", words.casefold()) is not None


def _terms() -> str:
    return _("Msg & data rates may apply. Reply HELP for help, STOP to end.")


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _as_liquid(piece: str | Tag) -> str:
    if isinstance(piece, str):
        return piece
    return piece.source if piece.is_logic else finish_output(piece.source.strip("{}-"), place=PLACE)


def _part(piece: str | Tag) -> str | Slot:
    if isinstance(piece, str):
        return piece
    assert piece.field is not None  # noqa: S101 - those without one were worked out above
    return Slot(FIELD if piece.field.of_person else CONSTANT, piece.field.name, piece.default)
