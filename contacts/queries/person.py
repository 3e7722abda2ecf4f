"""Everything that stands on one person's page beside the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from contacts.models import (
    Affiliation,
    Contact,
    ContactPoint,
    ContactStats,
    ContactTag,
    Interaction,
    NextStep,
    RoleAssignment,
    StageChange,
)
from contacts.queries.kinds import next_rung, rungs_in_use, side_kinds_in_use
from contacts.queries.ladder import MOST_MOVES, Move, Rung, rungs_from
from contacts.queries.next_steps import StepToDo
from ecosystem.base.errors import NotFound
from ecosystem.queries.stakeholders import KindWords

# As many of each as a page can bear.
MOST = 100
# A person and one of the team heard each other.
CONVERSATIONS = ("call", "visit", "meeting", "thanks", "introduction", "reply_from_us")


@dataclass(frozen=True)
class HeldRole:
    """What somebody is beside the ladder, since when, and for which organization."""

    id: UUID
    kind: str
    started_at: datetime
    organization: str


@dataclass(frozen=True)
class WornTag:
    """A word on a person."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Place:
    """Where somebody belongs, and as what."""

    id: UUID
    title: str
    organization_id: UUID
    organization: str


@dataclass(frozen=True)
class Point:
    """Where somebody can be reached, as typed and as compared."""

    kind: str
    value: str
    value_norm: str

    @property
    def label(self) -> str:
        """What such an address is called."""
        return str(ContactPoint.Kind(self.kind).label)


@dataclass(frozen=True)
class LastTalk:
    """When somebody of the team last talked with a person, and how."""

    kind: str
    occurred_at: datetime


@dataclass(frozen=True)
class PersonFacts:
    """A person with kinds, rungs, roles, tags, places, addresses, what is to be done next, and what came of it all."""

    contact: Contact
    kinds: list[str]
    rungs: list[Rung]
    next_rung: KindWords | None
    other_rungs: list[KindWords]
    roles: list[HeldRole]
    open_sides: list[KindWords]
    tags: list[WornTag]
    places: list[Place]
    points: list[Point]
    next_step: StepToDo | None
    touches: int
    last_talk: LastTalk | None

    @property
    def rung_kinds(self) -> list[str]:
        """The kinds of the rungs, from the lowest."""
        return [rung.words.kind.value for rung in self.rungs]


def person_facts(contact: Contact, words: Mapping[str, KindWords], *, today: date) -> PersonFacts:
    """What a person's page tells, in one statement."""
    found = _found(contact)
    roles = [_role(one) for one in found["its_roles"]]
    held = [role.kind for role in roles]
    return PersonFacts(
        contact=contact,
        kinds=list(dict.fromkeys(([contact.stage] if contact.stage else []) + held)),
        rungs=rungs_from(contact, [_move(one) for one in found["its_moves"]], words),
        next_rung=next_rung(words, contact.stage),
        other_rungs=[rung for rung in rungs_in_use(words) if rung.kind != contact.stage],
        roles=roles,
        open_sides=[side for side in side_kinds_in_use(words) if side.kind not in held],
        tags=[WornTag(UUID(one["id"]), one["name"]) for one in found["its_tags"]],
        places=[_place(one) for one in found["its_places"]],
        points=[Point(**one) for one in found["its_points"]],
        next_step=_step(found["its_steps"][0], contact, today) if found["its_steps"] else None,
        touches=found["its_stats"][0] if found["its_stats"] else 0,
        last_talk=_talk(found["its_talks"][0]) if found["its_talks"] else None,
    )


def get_role(contact: Contact, role_id: UUID) -> RoleAssignment:
    """A role of this person; NotFound for every other id."""
    found = RoleAssignment.objects.filter(pk=role_id, contact=contact).first()
    if found is None:
        raise NotFound("role_not_found", _("There is no such entry."))
    return found


def get_role_to_end(contact_id: UUID, role_id: UUID) -> RoleAssignment:
    """A role of a person who is there, or that an organization has by somebody who is gone; NotFound for others.

    What a firm is to the business can so be ended, whatever became of its main contact.
    """
    there = Q(contact__deleted_at=None) | Q(organization__deleted_at=None, organization__isnull=False)
    found = RoleAssignment.objects.select_related("contact").filter(there, pk=role_id, contact_id=contact_id).first()
    if found is None:
        raise NotFound("role_not_found", _("There is no such entry."))
    return found


def roles_of(contact: Contact) -> QuerySet[RoleAssignment]:
    """What a person is and was beside the ladder."""
    return RoleAssignment.objects.filter(contact=contact)


def _found(contact: Contact) -> dict[str, Any]:
    """The rows around a person, gathered by their row."""
    roles = RoleAssignment.objects.filter(contact=OuterRef("pk"), ended_at=None).order_by("kind")
    moves = StageChange.objects.filter(contact=OuterRef("pk")).order_by("-id")
    tags = ContactTag.objects.filter(contact=OuterRef("pk")).order_by("tag__name_norm")
    places = Affiliation.objects.filter(contact=OuterRef("pk"), ended_on=None, organization__deleted_at=None)
    points = ContactPoint.objects.filter(contact=OuterRef("pk")).order_by("kind", "-is_primary", "id")
    steps = NextStep.objects.filter(contact=OuterRef("pk"), closed_at=None)
    stats = ContactStats.objects.filter(contact=OuterRef("pk")).values("interactions_count")
    talks = Interaction.objects.filter(contact=OuterRef("pk"), kind__in=CONVERSATIONS).order_by("-occurred_at", "-id")
    found = Contact.objects.filter(pk=contact.pk).values(
        its_roles=_each(roles, id="id", kind="kind", started_at="started_at", organization="organization__name"),
        its_moves=_each(moves, MOST_MOVES, id="id", to="to_stage", undoes="undoes_id", at="occurred_at"),
        its_tags=_each(tags, id="tag_id", name="tag__name"),
        its_places=_each(
            places.order_by("id"),
            id="id",
            title="title",
            organization_id="organization_id",
            organization="organization__name",
        ),
        its_points=_each(points, kind="kind", value="value", value_norm="value_norm"),
        its_steps=_each(
            steps,
            id="id",
            what="what",
            due_on="due_on",
            version="version",
            assignee_id="assignee_id",
            name="assignee__user__name",
            email="assignee__user__email",
        ),
        its_stats=ArraySubquery(stats),
        its_talks=_each(talks, 1, kind="kind", at="occurred_at"),
    )
    return dict(found.get())


def _each(rows: QuerySet[Any], most: int = MOST, **names: str) -> ArraySubquery:
    return ArraySubquery(rows.values(row=JSONObject(**names))[:most])


def _role(one: dict[str, Any]) -> HeldRole:
    started = datetime.fromisoformat(one["started_at"])
    return HeldRole(UUID(one["id"]), one["kind"], started, one["organization"] or "")


def _move(one: dict[str, Any]) -> Move:
    undoes = UUID(one["undoes"]) if one["undoes"] else None
    return Move(UUID(one["id"]), one["to"], undoes, datetime.fromisoformat(one["at"]))


def _place(one: dict[str, Any]) -> Place:
    return Place(UUID(one["id"]), one["title"], UUID(one["organization_id"]), one["organization"])


def _talk(one: dict[str, Any]) -> LastTalk:
    return LastTalk(one["kind"], datetime.fromisoformat(one["at"]))


def _step(one: dict[str, Any], contact: Contact, today: date) -> StepToDo:
    due_on = date.fromisoformat(one["due_on"])
    return StepToDo(
        id=UUID(one["id"]),
        contact_id=contact.pk,
        name=contact.display_name,
        what=one["what"],
        due_on=due_on,
        who=one["name"] or one["email"] or "",
        assignee_id=UUID(one["assignee_id"]) if one["assignee_id"] else None,
        version=one["version"],
        days_late=(today - due_on).days,
    )
