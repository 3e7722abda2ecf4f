"""Today: how every kind is doing, whom to feed first, who may be written to, and what is left to settle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ecosystem.checklist import CHECKLIST, SettlingFacts, SettlingStep
from ecosystem.gauges import SEASON_DAYS, WAITING, DueStep, GaugeQuestion, HungryPerson, KindCount, PermissionCounts
from ecosystem.health import (
    Band,
    Lost,
    Scored,
    band_of,
    effective_health,
    held_back_by,
    priority,
    whole_health,
)
from ecosystem.models import LADDER, BusinessProfile, Kind
from ecosystem.queries.health import MOST_COUNTED_NOW, Figures, figures, permission_counts, stored_permission
from ecosystem.queries.stakeholders import KindWords

# What Today looks back on, in days.
PERIODS = {"7": 7, "30": 30, "season": SEASON_DAYS}
DEFAULT_PERIOD = "30"
TO_FEED = 3
MOST_OF_A_KIND = 2
SPARK_WEEKS = 8
TREND_POINTS, TREND_PEOPLE = 5.0, 10


@dataclass(frozen=True)
class KindToday:
    """One kind as Today shows it."""

    words: KindWords
    count: KindCount
    score: float | None
    band: Band
    lost: Sequence[Lost]
    feedings: int
    weeks: Sequence[int]
    trend: str
    quiet_days: int | None

    @property
    def kind(self) -> str:
        return self.words.kind.value

    @property
    def going_without(self) -> int:
        """How many have waited for longer than the cadence."""
        return self.count.hungry + self.count.starving


@dataclass(frozen=True)
class Today:
    """Everything on the page."""

    kinds: Sequence[KindToday]
    whole: float | None
    held_back_by: KindWords | None
    feed_first: Sequence[HungryPerson]
    due: Sequence[DueStep]
    going_without: int
    permission: Sequence[PermissionCounts]
    steps: Sequence[SettlingStep]
    is_stored: bool
    as_of: datetime | None

    @property
    def is_new(self) -> bool:
        """True while nobody is there but the team."""
        others = (one.count.people for one in self.kinds if one.kind != Kind.ASSOCIATE)
        return not self.is_stored and not any(others)

    @property
    def worst_first(self) -> list[KindToday]:
        """Kinds with people, the lowest score first; kinds without anybody last."""
        return sorted(self.kinds, key=lambda one: (one.score is None, one.score or 0.0))

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)


def today(profile: BusinessProfile, words: Mapping[str, KindWords], question: GaugeQuestion) -> Today:
    """Read Today for the current business."""
    found = figures(question)
    scored = effective_health({kind: count.fed_score for kind, count in found.counts.items()})
    kinds = [
        _kind(words[kind], found.counts.get(kind, KindCount()), scored.get(kind), found, question)
        for kind in question.cadences
    ]
    held_back = held_back_by(scored)
    waiting = [source(question) for source in WAITING]
    return Today(
        kinds=kinds,
        whole=whole_health(scored),
        held_back_by=words[held_back] if held_back else None,
        feed_first=first_to_feed([person for one in waiting for person in one.hungry]),
        due=[step for one in waiting for step in one.steps],
        going_without=sum(one.going_without for one in kinds),
        permission=_permission(found, question),
        steps=_steps(profile, kinds),
        is_stored=found.is_stored,
        as_of=found.as_of,
    )


def first_to_feed(waiting: Sequence[HungryPerson]) -> list[HungryPerson]:
    """The three with the highest priority, each person once, at most two of a kind while others wait as well."""
    ranked = sorted(
        waiting,
        key=lambda one: (-priority(one.hunger, value=one.value, may_act=one.may_act), -one.hunger, one.name),
    )
    once = list({one.contact_id: one for one in reversed(ranked)}.values())[::-1]
    chosen: list[HungryPerson] = []
    for person in once:
        if len(chosen) < TO_FEED and sum(one.kind == person.kind for one in chosen) < MOST_OF_A_KIND:
            chosen.append(person)
    rest = [person for person in once if person not in chosen]
    return (chosen + rest)[:TO_FEED]


def _kind(
    words: KindWords, count: KindCount, scored: Scored | None, found: Figures, question: GaugeQuestion
) -> KindToday:
    score = scored.effective if scored else None
    quiet = (question.midnight - count.last_fed_at).days if count.last_fed_at else None
    return KindToday(
        words=words,
        count=count,
        score=score,
        band=band_of(count.fed_score, score),
        lost=scored.lost if scored else (),
        feedings=_sum(count.feedings, question.today, question.days),
        weeks=_weeks(count.feedings, question.today),
        trend=_trend(count, found.before.get(words.kind.value)),
        quiet_days=None if quiet is None else max(quiet, 0),
    )


def _sum(feedings: Mapping[date, int], today: date, days: int) -> int:
    first = today - timedelta(days=days - 1)
    return sum(times for day, times in feedings.items() if day >= first)


def _weeks(feedings: Mapping[date, int], today: date) -> list[int]:
    weeks = [0] * SPARK_WEEKS
    for day, times in feedings.items():
        ago = (today - day).days // 7
        if 0 <= ago < SPARK_WEEKS:
            weeks[SPARK_WEEKS - 1 - ago] += times
    return weeks


def _trend(count: KindCount, before: float | None) -> str:
    """`up` or `down` against four weeks ago only where it means something; else `same`, or nothing to compare with."""
    if before is None or count.fed_score is None:
        return ""
    change = count.fed_score - before
    moved = abs(change) / 100 * count.people
    if abs(change) < TREND_POINTS or moved < TREND_PEOPLE:
        return "same"
    return "up" if change > 0 else "down"


def _permission(found: Figures, question: GaugeQuestion) -> list[PermissionCounts]:
    if not found.is_stored:
        counted = permission_counts(question, at_most=MOST_COUNTED_NOW)
        if counted:
            return counted
    return stored_permission(question)


def _steps(profile: BusinessProfile, kinds: Sequence[KindToday]) -> list[SettlingStep]:
    facts = SettlingFacts(profile, {one.kind: one.count.people for one in kinds})
    return [step for source in CHECKLIST for step in source(facts)]


def is_rung(kind: str) -> bool:
    """Whether a kind stands on the ladder."""
    return kind in {rung.value for rung in LADDER}
