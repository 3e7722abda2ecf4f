"""How each kind of Interaction is told: its icon and its sentence. Higher floors add the kinds that they write."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import Model, OuterRef, Subquery, TextChoices
from django.db.models.functions import JSONObject
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Interaction
from ecosystem.base.access import Action
from ecosystem.base.registry import Registry
from ecosystem.queries.stakeholders import KindWords

Words = str | Promise
Fact = Mapping[str, Any] | None


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


def about(model: type[Model], **names: Any) -> Subquery:
    """What a line tells of: some columns of the row that it names, under names of ours."""
    rows = model._default_manager.filter(pk=OuterRef("object_id"))
    return Subquery(rows.values(fact=JSONObject(**names))[:1])


@dataclass(frozen=True)
class TimelineKind:
    """A kind of line: what lists call it, its icon, and how it is told.

    `fact` is what PostgreSQL reads beside a line of this kind, of the row that it tells of (`about`); so a page of a
    hundred kinds is still one statement. `tell` makes the sentence from the line, its scene and that fact (None: there
    is none). `shelf` is the filter under which it is found, `takes` the right without which there is no such line.
    """

    label: Words
    icon: str
    tell: Callable[[Interaction, Scene, Fact], Telling]
    fact: Callable[[], Subquery] | None = None
    shelf: Shelf = Shelf.CHANGES
    takes: Action | None = None


@dataclass(frozen=True)
class Question:
    """What is asked before something is done, and what it means to say yes."""

    title: Words
    text: Words


@dataclass(frozen=True)
class TroubleAction:
    """What can be done about it: a button, for those who may; its address takes the person's id and `object_id`.

    `asks` stands between the button and the deed, where the deed may harm.
    """

    label: Words
    url_name: str
    object_id: UUID
    takes: Action
    asks: Question | None = None


@dataclass(frozen=True)
class Trouble:
    """Something that did not come about: told among the lines at its time, though nothing happened between us."""

    icon: str
    telling: Telling
    occurred_at: datetime
    action: TroubleAction | None = None


class ReadTroubles(Protocol):
    """What did not come about with a person after one moment and up to another (None: no bound), the newest few."""

    def __call__(
        self, contact: Contact, *, since: datetime | None, until: datetime | None, now: datetime
    ) -> Iterable[Trouble]: ...


TIMELINE_KINDS: Registry[TimelineKind] = Registry("timeline kinds")
TIMELINE_TROUBLES: Registry[ReadTroubles] = Registry("timeline troubles")
