"""The list of everyone as its page shows it: tabs with counts, chips, lines."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contacts.queries.contacts import PeoplePage, people_page
from contacts.queries.kinds import rungs_in_use, side_kinds_in_use
from contacts.queries.people_filter import PeopleFilter, count_matching
from ecosystem.models import LADDER, Kind
from ecosystem.queries.stakeholders import KindWords
from ecosystem.queries.tallies import tallies

COUNTS = ("people", "people_by_stage", "people_by_role", "people_by_tag", "people_granted")


@dataclass(frozen=True)
class KindTab:
    """A kind above the list, with how many of it there are."""

    words: KindWords
    count: int


@dataclass(frozen=True)
class PeopleList:
    """A page of people and what stands around it. `matching` is None where nobody has counted (see `count_it`).

    `yeses` says how many said yes, by `channel:topic`.
    """

    page: PeoplePage
    tabs: list[KindTab]
    everyone: int
    team_only: bool
    yeses: Mapping[str, int]
    matching: int | None
    counts: Mapping[tuple[str, str], int]
    is_more: bool = False

    def kept_count(self, wanted: PeopleFilter) -> int | None:
        """How many people pass another filter, where a count of them is kept."""
        return _matching(self.counts, wanted, self.everyone)


def people_list(
    wanted: PeopleFilter, words: Mapping[str, KindWords], *, cursor: str | None, now: datetime, count_it: bool = False
) -> PeopleList:
    """Everyone who passes a filter, in two statements; a third one, capped, counts where no count is kept."""
    counts = tallies(COUNTS)
    tabs = [KindTab(kind, count_of(counts, kind.kind)) for kind in (*rungs_in_use(words), *side_kinds_in_use(words))]
    everyone = counts.get(("people", ""), 0)
    matching, is_more = _matching(counts, wanted, everyone), False
    if matching is None and count_it:
        matching, is_more = count_matching(wanted, now=now)
    return PeopleList(
        page=people_page(wanted, cursor=cursor, now=now),
        tabs=tabs,
        everyone=everyone,
        team_only=everyone <= count_of(counts, Kind.ASSOCIATE),
        yeses={key: count for (name, key), count in counts.items() if name == "people_granted"},
        matching=matching,
        counts=counts,
        is_more=is_more,
    )


def count_of(counts: Mapping[tuple[str, str], int], kind: str) -> int:
    """How many people of a kind there are, on the ladder or beside it."""
    return counts.get(("people_by_stage" if kind in LADDER else "people_by_role", str(kind)), 0)


def known_count(wanted: PeopleFilter) -> int | None:
    """How many people pass a filter, where a count of them is kept."""
    counts = tallies(COUNTS)
    return _matching(counts, wanted, counts.get(("people", ""), 0))


def _matching(counts: Mapping[tuple[str, str], int], wanted: PeopleFilter, everyone: int) -> int | None:
    """The kept count that answers a filter, or None where none does."""
    asked = replace(wanted, sort="newest")
    if asked == PeopleFilter():
        return everyone
    if asked in (PeopleFilter(kind=wanted.kind), PeopleFilter(stage=wanted.stage)):
        return count_of(counts, wanted.kind or wanted.stage)
    if asked == PeopleFilter(tag_id=wanted.tag_id):
        return counts.get(("people_by_tag", str(wanted.tag_id)), 0)
    return None
