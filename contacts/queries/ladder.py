"""The ladder: who stands where, who rose, and since when a person has stood on each rung."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, NextStep, StageChange
from contacts.queries.contacts import PeoplePage, Person, as_people, with_facts
from contacts.queries.health import risen_since
from contacts.queries.kinds import height, rungs_in_use
from contacts.queries.people_filter import PeopleFilter, matching
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import cursor_after, keyset_page
from ecosystem.days import business_day, first_midnight
from ecosystem.models import LADDER
from ecosystem.queries.stakeholders import KindWords
from ecosystem.queries.tallies import tallies

LANE_LENGTH = 20
LANE_ORDER = ("-stage_since", "-id")
RISEN_DAYS = 30
WEEK_DAYS = 7
MOST_RISEN = 5
# What a person's ladder is drawn from.
MOST_MOVES = 100


@dataclass(frozen=True)
class Card:
    """A person on the board, with how long nothing good has reached them, and what is to be done next."""

    person: Person
    hunger: str
    days_unfed: int
    next_what: str
    next_on: date | None


@dataclass(frozen=True)
class BoardFilter:
    """Whom the board shows; what is empty asks for nothing. `owner` is an id of a membership, or `nobody`."""

    owner: str = ""
    tag_id: UUID | None = None
    has_step: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return self != BoardFilter()


EVERYBODY = BoardFilter()


@dataclass(frozen=True)
class Lane:
    """One rung: who stands on it (the newest twenty), how many in all, how many rose from it lately.

    `count` is None where the board is narrowed and more than these fit: nobody has counted them.
    """

    words: KindWords
    cards: list[Card]
    count: int | None
    risen: int
    is_top: bool
    next_cursor: str | None

    @property
    def left(self) -> int:
        return max(self.count - len(self.cards), 0) if self.count is not None else 0


@dataclass(frozen=True)
class Rise:
    """Somebody went up this week, and why, where that was said."""

    contact: Contact
    from_stage: str
    to_stage: str
    occurred_at: datetime
    reason: str


@dataclass(frozen=True)
class Move:
    """What a person's ladder needs of one of their moves."""

    id: UUID
    to_stage: str
    undoes_id: UUID | None
    occurred_at: datetime


@dataclass(frozen=True)
class Rung:
    """A rung of one person's ladder: whether they have come so far, and since when they stand or stood there."""

    words: KindWords
    is_reached: bool
    is_here: bool
    since: datetime | None


def board(words: Mapping[str, KindWords], wanted: BoardFilter = EVERYBODY, *, now: datetime) -> list[Lane]:
    """Every lane with its first twenty cards who pass a filter, in three statements."""
    rungs = rungs_in_use(words)
    counts = tallies(["people_by_stage"])
    risen = _risen(now)
    parts = [_lane(rung.kind, wanted, now).order_by(*LANE_ORDER)[: LANE_LENGTH + 1] for rung in rungs]
    found: list[Contact] = list(parts[0].union(*parts[1:], all=True)) if parts else []
    lanes = []
    for rung in rungs:
        here = [contact for contact in found if contact.stage == rung.kind]
        here.sort(key=lambda contact: (contact.stage_since, contact.pk), reverse=True)
        shown = here[:LANE_LENGTH]
        count: int | None = counts.get(("people_by_stage", rung.kind), 0)
        if wanted.is_narrow:
            count = None if len(here) > LANE_LENGTH else len(here)
        lanes.append(
            Lane(
                words=rung,
                cards=_cards(as_people(shown, now=now), rung, now),
                count=count,
                risen=risen.get(rung.kind, 0),
                is_top=rung is rungs[-1],
                next_cursor=cursor_after(shown[-1], LANE_ORDER) if len(here) > LANE_LENGTH else None,
            )
        )
    return lanes


def lane_page(
    rung: KindWords, wanted: BoardFilter = EVERYBODY, *, cursor: str | None, now: datetime
) -> tuple[list[Card], PeoplePage]:
    """The next twenty cards of one lane."""
    page = keyset_page(_lane(rung.kind, wanted, now), order=LANE_ORDER, cursor=cursor, limit=LANE_LENGTH)
    people = PeoplePage(as_people(page.items, now=now), page.next_cursor, page.previous_cursor)
    return _cards(people.people, rung, now), people


def rose_this_week(*, now: datetime) -> list[Rise]:
    """The last few people who went up in seven days and were not taken back, newest first, each with the reason; one
    line a person.
    """
    moves = StageChange.objects.filter(occurred_at__gte=_first_of(WEEK_DAYS, now)).exclude(from_stage="")
    taken_back = moves.filter(contact=OuterRef("contact"), undoes_id=OuterRef("pk"))
    steps = [Q(from_stage=stage, to_stage__in=LADDER[height(stage) + 1 :]) for stage in LADDER[:-1]]
    up = moves.filter(reduce(or_, steps), ~Exists(taken_back), undoes_id=None, contact__deleted_at=None)
    seen: set[UUID] = set()
    risen = []
    # More than are shown, since one person may have risen several times.
    for move in up.select_related("contact").order_by("-occurred_at")[:50]:
        if move.contact_id in seen:
            continue
        seen.add(move.contact_id)
        risen.append(Rise(move.contact, move.from_stage, move.to_stage, move.occurred_at, move.reason))
    return risen[:MOST_RISEN]


def rungs_of(contact: Contact, words: Mapping[str, KindWords]) -> list[Rung]:
    """The ladder of one person: where they stand, and since when they stood on what lies below. One statement."""
    changes = StageChange.objects.filter(contact=contact).order_by("-id")[:MOST_MOVES]
    return rungs_from(contact, [Move(c.pk, c.to_stage, c.undoes_id, c.occurred_at) for c in changes], words)


def rungs_from(contact: Contact, moves: Sequence[Move], words: Mapping[str, KindWords]) -> list[Rung]:
    """The same from the moves of a person, the newest first."""
    undone = {move.undoes_id for move in moves if move.undoes_id}
    since: dict[str, datetime] = {}
    for move in reversed(moves):
        if move.undoes_id is None and move.id not in undone:
            since[move.to_stage] = move.occurred_at
    place = height(contact.stage) if contact.stage else -1
    rungs = rungs_in_use(words)
    if contact.stage and contact.stage not in {rung.kind for rung in rungs}:
        rungs = sorted([*rungs, words[contact.stage]], key=lambda rung: height(rung.kind))
    return [
        Rung(
            words=rung,
            is_reached=height(rung.kind) <= place,
            is_here=rung.kind == contact.stage,
            since=contact.stage_since if rung.kind == contact.stage else _below(since, rung, place),
        )
        for rung in rungs
    ]


def get_stage_change(contact: Contact, change_id: UUID) -> StageChange:
    """A move of this person; NotFound for every other id."""
    found = StageChange.objects.select_related("contact").filter(pk=change_id, contact=contact).first()
    if found is None:
        raise NotFound("stage_change_not_found", _("There is no such move."))
    return found


def _below(since: Mapping[str, datetime], rung: KindWords, place: int) -> datetime | None:
    return since.get(rung.kind) if height(rung.kind) < place else None


def _lane(stage: str, wanted: BoardFilter, now: datetime) -> QuerySet[Contact]:
    asked = PeopleFilter(stage=stage, owner=wanted.owner, tag_id=wanted.tag_id)
    people = with_facts(matching(asked, now=now), now=now)
    steps = NextStep.objects.filter(contact=OuterRef("pk"), closed_at=None)
    if wanted.has_step:
        people = people.filter(Exists(steps))
    return people.annotate(next_what=Subquery(steps.values("what")[:1]), next_on=Subquery(steps.values("due_on")[:1]))


def _cards(people: Sequence[Person], rung: KindWords, now: datetime) -> list[Card]:
    return [_card(person, rung.cadence_days, now) for person in people]


def _card(person: Person, cadence_days: int, now: datetime) -> Card:
    """Hunger is the days since the last feeding over the rung's cadence: from 1 hungry, from 2 starving."""
    days = (now - person.contact.fed_at) / timedelta(days=1)
    hunger = days / cadence_days
    word = "fed" if hunger < 1 else "hungry" if hunger < 2 else "starving"
    facts = vars(person.contact)
    return Card(
        person=person,
        hunger=word,
        days_unfed=int(days),
        next_what=facts["next_what"] or "",
        next_on=facts["next_on"],
    )


def _risen(now: datetime) -> dict[str, int]:
    """How many rose from each rung in the last thirty days, as Today counts them: two pages never disagree."""
    return risen_since(_first_of(RISEN_DAYS, now))


def _first_of(days: int, now: datetime) -> datetime:
    """When the period of so many days of the business began that today ends."""
    day = business_day(now, timezone.get_current_timezone_name())
    return first_midnight(day.midnight, days)
