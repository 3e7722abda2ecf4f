"""Where on earth it is what time just now."""

from zoneinfo import ZoneInfo

from campaigns.services.quiet_hours import database_now
from ecosystem.places import ZONES


def zone_at(hour: int) -> str:
    """A zone where it is that hour of the day, by the clock of PostgreSQL."""
    moment = database_now()
    return next(zone for zone in sorted(ZONES) if moment.astimezone(ZoneInfo(zone)).hour == hour)
