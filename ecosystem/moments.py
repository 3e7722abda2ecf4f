"""The one manner in which a moment is told: by the clock of the business's country, days in the reader's language."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language

DAY = "j F"
TWELVE_HOURS = "en-us"


@lru_cache(maxsize=512)
def tongue_of(language: str, country: str) -> str:
    """The language in which a business is read, with the clock of its country: `en` tells 12:07, `en-us` 12:07 PM.

    Only English is written with both clocks; what we know nothing of has 24 hours.
    """
    if language != "en" or not country:
        return language
    try:
        pattern = Locale(language, country.upper()).time_formats["short"].pattern
    except (UnknownLocaleError, ValueError):
        return language
    return TWELVE_HOURS if "a" in pattern else language


def clock_words(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """The time of day, as it is read there: `12:07`, or `12:07 PM`. It has no full stop: a sentence may end in it."""
    words = date_format(localtime(moment, zone), "TIME_FORMAT")
    return words.replace("a.m.", "AM").replace("p.m.", "PM")


def day_words(day: date, form: str = DAY) -> str:
    """A date as one says it; `form` tells which parts of it. German sets a full stop behind the day."""
    if (get_language() or "").startswith("de"):
        form = form.replace("j ", "j. ")
    return date_format(day, form)


def moment_words(moment: datetime, form: str = DAY, zone: ZoneInfo | None = None) -> str:
    """A date with its time: `14 May, 12:07`."""
    return f"{day_words(localtime(moment, zone), form)}, {clock_words(moment, zone)}"
