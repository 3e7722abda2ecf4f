"""Which people of everyone, in which order: the filter that the list, its counts and changes to many people share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.models import Affiliation, ConsentState, Contact, ContactPoint, ContactTag, RoleAssignment
from contacts.models.contacts import NEVER
from contacts.queries.granted import granted
from ecosystem.base.access import Action
from ecosystem.base.addresses import fold
from ecosystem.models import LADDER, SIDE_KINDS

MOST_COUNTED = 10_000
NOBODY = "nobody"
# Each order ends in the id, and an index gives it forwards and backwards.
ORDERS = {
    "newest": ("-id",),
    "oldest": ("id",),
    "name": ("sort_name", "id"),
    "name_back": ("-sort_name", "-id"),
    "recent": ("-touched_at", "-id"),
    "quiet": ("touched_at", "id"),
}
BY_ID = ("newest", "oldest")
BY_NAME = ("name", "name_back")
BY_TOUCH = ("recent", "quiet")
# Days since something last happened between us: at most so many, more than so many.
WITHIN = {"week": 7, "month": 30, "quarter": 91, "year": 365}
NOT_FOR = {f"not_{name}": days for name, days in WITHIN.items()}
TOUCHES = (*WITHIN, *NOT_FOR, "never")


@dataclass(frozen=True)
class PeopleFilter:
    """What people must be to stand in the list; what is empty asks for nothing. `sort` is a key of ORDERS.

    `owner` is the id of who looks after them, or `nobody`; `touched` one of TOUCHES.
    """

    kind: str = ""
    stage: str = ""
    tag_id: UUID | None = None
    channel: str = ""
    topic_id: UUID | None = None
    owner: str = ""
    touched: str = ""
    source: str = ""
    organization_id: UUID | None = None
    begins: str = ""
    sort: str = "newest"

    @property
    def order(self) -> str:
        """The order that is shown. Names by their beginning come in the order of names, times in that of times,
        since an index gives them so."""
        if self.begins and self.sort not in BY_NAME:
            return "name"
        if self.touched and not self.begins and self.sort not in BY_TOUCH:
            return "recent" if self.touched in WITHIN else "quiet"
        return self.sort

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return replace(self, sort="newest") != PeopleFilter()

    def as_json(self) -> dict[str, str]:
        """What is asked for, to be kept; empty wishes are left out."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in kept.items() if value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PeopleFilter":
        """A filter as it was kept."""
        ids = {name: UUID(kept[name]) for name in ("tag_id", "topic_id", "organization_id") if kept.get(name)}
        return cls(**{**kept, **dict.fromkeys(("tag_id", "topic_id", "organization_id"), None), **ids})


def matching(wanted: PeopleFilter, *, now: datetime) -> QuerySet[Contact]:
    """The live people whom a filter lets through."""
    return narrowed(wanted, now).filter(*map(is_of, said_of(wanted, now).values()))


def narrowed(wanted: PeopleFilter, now: datetime) -> QuerySet[Contact]:
    """The live people who pass what a filter asks of their own record; for what is said of them see `said_of`."""
    people = Contact.objects.filter(deleted_at=None)
    for stage in {wanted.stage, wanted.kind} & {str(rung) for rung in LADDER}:
        people = people.filter(stage=stage)
    if wanted.topic_id:
        # Who asked for a rest said yes all the same: what is begun for them waits until then.
        people = people.filter(do_not_contact=False)
    if wanted.owner:
        people = people.filter(owner_id=None if wanted.owner == NOBODY else UUID(wanted.owner))
    if wanted.source:
        people = people.filter(source=wanted.source)
    if wanted.touched:
        people = people.filter(_touched(wanted.touched, now))
    if wanted.begins and "@" not in wanted.begins:
        people = people.filter(**beginning("sort_name", wanted.begins))
    return people


def beginning(column: str, begins: str) -> dict[str, str]:
    """The conditions that a name in a column begins so, for a range of its index."""
    first = fold(begins)
    return {f"{column}__gte": first, f"{column}__lt": first + "\U0010ffff"}


def said_of(wanted: PeopleFilter, now: datetime) -> dict[str, QuerySet[Any]]:
    """The rows beside people, each with its `contact`, that say what a filter asks, by the relation they stand in."""
    said: dict[str, QuerySet[Any]] = {}
    if wanted.organization_id:
        said["affiliations"] = Affiliation.objects.filter(organization_id=wanted.organization_id, ended_on=None)
    if wanted.tag_id:
        said["contact_tags"] = ContactTag.objects.filter(tag_id=wanted.tag_id)
    if wanted.kind in SIDE_KINDS:
        said["roles"] = open_roles().filter(kind=wanted.kind)
    if wanted.topic_id:
        yes = {"topic_id": wanted.topic_id, "channel": wanted.channel}
        said["consent_states"] = ConsentState.objects.filter(granted(now), **yes)
    if "@" in wanted.begins:
        email = {"kind": ContactPoint.Kind.EMAIL, "value_norm": wanted.begins.strip().lower()}
        said["points"] = ContactPoint.objects.filter(**email)
    return said


def is_of(theirs: QuerySet[Any]) -> Exists:
    """That one of these rows is of the person who is asked for."""
    return Exists(theirs.filter(contact=OuterRef("pk")))


def count_matching(wanted: PeopleFilter, *, now: datetime) -> tuple[int, bool]:
    """How many people a filter lets through, counted up to 10,000; True beside it where there are more."""
    found = matching(wanted, now=now).order_by()[: MOST_COUNTED + 1].count()
    return min(found, MOST_COUNTED), found > MOST_COUNTED


def asks_by(wanted: PeopleFilter) -> Iterator[tuple[str, Action]]:
    """What a filter asks by that not every member may see, with the right that it takes.

    Whoever may not see a thing may not ask by it either: it would tell them one yes or no after the other.
    """
    if wanted.topic_id:
        yield "said", Action.SEE_PERMISSIONS
    if "@" in wanted.begins:
        yield "begins", Action.SEE_ADDRESSES
    if wanted.owner:
        yield "owner", Action.SEE_TEAM


def open_roles() -> QuerySet[RoleAssignment]:
    """What people are beside the ladder today."""
    return RoleAssignment.objects.filter(ended_at=None)


def _touched(touched: str, now: datetime) -> Q:
    if touched == "never":
        return Q(touched_at=NEVER)
    if touched in WITHIN:
        return Q(touched_at__gte=now - timedelta(days=WITHIN[touched]))
    # Those with whom nothing ever happened are asked for by `never`.
    return Q(touched_at__gt=NEVER, touched_at__lt=now - timedelta(days=NOT_FOR[touched]))
