"""The quiet hours that a person may ask for, and what they chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from contacts.models import Contact
from ecosystem.moments import clock_words

# Minutes of the day: an evening, and the morning after it.
QUIET_FROM = tuple(range(17 * 60, 24 * 60, 60))
QUIET_UNTIL = tuple(range(6 * 60, 13 * 60, 60))
USUAL_UNTIL = 8 * 60
_MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class HourChoice:
    """An hour that may be chosen."""

    value: str
    label: str
    is_chosen: bool


def quiet_from_choices(contact: Contact | None) -> Sequence[HourChoice]:
    """From when it may be quiet; the first choice is that it never is."""
    chosen = contact.quiet_from_minute if contact is not None else None
    hours = [HourChoice(str(minute), minute_words(minute), minute == chosen) for minute in QUIET_FROM]
    return [HourChoice("", _("No quiet hours"), chosen is None), *hours]


def quiet_until_choices(contact: Contact | None) -> Sequence[HourChoice]:
    """Until when it may be quiet."""
    kept = contact.quiet_until_minute if contact is not None else None
    chosen = USUAL_UNTIL if kept is None else kept
    return [HourChoice(str(minute), minute_words(minute), minute == chosen) for minute in QUIET_UNTIL]


def quiet_words(contact: Contact) -> str:
    """`8 PM to 8 AM`, or nothing where they asked for none."""
    if contact.quiet_from_minute is None or contact.quiet_until_minute is None:
        return ""
    hours = {"begin": minute_words(contact.quiet_from_minute), "end": minute_words(contact.quiet_until_minute)}
    return _("%(begin)s to %(end)s") % hours


def minute_words(minute: int) -> str:
    """A minute of the day as a clock tells it there."""
    return clock_words(_MIDNIGHT + timedelta(minutes=minute), ZoneInfo("UTC"))
