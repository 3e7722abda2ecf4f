"""The rig in small: a few blows of each kind, and that it sees what it must when the fences are gone."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from campaigns.gateways.base import Outcome, Verdict
from campaigns.models import Enrollment, Message, QueuedMessage
from campaigns.services.delivery_marks import open_mark
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.rig.doors import database_url
from tests.rig.experiment import Report, run
from tests.rig.fences import without_fences
from tests.rig.history import Fact, History, after_leaving, in_doubt, judge, most_times, not_heard
from tests.rig.plans import Plan
from tests.rig.receivers import provider
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


def test_what_is_needed_now_may_be_taken_once_more_where_nobody_knew_and_its_second_try_says_so():
    fact = Fact("x", "accepted", "", is_needed=True, attempt=2, reader="")
    facts = (fact, replace(fact, attempt=1), replace(fact, is_needed=False), None)
    assert [most_times(one, {"x"}) for one in facts] == [2, 1, 1, 1]
    # It died in somebody's hand before it was begun, and then went twice.
    assert most_times(fact, set()) == 1


def test_the_judge_sees_what_was_taken_and_has_come_to_no_end(tmp_path):
    """SECURITY 3.2: every intent in an end state, or not known. Nobody has worked here, and one letter was taken."""
    (shop,) = make_town(businesses=1, people=2)
    log, url = tmp_path / "taken.log", database_url("OPS_DATABASE_URL")
    with business_scope(shop):
        taken, other = (str(one) for one in Message.objects.order_by("id").values_list("id", flat=True))
    log.write_text(f"<{taken}.mark@example.com> ana@example.com\n")
    history = judge(log, url)
    assert history.stuck == {taken: "taken, queued, waits, attempt 0", other: "not taken, queued, waits, attempt 0"}
    assert len(history.faults) == 3
    assert history.faults[-1] == f"Left to work: {history.left} letters, steps and words of providers."
    with business_scope(shop):
        Message.objects.filter(id=taken).update(state="accepted")
        Message.objects.filter(id=other).update(state="unknown")
        Enrollment.objects.update(state="completed", ended_at=now())
        QueuedMessage.objects.exclude(id=other).delete()
    assert judge(log, url).faults == ["Left to work: 1 letters, steps and words of providers."]
    with business_scope(shop):
        QueuedMessage.objects.all().delete()
    assert judge(log, url).faults == []


def test_the_judge_knows_what_was_in_doubt_by_the_mark_of_the_dead(tmp_path):
    """What a worker had not begun, or was refused, is in no doubt: taken twice, one of the two is a twin."""
    (shop,) = make_town(businesses=1, people=0, needed=4)
    token, url, log = uuid4(), database_url("OPS_DATABASE_URL"), tmp_path / "taken.log"
    with business_scope(shop):
        fresh, begun, refused, unknown = Message.objects.order_by("id").values_list("id", flat=True)
        QueuedMessage.objects.filter(id=unknown).delete()
        Message.objects.update(attempt=2)
        Message.objects.filter(id=unknown).update(state="unknown")
        QueuedMessage.objects.update(claim_token=token, handed_at=now(), attempt=2)
    mark = open_mark(token)
    for letter in (begun, refused):
        assert mark.start(letter)
    assert in_doubt(url, all_rest=False) == {str(unknown)}
    mark.hear(Outcome(refused, Verdict.REFUSED_TEMPORARY, 450, "busy"))
    mark.flush()
    mark.close(is_over=False)
    doubted = in_doubt(url, all_rest=True)
    assert doubted == {str(unknown), str(begun)}
    letters = (fresh, begun, refused, unknown)
    log.write_text("".join(f"<{one}.mark@example.com> ana@example.com\n" * 2 for one in letters))
    assert judge(log, url, doubted=doubted).twins == [str(fresh), str(refused)]
    # Where no mark is left nobody can tell of any.
    with business_scope(shop):
        QueuedMessage.objects.update(claim_token=uuid4())
    assert in_doubt(url, all_rest=True) == {str(one) for one in letters}


def test_the_simulated_provider_knows_a_text_by_its_key(tmp_path):
    text = {"to": "+12025550142", "from": "+12025550100", "text": "Rye today.", "reply_url": "http://127.0.0.1:9/"}
    with provider(Plan(), tmp_path) as ways:
        url, key = f"http://127.0.0.1:{ways.http}/texts", {"Idempotency-Key": str(uuid4())}
        told = [requests.post(url, json=one, headers=key, timeout=10) for one in (text, text, text | {"text": "No."})]
        other = requests.post(url, json=text, headers={"Idempotency-Key": str(uuid4())}, timeout=10)
        assert [one.status_code for one in (*told, other)] == [201, 200, 409, 201]
        assert len(ways.log.read_text().splitlines()) == 2


def test_a_run_of_which_no_kill_landed_does_not_count():
    good = History(letters=1, taken=1, unknown=0, unknown_taken=0)
    assert findings(Report(Plan(kills=3), landed=0, history=good)) == [NOTHING_LANDED]
    assert findings(Report(Plan(kills=3), landed=1, history=good)) == []
    assert findings(Report(Plan(cuts=3), landed=0, history=good)) == []


def test_rel_05_without_the_fences_a_worker_that_wakes_up_sends_a_second_time(tmp_path):
    plan = Plan(freezes=6, seed=1, code=without_fences(tmp_path / "code"))
    history = run(plan, make_town(businesses=3, people=400), tmp_path).history
    assert history.twins
