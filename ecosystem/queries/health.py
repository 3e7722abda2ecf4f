"""The health of each kind: counted now where people are few, from the last stored day where they are many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ecosystem.days import business_day
from ecosystem.gauges import (
    GAUGES,
    PERMISSIONS,
    REACH_WEEKS,
    SEASON_DAYS,
    GaugeQuestion,
    KindCount,
    KindsCounted,
    PermissionCount,
    PermissionCounts,
)
from ecosystem.models import BusinessProfile, HealthSnapshot, PermissionSnapshot
from ecosystem.queries.stakeholders import KindWords

# Up to so many people are counted while the page is made: a few milliseconds. Beyond, the stored day answers.
MOST_COUNTED_NOW = 10_000
TREND_DAYS = 28


@dataclass(frozen=True)
class StoredDays:
    """Snapshots of a season: the newest figures, scores of four weeks before, and when the newest were counted."""

    newest: Mapping[str, KindCount]
    before: Mapping[str, float]
    counted_at: datetime | None

    @property
    def people(self) -> int:
        """How many people the newest figures tell of."""
        return sum(count.people for count in self.newest.values())


@dataclass(frozen=True)
class Figures:
    """What Today draws: a count for every kind, scores of four weeks ago, and whether and when this was stored.

    Stored, and never counted: the people came in just now, and there are too many to count while a page is made.
    """

    counts: Mapping[str, KindCount]
    before: Mapping[str, float]
    is_stored: bool
    as_of: datetime | None


def gauge_question(
    profile: BusinessProfile, words: Mapping[str, KindWords], *, now: datetime, days: int
) -> GaugeQuestion:
    """What to ask the gauges for a business: its kinds that are on, its midnight, the period."""
    day = business_day(now, profile.timezone)
    return GaugeQuestion(
        now=now,
        midnight=day.midnight,
        today=day.today,
        timezone=profile.timezone,
        cadences={kind: word.cadence_days for kind, word in words.items() if word.is_on},
        days=days,
    )


def count_kinds(question: GaugeQuestion, *, at_most: int | None) -> KindsCounted:
    """Every kind as those who keep people count it."""
    found = [gauge.count(question, at_most) for gauge in GAUGES]
    risen = {kind: number for one in found for kind, number in one.risen.items()}
    if any(one.counts is None for one in found):
        return KindsCounted(None, risen)
    return KindsCounted({kind: count for one in found for kind, count in (one.counts or {}).items()}, risen)


def stored_days(today: date) -> StoredDays:
    """A season of snapshots, in one statement."""
    found = list(
        HealthSnapshot.objects.filter(on_date__gt=today - timedelta(days=SEASON_DAYS), on_date__lte=today)
        .order_by("on_date")
        .values_list("kind", "on_date", "people", "fed", "hungry", "starving", "fed_score", "feedings", "taken_at")
    )
    counted = [row for row in found if row[6] is not None or row[2]]
    last = max((row[1] for row in counted), default=None)
    feedings: dict[str, dict[date, int]] = {}
    before: dict[str, float] = {}
    for kind, on_date, _people, _fed, _hungry, _starving, score, times, _taken in found:
        if times:
            feedings.setdefault(kind, {})[on_date] = times
        if score is not None and on_date <= today - timedelta(days=TREND_DAYS):
            before[kind] = score
    newest = {
        row[0]: KindCount(
            people=row[2],
            fed=row[3],
            hungry=row[4],
            starving=row[5],
            fed_score=row[6],
            feedings=feedings.get(row[0], {}),
        )
        for row in counted
        if row[1] == last
    }
    return StoredDays(newest, before, max((row[8] for row in counted if row[1] == last), default=None))


def figures(question: GaugeQuestion) -> Figures:
    """The figures of Today in at most two statements, whatever the size of the business."""
    stored = stored_days(question.today)
    if stored.people <= MOST_COUNTED_NOW:
        counted = count_kinds(question, at_most=MOST_COUNTED_NOW)
        if counted.counts is not None:
            return Figures(counted.counts, stored.before, is_stored=False, as_of=None)
        risen = counted.risen
    else:
        risen = {kind: number for gauge in GAUGES for kind, number in gauge.risen(question).items()}
    kept = {
        kind: KindCount(**{**vars(stored.newest.get(kind, KindCount())), "risen": risen.get(kind, 0)})
        for kind in question.cadences
    }
    return Figures(kept, stored.before, is_stored=True, as_of=stored.counted_at)


def permission_counts(question: GaugeQuestion, *, at_most: int | None) -> list[PermissionCounts]:
    """Who may be reached, as each keeper of permission counts it."""
    found = (count(question, at_most) for count in PERMISSIONS)
    return [counts for counts in found if counts is not None]


def stored_permission(question: GaugeQuestion) -> list[PermissionCounts]:
    """Who could be reached when that was last counted, with the weeks before. One statement."""
    first = question.today - timedelta(days=7 * REACH_WEEKS)
    found = PermissionSnapshot.objects.filter(on_date__gt=first, on_date__lte=question.today).order_by("on_date")
    by_channel: dict[str, list[PermissionSnapshot]] = {}
    for row in found:
        by_channel.setdefault(row.channel, []).append(row)
    if not by_channel:
        return []
    channels = [
        PermissionCount(channel, days[-1].people, days[-1].gained, _by_week(days, question.today))
        for channel, days in by_channel.items()
    ]
    last = max((days[-1] for days in by_channel.values()), key=lambda row: row.on_date)
    return [PermissionCounts(channels, last.left, last.complained, on_date=last.on_date)]


def _by_week(days: list[PermissionSnapshot], today: date) -> list[int]:
    """The last known number of each week, the oldest week first."""
    weeks = []
    for ago in range(REACH_WEEKS - 1, -1, -1):
        known = [row.people for row in days if row.on_date <= today - timedelta(days=7 * ago)]
        weeks.append(known[-1] if known else days[0].people)
    return weeks
