"""The rig in small: a few blows of each kind, and that it sees what it must when the fences are gone."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.rig.experiment import Report, run
from tests.rig.fences import without_fences
from tests.rig.history import Fact, History, after_leaving, most_times, not_heard
from tests.rig.plans import Plan
from tests.rig.tables import NOTHING_LANDED, findings
from tests.rig.town import make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


FAULTS = "421=0.01,450=0.02,554=0.01,429=0.02,500=0.02,cut_before=0.01,cut_after=0.01"
TOLD = "bounced=0.06,complained=0.06,twice=0.3,late=0.3,shuffled=0.5"


def strike(plan: Plan, folder, *, businesses: int, people: int = 40, needed: int = 0, texts: int = 0) -> Report:
    report = run(plan, make_town(businesses=businesses, people=people, needed=needed, texts=texts), folder)
    assert (report.history.letters, report.problems) == (businesses * (people + needed + texts), [])
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
    """News, what is needed now, and texts, while people leave and the provider tells twice and out of order."""
    blows = {"kills": 3, "freezes": 2, "redis_flushes": 1, "cuts": 2, "leaves": 4, "seed": 9}
    plan = Plan(**blows, faults=FAULTS, told=TOLD)
    report = strike(plan, tmp_path, businesses=8, people=25, needed=4, texts=3)
    assert report.history.faults == []
    assert report.left > 0
    # Of each letter that was taken something is told, and of most of them more than once or out of order.
    assert report.history.told == report.history.taken
    assert ends_of_words(tmp_path / "told.log") > {"delivered", "accepted"}
    assert plan.blows() == Plan(**blows).blows()


@pytest.mark.parametrize("provider", ["postmark", "resend"])
def test_rel_16_what_is_told_by_a_provider_over_http_ends_equal_whatever_its_order(tmp_path, provider):
    """Signed as each of them signs, at the door of the running product, while a worker is killed."""
    plan = Plan(kills=1, seed=3, told=TOLD, provider=provider, mail_seconds=0.02)
    report = strike(plan, tmp_path, businesses=2, people=30)
    assert report.history.faults == []
    assert report.history.told == report.history.taken == 60 - report.history.unknown
    # What was in doubt and had been taken is told of, and so no longer in doubt.
    assert report.history.unknown_taken == 0


def ends_of_words(log: Path) -> set[str]:
    """What was told last of some letter."""
    return set(dict(line.split()[:2] for line in log.read_text().splitlines()).values())


def test_rel_03_the_judge_sees_what_goes_to_those_who_left(tmp_path):
    """The fault is planted: people leave by the log, and nobody hears it."""
    plan = Plan(leaves=3, seed=9, loses_stops=True, mail_seconds=0.02)
    history = run(plan, make_town(businesses=2, people=120, texts=4), tmp_path).history
    assert history.after_leaving
    assert history.faults == [f"{one} was handed over after its reader had left." for one in history.after_leaving]


@pytest.mark.parametrize(
    ("log", "is_fault"),
    [
        (("left ana email news nothing", "<{}>"), True),
        (("left ana email news 019abc00-0000-7000-8000-000000000001", "<{}>"), False),
        (("left ana email news 019abc00-0000-7000-8000-000000000002", "<{}>"), True),
        (("<{}>", "left ana email news nothing"), False),
        (("left ana sms news nothing", "<{}>"), False),
        (("left ana email offers nothing", "<{}>"), False),
    ],
)
def test_rel_03_the_order_of_the_log_tells_what_came_after_leaving(log, is_fault):
    """By channel and topic; what a worker had in hand by then may still go, and what is needed now goes always."""
    letter = "019abc00-0000-7000-8000-000000000001"
    lines = [line.format(f"{letter}.mark@example.com") for line in log]
    news = Fact(letter, "accepted", "", is_needed=False, attempt=1, reader="ana email news")
    assert after_leaving(lines, {letter: news}) == [letter] * is_fault
    assert after_leaving(lines, {letter: replace(news, is_needed=True)}) == []


def test_rel_03_the_judge_sees_a_word_that_did_not_count(tmp_path):
    letter = "019abc00-0000-7000-8000-000000000001"
    fact = Fact(letter, "delivered", "delivered", is_needed=False, attempt=1, reader="")
    for words, faults in (
        ({("delivered", 200), ("accepted", 200)}, {}),
        ({("bounced", 200), ("accepted", 200)}, {letter: "was told of as bounced and stands as delivered"}),
        ({("delivered", 401)}, {letter: "was told of and the product answered [401]"}),
    ):
        assert not_heard({letter: words}, {letter: fact}) == faults


def test_what_is_needed_now_may_be_taken_once_more_where_its_second_try_says_so():
    fact = Fact("x", "accepted", "", is_needed=True, attempt=2, reader="")
    times = [most_times(one) for one in (fact, replace(fact, attempt=1), replace(fact, is_needed=False), None)]
    assert times == [2, 1, 1, 1]


def test_a_run_of_which_no_kill_landed_does_not_count():
    good = History(letters=1, taken=1, unknown=0, unknown_taken=0)
    assert findings(Report(Plan(kills=3), landed=0, history=good)) == [NOTHING_LANDED]
    assert findings(Report(Plan(kills=3), landed=1, history=good)) == []
    assert findings(Report(Plan(cuts=3), landed=0, history=good)) == []


def test_rel_05_without_the_fences_a_worker_that_wakes_up_sends_a_second_time(tmp_path):
    plan = Plan(freezes=6, seed=1, code=without_fences(tmp_path / "code"))
    history = run(plan, make_town(businesses=3, people=400), tmp_path).history
    assert history.twins
