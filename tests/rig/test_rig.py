"""The rig in small: a few blows of each kind, and that it sees what it must when the fences are gone."""

import pytest

from tests.rig.experiment import Report, run
from tests.rig.fences import without_fences
from tests.rig.plans import Plan
from tests.rig.town import make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def strike(plan: Plan, folder, *, businesses: int, people: int = 40) -> Report:
    report = run(plan, make_town(businesses=businesses, people=people), folder)
    assert (report.history.letters, report.problems) == (businesses * people, [])
    return report


def test_rel_02_killed_workers_send_nothing_twice_and_lose_nothing_in_silence(tmp_path):
    report = strike(Plan(kills=10, seed=4), tmp_path, businesses=40)
    assert report.history.faults == []
    # A run in which no kill hit anybody who was sending shows nothing.
    assert report.landed >= 4
    assert report.history.unknown <= report.landed


@pytest.mark.parametrize("provider", ["postmark", "resend"])
def test_rel_02_killed_workers_and_a_bad_provider_over_http_break_no_promise(tmp_path, provider):
    faults = "429=0.01,503=0.01,500=0.01,422=0.01,cut_before=0.01,cut_after=0.01"
    plan = Plan(kills=8, seed=5, faults=faults, provider=provider)
    report = strike(plan, tmp_path, businesses=20)
    assert report.history.faults == []
    assert report.landed >= 1
    # By its keys the provider is asked until all is known.
    assert provider == "postmark" or report.history.unknown == 0


def test_rel_03_a_storm_of_blows_and_of_a_bad_provider_breaks_no_promise(tmp_path):
    faults = "421=0.01,450=0.02,554=0.01,cut_before=0.005,cut_after=0.005"
    plan = Plan(kills=3, freezes=2, redis_flushes=1, cuts=2, seed=9, faults=faults)
    assert strike(plan, tmp_path, businesses=25).history.faults == []
    assert plan.blows() == Plan(kills=3, freezes=2, redis_flushes=1, cuts=2, seed=9).blows()


def test_rel_05_without_the_fences_a_worker_that_wakes_up_sends_a_second_time(tmp_path):
    plan = Plan(freezes=6, seed=1, code=without_fences(tmp_path / "code"))
    history = run(plan, make_town(businesses=3, people=400), tmp_path).history
    assert history.twins
