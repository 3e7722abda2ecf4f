"""The arithmetic of health, with the worked numbers of its specification."""

import pytest

from ecosystem.health import (
    Band,
    Scored,
    band_of,
    effective_health,
    fed_score,
    fed_share,
    held_back_by,
    priority,
    whole_health,
)

WHOLE_TENANT = {
    "suspect": 54.2857,
    "online_user": 74.2857,
    "prospect": 71.25,
    "client": 69.375,
    "advocate": 89.6154,
    "associate": 29.0,
    "vendor": 50.0,
    "partner": 36.25,
}


def test_ten_clients_of_the_worked_example_are_64_17_fed():
    days = [10, 50, 60, 75, 90, 120, 200, 30, 60, 110]
    assert round(fed_score(day / 60 for day in days), 2) == 64.17
    assert [round(fed_share(day / 60), 4) for day in days] == [1, 1, 1, 0.75, 0.5, 0, 0, 1, 1, 0.1667]


def test_nobody_has_no_score_and_drags_nobody():
    assert fed_score([]) is None
    assert effective_health({"associate": None, "client": 80.0}) == {"client": Scored(80.0, 80.0, ())}


def test_each_kind_loses_what_the_starving_ones_take():
    scored = effective_health(WHOLE_TENANT)
    effective = {kind: round(one.effective, 2) for kind, one in scored.items()}
    assert effective == {
        "suspect": 54.29,
        "online_user": 73.58,
        "prospect": 66.25,
        "client": 61.47,
        "advocate": 85.53,
        "associate": 28.76,
        "vendor": 50.0,
        "partner": 35.31,
    }
    assert [(one.by, round(one.points, 2)) for one in scored["client"].lost] == [
        ("associate", 5.38),
        ("partner", 1.37),
        ("vendor", 1.16),
    ]


def test_the_whole_is_held_down_by_its_weakest():
    scored = effective_health(WHOLE_TENANT)
    assert round(whole_health(scored), 2) == 48.46
    assert held_back_by(scored) == "associate"
    assert whole_health(effective_health({"client": 50.0})) == pytest.approx(50.0)
    assert whole_health({}) is None


def test_no_kind_loses_more_than_three_tenths():
    scored = effective_health({"prospect": 100.0, "client": 0.0, "advocate": 0.0, "partner": 0.0, "associate": 0.0})
    assert scored["prospect"].effective == pytest.approx(70.0)
    assert sum(one.points for one in scored["prospect"].lost) == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("fed", "effective", "band"),
    [
        (100.0, 70.0, Band.THRIVING),
        (100.0, 69.9, Band.MANAGING),
        (50.0, 50.0, Band.MANAGING),
        (49.9, 49.9, Band.STARVING),
        (80.0, 39.9, Band.STARVING),
        (None, None, Band.EMPTY),
    ],
)
def test_the_word_of_a_kind(fed, effective, band):
    assert band_of(fed, effective) == band


def test_priority_rises_with_hunger_and_worth_and_halves_where_nothing_may_be_done():
    assert priority(2.5, value=0.9, may_act=True) == pytest.approx(4.75)
    assert priority(9.0, value=0.5, may_act=True) == pytest.approx(6.0)
    assert priority(9.0, value=0.5, may_act=False) == pytest.approx(3.0)
