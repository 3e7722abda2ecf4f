"""Moments are told in one manner: by the clock of the business's country, in the reader's language."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import BusinessProfile
from ecosystem.moments import clock_words, moment_words, tongue_of
from ecosystem.templatetags.design import at, clock, dated

SEVEN_PAST_NOON = datetime(2026, 5, 14, 12, 7, tzinfo=UTC)
# A time of day that is written by hand, past the one filter.
BY_HAND = re.compile(r"""\|(?:date|time):"[^"]*(?:P|H:i|g:i)[^"]*"|\|time\b(?!:)|TIME_FORMAT|date_format\([^)]*H:i""")


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("en", "US", "en-us"),
        ("en", "AU", "en-us"),
        ("en", "GB", "en"),
        ("en", "DE", "en"),
        ("en", "ZZ", "en"),
        ("en", "", "en"),
        ("de", "US", "de"),
    ],
)
def test_only_english_is_told_by_two_clocks_and_the_country_says_which(language, country, expected):
    assert tongue_of(language, country) == expected


@pytest.mark.parametrize(
    ("tongue", "time", "moment", "day"),
    [
        ("en", "12:07", "14 May, 12:07", "14 May 2026"),
        ("en-us", "12:07 PM", "14 May, 12:07 PM", "14 May 2026"),
        ("de", "12:07", "14. Mai, 12:07", "14. Mai 2026"),
    ],
)
def test_a_moment_reads_as_it_does_where_the_business_is(tongue, time, moment, day):
    with translation.override(tongue):
        assert (clock(SEVEN_PAST_NOON), at(SEVEN_PAST_NOON), dated(SEVEN_PAST_NOON)) == (time, moment, day)
        assert (clock_words(SEVEN_PAST_NOON), moment_words(SEVEN_PAST_NOON)) == (time, moment)
        assert at(SEVEN_PAST_NOON, "j M Y").endswith(time)


@pytest.mark.django_db
@pytest.mark.parametrize(("country", "expected"), [("US", r"\d (A|P)M|noon|midnight"), ("GB", r", \d\d:\d\d")])
def test_pages_follow_the_country_of_the_business(as_nora, bakery, country, expected):
    with business_scope(bakery):
        BusinessProfile.objects.update(country=country)
    forget_businesses()
    page = as_nora.get(reverse("ecosystem:audit", kwargs={"slug": bakery.slug})).content.decode()
    times = re.findall(r'<td class="end">([^<]+)</td>', page)
    assert times
    assert all(re.search(expected, time) for time in times)


def test_what_has_not_happened_is_told_by_no_moment():
    """The moment of a look would stand for it otherwise."""
    assert (at(None), dated(None)) == ("", "")


def test_no_page_and_no_sentence_tells_a_time_of_day_by_hand():
    told = []
    for folder in ("ecosystem", "contacts", "campaigns", "templates"):
        for path in Path(settings.BASE_DIR, folder).rglob("*.*"):
            name = str(path.relative_to(settings.BASE_DIR))
            if path.suffix not in (".py", ".html", ".txt") or name.startswith(("templates/dev/", "ecosystem/formats/")):
                continue
            if name != "ecosystem/moments.py" and BY_HAND.search(path.read_text()):
                told.append(name)
    assert told == []
