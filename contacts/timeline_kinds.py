"""How each kind of Interaction is told: its icon and its sentence. Higher floors add the kinds that they write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Interaction
from ecosystem.base.registry import Registry
from ecosystem.queries.stakeholders import KindWords

Words = str | Promise


@dataclass(frozen=True)
class Scene:
    """What every sentence may need: whose timeline it is, who of the team did it (empty: nobody), what kinds are
    called here."""

    contact: Contact
    who: str
    words: Mapping[str, KindWords]

    def label(self, kind: str) -> str:
        """What one of a kind is called by this business."""
        return self.words[kind].label if kind in self.words else kind


@dataclass(frozen=True)
class Telling:
    """One line as it is told: a short sentence with one verb, perhaps what was said, perhaps a word more.

    `kind` colours the disc (a stakeholder kind, or empty).
    """

    title: Words
    said: str = ""
    text: Words = ""
    kind: str = ""


class Shelf(TextChoices):
    """What a reader of a timeline may want to see alone."""

    TALKS = "talks", _("Talks")
    MESSAGES = "messages", _("Messages")
    NOTES = "notes", _("Notes")
    PURCHASES = "purchases", _("Purchases")
    CHANGES = "changes", _("Changes")


@dataclass(frozen=True)
class TimelineKind:
    """A kind of line: what lists call it, its icon, and how it is told.

    `load` fetches what the lines of this kind on one page tell of, by interaction id, in a fixed number of
    statements; `tell` makes the sentence from the line, its scene and what was loaded for it (None: nothing).
    `shelf` is the filter under which it is found.
    """

    label: Words
    icon: str
    tell: Callable[[Interaction, Scene, Any], Telling]
    load: Callable[[Sequence[Interaction]], Mapping[UUID, Any]] | None = None
    shelf: Shelf = Shelf.CHANGES


TIMELINE_KINDS: Registry[TimelineKind] = Registry("timeline kinds")
