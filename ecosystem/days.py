"""Days as a business lives them: where its midnight lies."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class BusinessDay:
    """The day that a moment falls on for a business, with the instants at which it begins and ends."""

    today: date
    midnight: datetime
    tomorrow: datetime
    hour: int


def first_midnight(midnight: datetime, days: int) -> datetime:
    """When a period of so many days begins whose last one begins at `midnight`."""
    return midnight - timedelta(days=days - 1)


def business_day(now: datetime, timezone: str) -> BusinessDay:
    """The day of a moment in a time zone."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    midnight = datetime.combine(local.date(), time.min, tzinfo=zone)
    next_day = datetime.combine(local.date() + timedelta(days=1), time.min, tzinfo=zone)
    return BusinessDay(today=local.date(), midnight=midnight, tomorrow=next_day, hour=local.hour)
