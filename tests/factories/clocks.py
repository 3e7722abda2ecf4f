"""What time and day it is just now, on earth and for a business."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from campaigns.services.quiet_hours import database_now
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from ecosystem.places import ZONES


def zone_at(hour: int) -> str:
    """A zone where it is that hour of the day, by the clock of PostgreSQL."""
    moment = database_now()
    return next(zone for zone in sorted(ZONES) if moment.astimezone(ZoneInfo(zone)).hour == hour)


def local_time(business: Business, moment: datetime) -> datetime:
    """That moment as the clock of the business shows it."""
    with business_scope(business):
        return moment.astimezone(ZoneInfo(BusinessProfile.objects.get().timezone))


def today_of(business: Business) -> date:
    """The day that it is for the business, which for hours of each day is not that of UTC."""
    return local_time(business, now()).date()
