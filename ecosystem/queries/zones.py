"""Which clock the current business goes by."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from ecosystem.models import BusinessProfile


def business_zone() -> ZoneInfo:
    """The time zone of the current business."""
    return ZoneInfo(BusinessProfile.objects.only("timezone").get().timezone)


def date_of_business(moment: datetime) -> date:
    """The date of a moment where the current business is, whatever the clock of the server says."""
    return moment.astimezone(business_zone()).date()
