"""Clocks on the wall: the days on which they are put forward or back, and hours that are open everywhere."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.queries.quiet_clock import Clocks, Place, instant_of, week_of
from campaigns.queries.quiet_law import (
    _lines,
    country_of_number,
    state_of_address,
    text_week,
    zones_of_area,
    zones_of_country,
)
from campaigns.queries.quiet_people import whereabouts

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Pacific/Chatham",
]
DAYTIME = week_of(9 * 60, 18 * 60)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        # An hour, half an hour, or a whole day that is not there: the moment of the jump.
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00"),
        ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59"),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30"),
        ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 10:00"),
        ("Pacific/Chatham", "2026-09-27 03:00", "2026-09-26 14:00"),
        # A time that comes twice: the first.
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Pacific/Chatham", "2026-04-05 03:00", "2026-04-04 13:15"),
        # No summer time at all, and a quarter of an hour.
        ("Asia/Kathmandu", "2026-06-01 09:00", "2026-06-01 03:15"),
        ("Pacific/Apia", "2026-06-01 09:00", "2026-05-31 20:00"),
    ],
)
def test_rel_19_a_time_of_day_is_one_moment_though_the_clock_is_changed(zone, wall, moment):
    assert instant_of(datetime.fromisoformat(wall), zone) == utc(moment)


@examples(max_examples=200)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)))
def test_rel_19_a_wall_time_is_shown_or_jumped_over_at_its_moment(zone, wall):
    wall = wall.replace(microsecond=0)
    moment = instant_of(wall, zone)
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    before = (moment - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == wall or before < wall < shown
    # Nothing earlier shows the same time: of two the first was taken.
    assert (moment - timedelta(hours=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall


@pytest.mark.parametrize(
    ("zone", "moment", "opens"),
    [
        ("Asia/Kathmandu", "2026-06-01 03:14", "2026-06-01 03:15"),
        ("Pacific/Chatham", "2026-06-01 00:00", "2026-06-01 00:00"),
        ("Pacific/Chatham", "2026-06-01 06:00", "2026-06-01 20:15"),
        ("Europe/Berlin", "2026-03-28 20:00", "2026-03-29 07:00"),
        ("Europe/Berlin", "2026-10-24 20:00", "2026-10-25 08:00"),
        ("Pacific/Apia", "2011-12-30 05:00", "2011-12-30 19:00"),
    ],
)
def test_case_16_hours_open_by_the_clock_of_the_reader(zone, moment, opens):
    """CAMPAIGNS 4m case 16: Kathmandu, Chatham, a clock that jumps and one that repeats an hour."""
    assert Clocks((Place(zone, DAYTIME),)).next_open(utc(moment)) == utc(opens)


def test_hours_that_the_clock_jumps_into_open_at_the_jump():
    night = Clocks((Place("Europe/Berlin", week_of(150, 200)),))
    assert night.next_open(utc("2026-03-29 00:00")) == utc("2026-03-29 01:00")


def test_the_weekend_is_left_out_where_it_is_not_wanted():
    clocks = Clocks((Place("Europe/Berlin", week_of(540, 1080, at_weekends=False)),))
    assert clocks.next_open(utc("2026-11-27 17:00")) == utc("2026-11-30 08:00")


places = st.builds(
    lambda zone, opens, length, weekends: Place(zone, week_of(opens, min(1440, opens + length), at_weekends=weekends)),
    st.sampled_from(ZONES),
    st.integers(0, 1400),
    st.integers(30, 1440),
    st.booleans(),
)


@examples(max_examples=200)
@given(st.lists(places, min_size=1, max_size=3), st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1)))
def test_never_in_quiet_hours_never_early_and_moved_once(some, naive):
    moment = naive.replace(tzinfo=UTC, microsecond=0)
    clocks = Clocks(tuple(some))
    opens = clocks.next_open(moment)
    if opens is None:
        # Then no quarter of an hour of a week is open everywhere.
        assert not any(clocks.is_open(moment + timedelta(minutes=15 * number)) for number in range(4 * 24 * 7))
        return
    assert opens >= moment
    assert clocks.is_open(opens)
    assert clocks.next_open(opens) == opens
    if opens > moment:
        assert not clocks.is_open(moment)
        assert not clocks.is_open(opens - timedelta(seconds=1))


# The law's table


def hours(state: str, country: str = "US", on: date = date(2026, 6, 1)) -> list:
    return [None if day is None else (day[0] / 60, day[1] / 60) for day in text_week(country, state, on)]


def test_s7_the_hours_for_texts_by_state():
    """CAMPAIGNS 2c S7."""
    assert hours("CA") == [(8, 21)] * 7
    for state in ("FL", "OK", "MA", "MD", "NJ", "WA"):
        assert hours(state) == [(8, 20)] * 7
    for state in ("AL", "LA", "MS"):
        assert hours(state) == [(8, 20)] * 6 + [None], "no sales calls on Sundays"
    for state in ("MI", "MN", "NM"):
        assert hours(state) == [(9, 21)] * 7
    assert hours("KY") == [(10, 21)] * 7
    assert hours("NV") == [(9, 20)] * 7
    assert hours("CT") == [(9, 20)] * 7
    assert hours("TX") == [(9, 21)] * 6 + [(12, 21)]
    assert hours("RI") == [(9, 18)] * 5 + [(10, 17)] * 2
    assert hours("") == hours("", "DE") == hours("BY", "DE") == [(10, 18)] * 7


def test_s7_no_state_opens_before_or_closes_after_the_hours_of_the_country():
    for code in {line.state for line in _lines() if line.state not in ("*", "+")}:
        for day in hours(code):
            assert day is None or (day[0] >= 8 and day[1] <= 21), code


def test_s7_the_table_is_data_with_dates():
    """CAMPAIGNS 2c S7: data, not code."""
    # Before its law came into force Florida was like the others.
    assert hours("FL", on=date(2021, 6, 30)) == [(8, 21)] * 7
    assert hours("FL", on=date(2021, 7, 1)) == [(8, 20)] * 7


@pytest.mark.parametrize(
    ("postal", "country", "state"),
    [
        ("12 Tulip Street, Austin, TX 78701", "US", "TX"),
        ("12 Tulip Street\nProvidence RI 02903-1234", "US", "RI"),
        ("12 Tulip Street, Miami, FL", "US", "FL"),
        ("12 Tulip Street, 90210", "US", "CA"),
        ("Tulpenweg 12, 10115 Berlin", "DE", None),
        ("Tulpenweg 12", "US", None),
        ("12345 Long Road, Hartford, CT 06103", "US", "CT"),
    ],
)
def test_the_state_of_a_postal_address(postal, country, state):
    found = state_of_address(postal, country)
    assert (found.code if found else None) == state


def test_every_state_names_clocks_that_exist_and_no_code_belongs_to_two():
    from campaigns.queries.quiet_law import _states
    from ecosystem.places import ZONES as KNOWN

    states = list(_states().values())
    assert len(states) == 51
    assert all(set(state.zones) <= KNOWN for state in states)
    codes = [code for state in states for part in state.postal_codes for code in part]
    assert len(codes) == len(set(codes))


def test_a_number_tells_its_country_and_its_area_code_is_a_hint():
    assert country_of_number("+12125550123") == "US"
    assert zones_of_area("+12125550123") == ("America/New_York",)
    assert {"America/New_York", "Pacific/Honolulu", "America/Anchorage"} <= set(zones_of_country("US"))
    assert country_of_number("nonsense") == ""


KNOWN = {
    "channel": "sms",
    "address": "+12125550123",
    "phone": "",
    "postal": "",
    "timezone": "",
    "country": "US",
    "business_zone": "Europe/Berlin",
}


@pytest.mark.parametrize(
    ("known", "zones", "state"),
    [
        ({"timezone": "Asia/Kathmandu", "postal": "Austin, TX 78701"}, ("Asia/Kathmandu",), "TX"),
        ({"postal": "Austin, TX 78701"}, ("America/Chicago", "America/Denver"), "TX"),
        ({"channel": "email", "phone": "+12125550123"}, ("America/New_York",), ""),
        ({"channel": "email", "phone": "+4930123456"}, ("Europe/Berlin",), ""),
        ({"channel": "email", "business_zone": "Pacific/Chatham"}, ("Pacific/Chatham",), ""),
        ({"timezone": "Nowhere/Land", "channel": "email"}, ("Europe/Berlin",), ""),
    ],
)
def test_where_somebody_is_by_what_is_known_best(known, zones, state):
    row = {**KNOWN, **known}
    found = whereabouts(row, is_law=row["channel"] == "sms")
    assert set(found.zones) >= set(zones) if len(zones) > 1 else found.zones[:1] == zones
    assert found.state == state


def test_case_17_a_text_to_an_unknown_zone_waits_for_the_hour_that_is_open_in_all():
    """CAMPAIGNS 4m case 17."""
    found = whereabouts(KNOWN, is_law=True)
    assert found.zones == zones_of_country("US")
    clocks = Clocks(tuple(Place(zone, text_week("US", "", date(2026, 1, 15))) for zone in found.zones))
    # Ten in the morning where the day begins last, Adak and Honolulu; six in the evening where it ends first, New York.
    assert clocks.next_open(utc("2026-01-15 12:00")) == utc("2026-01-15 20:00")
    assert clocks.next_open(utc("2026-01-15 22:59")) == utc("2026-01-15 22:59")
    assert clocks.next_open(utc("2026-01-15 23:00")) == utc("2026-01-16 20:00")


def test_days_follow_each_other_and_none_is_left_out():
    clocks = Clocks((Place("Australia/Lord_Howe", DAYTIME),))
    openings = []
    moment = utc("2026-09-28 00:00")
    for _day in range(10):
        opens = clocks.next_open(moment)
        openings.append(opens.astimezone(ZoneInfo("Australia/Lord_Howe")))
        moment = opens + timedelta(hours=9)
    assert {one.hour * 60 + one.minute for one in openings[1:]} == {540}
    assert all(later.date() - earlier.date() == timedelta(days=1) for earlier, later in pairwise(openings))
