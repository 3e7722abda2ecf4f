"""Clocks on the wall: when a time of day is in a zone, and when hours that somebody keeps are open.

A time of day that the clock jumps over is the moment of the jump; one that comes twice is its first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MINUTES = 1440
# How far ahead an open hour is looked for: a week of days, and one on either side of it.
_DAYS = 9

# Seven days from Monday: from which minute to before which one it is open, or not at all.
Week = tuple[tuple[int, int] | None, ...]
ALWAYS: Week = ((0, DAY_MINUTES),) * 7


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that a person may be: its clock, and the hours that are open there."""

    zone: str
    week: Week


@dataclass(frozen=True, slots=True)
class Clocks:
    """Every place a person may be. It is open for them when it is open in all of these; without any it always is."""

    places: tuple[Place, ...] = ()

    @property
    def zone(self) -> str:
        """The one zone they are in, or nothing where it may be one of several."""
        zones = {place.zone for place in self.places}
        return zones.pop() if len(zones) == 1 else ""

    def is_open(self, moment: datetime) -> bool:
        """Whether it is open everywhere they may be."""
        return all(_is_open(place, moment) for place in self.places)

    def next_open(self, moment: datetime) -> datetime | None:
        """The moment itself where it is open, or the first after it that is; None where no hour is open everywhere."""
        return _next_open(self.places, moment)

    def instant_of(self, wall: datetime) -> datetime:
        """When a time of day has come wherever they may be."""
        return max(instant_of(wall, place.zone) for place in self.places)


def instant_of(wall: datetime, zone: str) -> datetime:
    """The moment at which a clock in a zone shows a time: the first, or that of the jump that leaves it out."""
    there = ZoneInfo(zone)
    before, after = (wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    if before <= after:
        return before
    return _jump(there, after, before)


def week_of(opens: int, closes: int, *, at_weekends: bool = True) -> Week:
    """The same hours on every day, or from Monday to Friday."""
    return tuple((opens, closes) if day < 5 or at_weekends else None for day in range(7))


def common_hours(one: Week, other: Week) -> Week:
    """The hours that are open in both."""
    return tuple(_common(*days) for days in zip(one, other, strict=True))


def _common(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return None
    opens, closes = max(one[0], other[0]), min(one[1], other[1])
    return (opens, closes) if opens < closes else None


def _is_open(place: Place, moment: datetime) -> bool:
    there = moment.astimezone(ZoneInfo(place.zone))
    hours = place.week[there.weekday()]
    return hours is not None and hours[0] <= there.hour * 60 + there.minute < hours[1]


@lru_cache(maxsize=4096)
def _next_open(places: tuple[Place, ...], moment: datetime) -> datetime | None:
    """Go from opening to opening: whatever is shut somewhere cannot be open before it opens there."""
    end = moment + timedelta(days=_DAYS)
    at: datetime | None = moment
    while at is not None and at <= end:
        shut = [place for place in places if not _is_open(place, at)]
        if not shut:
            return at
        found = [_opening(place, at) for place in shut]
        at = max((one for one in found if one is not None), default=None) if None not in found else None
    return None


def _opening(place: Place, after: datetime) -> datetime | None:
    """When a place that is shut opens next."""
    first = after.astimezone(ZoneInfo(place.zone)).date() - timedelta(days=1)
    for number in range(_DAYS + 2):
        day = first + timedelta(days=number)
        for opening in _openings(place, day):
            if opening > after and _is_open(place, opening):
                return opening
    return None


@lru_cache(maxsize=4096)
def _openings(place: Place, day: date) -> Sequence[datetime]:
    """When a place opens on a day: both times where the clock is put back over it."""
    hours = place.week[day.weekday()]
    if hours is None:
        return ()
    wall = datetime.combine(day, time(hours[0] // 60, hours[0] % 60))
    second = wall.replace(tzinfo=ZoneInfo(place.zone), fold=1).astimezone(UTC)
    return sorted({instant_of(wall, place.zone), second})


def _jump(there: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second in which the clock is put forward, between two moments on either side of it."""
    offset = low.astimezone(there).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        if middle.astimezone(there).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
