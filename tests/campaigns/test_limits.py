"""Limits: how fast letters leave, by whose measure, and that nobody pays for somebody else's slowness.

Moments are given, as seconds of some clock: nothing here waits.
"""

import itertools
import threading
import time
from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from campaigns.gateways.base import Outcome, Verdict
from campaigns.gateways.http_line import forget_rests
from campaigns.models import Message, QueuedMessage
from campaigns.queries.accounts import Account
from campaigns.services import delivery_limits
from campaigns.services.advancing import advance
from campaigns.services.delivery_breaker import Breaker, breaker_of
from campaigns.services.delivery_limits import open_limits
from campaigns.services.delivery_limits_buckets import Bucket, seconds_until_token, slow_down, take_tokens
from campaigns.services.enrollments import enroll_contacts
from ecosystem.base import shared_memory
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Agenda
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_person, make_topic, say_yes
from tests.factories.texts import make_sender, make_text_friend, make_text_sequence
from tests.sms_server import SmsServer
from tests.smtp_server import Trouble

LANE = "sequence"
START = 1_000_000.0
MAIL = Account("tested:email", "smtp://127.0.0.1:1")


def bucket(per_second: float = 10.0, name: str = "business:1") -> Bucket:
    return Bucket(f"bucket:{name}", per_second)


def take(count: int, *, at: float, shared=(), group: Bucket | None = None, is_urgent: bool = True):
    return take_tokens(list(shared), [(group or bucket(0, "receivers:other"), count)], is_urgent=is_urgent, at=at)


def fill(*shared: Bucket, at: float = START) -> None:
    """Look once: a bucket begins empty, when somebody first asks."""
    take(0, at=at, shared=shared)


def without_redis(settings) -> None:
    """Nobody listens there."""
    settings.CACHE_URL = "redis://127.0.0.1:1/0"
    shared_memory._quiet_until[0] = 0.0


def write_to(business, topic, addresses: list[str]) -> None:
    """A letter to each is queued."""
    people = [make_person(address, name=f"Friend {number}") for number, address in enumerate(addresses)]
    for person in people:
        say_yes(person, topic)
    enroll_contacts(make_sequence(topic), [person.id for person in people], source="staff")
    advance(now())


def outcome(**values) -> Outcome:
    return Outcome(uuid7(), values.pop("verdict", Verdict.REFUSED_TEMPORARY), **values)


TROUBLE = {"is_fault": True, "was_started": False}


# Buckets


def test_sec_50_as_many_tokens_as_the_rate_gives_and_not_one_more(db):
    fill(bucket())
    assert take(100, at=START + 0.5, shared=[bucket()]).shares[0].granted == 5
    assert take(100, at=START + 0.5, shared=[bucket()]).shares[0].granted == 0
    assert take(100, at=START + 0.75, shared=[bucket()]).shares[0].granted == 2
    assert take(100, at=START + 0.80, shared=[bucket()]).shares[0].granted == 1


def test_a_bucket_holds_one_second_however_long_nobody_came(db):
    fill(bucket())
    assert take(100, at=START + 3_600, shared=[bucket()]).shares[0].granted == 10


def test_case_26_a_redis_that_was_emptied_lets_no_burst_go(db):
    """CAMPAIGNS 4m case 26: no burst."""
    fill(bucket())
    shared_memory.forget_all()
    grant = take(5, at=START + 60, shared=[bucket()])
    assert grant.shares[0].granted == 0
    assert grant.wait_seconds == pytest.approx(0.1)


def test_who_finds_no_token_is_told_the_moment_of_one_and_no_two_the_same(db):
    fill(bucket())
    waits = [seconds_until_token([bucket()], is_urgent=True, at=START) for _ in range(4)]
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert take(1, at=START + 0.1, shared=[bucket()]).shares[0].granted == 1


def test_the_narrowest_of_all_buckets_counts(db):
    account, business = bucket(100, "account"), bucket(3, "business:1")
    fill(account, business)
    assert take(50, at=START + 1, shared=[account, business]).shares[0].granted == 3
    assert take(50, at=START + 1, shared=[account]).shares[0].granted == 50


def test_one_group_of_receivers_without_tokens_stops_no_other(db):
    google, other = bucket(2, "receivers:google"), bucket(0, "receivers:other")
    take_tokens([], [(google, 0)], is_urgent=True, at=START)
    grant = take_tokens([], [(google, 5), (other, 5)], is_urgent=True, at=START + 1)
    assert [(share.granted, share.waiting) for share in grant.shares] == [(2, 3), (5, 0)]
    assert (grant.shares[0].first_seconds, grant.shares[0].step_seconds) == pytest.approx((0.5, 0.5))
    assert grant.wait_seconds == 0


def test_those_who_wait_for_a_group_get_moments_behind_those_who_waited_before(db):
    google = bucket(2, "receivers:google")
    first = take(4, at=START, group=google).shares[0]
    second = take(4, at=START, group=google).shares[0]
    assert second.first_seconds == pytest.approx(first.first_seconds + 4 * first.step_seconds)


def test_rel_31_a_fifth_is_kept_for_what_somebody_needs_now(db):
    fill(bucket())
    assert take(100, at=START + 1, shared=[bucket()], is_urgent=False).shares[0].granted == 8
    assert take(100, at=START + 1, shared=[bucket()], is_urgent=False).shares[0].granted == 0
    assert take(100, at=START + 1, shared=[bucket()]).shares[0].granted == 2


def test_a_group_that_asks_for_less_gets_half_and_each_clean_minute_gives_a_tenth_back(db):
    google = bucket(20, "receivers:google")
    fill_group = lambda at: take(0, at=at, group=google)  # noqa: E731
    fill_group(START)
    slow_down(google, at=START)
    assert take(100, at=START + 1.1, group=google).shares[0].granted == 10
    slow_down(google, at=START + 5)  # a word about letters that were on their way
    assert take(100, at=START + 10, group=google).shares[0].granted == 10
    slow_down(google, at=START + 20)
    assert take(100, at=START + 30, group=google).shares[0].granted == 5
    assert take(100, at=START + 20 + 61, group=google).shares[0].granted == 5  # 5.5 a second
    assert take(100, at=START + 20 + 121, group=google).shares[0].granted == 6  # 6.05
    assert take(100, at=START + 20 + 60 * 15, group=google).shares[0].granted == 20
    assert take(100, at=START + 20 + 60 * 16, group=google).shares[0].granted == 20


def test_a_group_without_a_limit_that_asks_for_less_gets_half_of_the_pace_it_had(db):
    other = bucket(0, "receivers:other")
    for second in range(11):
        assert take(100, at=START + second, group=other).shares[0].granted == 100
    slow_down(other, at=START + 11)
    assert take(1_000, at=START + 12, group=other).shares[0].granted == 50
    assert take(1_000, at=START + 3_600, group=other).shares[0].granted == 1_000


@pytest.mark.parametrize(
    ("code", "words", "is_slower"),
    [
        (421, "4.7.28 too many of you", True),
        (450, "4.7.1 later", True),
        (421, "try again later", True),
        (421, "4.3.2 closing", False),
        (421, "4.4.2 timeout", False),
        (450, "4.2.0 mailbox busy", False),
        (450, "later", False),
        (554, "5.7.1 no", False),
        (250, "2.0.0 4.7.1", False),
    ],
)
def test_only_a_word_about_how_much_we_send_slows_a_group(db, code, words, is_slower):
    assert delivery_limits._asks_for_less(outcome(code=code, response=words)) is is_slower


def ask_from_threads(count: int, ask) -> list[int]:
    """What each of so many clients got who asked at the same moment."""
    barrier, got = threading.Barrier(count), []

    def one() -> None:
        # Who connects first would be through before the others have asked.
        connection.ensure_connection()
        barrier.wait()
        try:
            got.append(ask())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.django_db(transaction=True)
def test_sec_50_twenty_clients_at_once_get_what_one_would_get():
    many = bucket(50)
    fill(many)
    got = ask_from_threads(20, lambda: take(7, at=START + 1, shared=[many]).shares[0].granted)
    assert (len(got), sum(got)) == (20, 50)


_WAITING = """
SELECT count(DISTINCT pid) AS number FROM pg_locks JOIN pg_stat_activity USING (pid)
 WHERE NOT granted AND datname = current_database()"""


def wait_for_waiting(count: int) -> None:
    """Until so many wait for what this transaction holds."""
    deadline = time.monotonic() + 60
    while rows(_WAITING)[0]["number"] < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_sec_50_without_redis_the_limit_is_as_exact(settings):
    """All twenty have asked before one of them is counted: somebody counts before them, and takes that back."""
    without_redis(settings)

    def ask() -> int:
        return take(7, at=START, shared=[bucket(0.5), bucket(0.05, "sender:x")]).shares[0].granted

    got = []
    threads = threading.Thread(target=lambda: got.extend(ask_from_threads(20, ask)))
    with transaction.atomic():
        assert ask() == 1
        threads.start()
        wait_for_waiting(20)
        transaction.set_rollback(True)
    threads.join()
    assert (len(got), sum(got)) == (20, 1)
    again = take(7, at=START, shared=[bucket(0.05, "sender:x")])
    assert again.shares[0].granted == 0
    assert 10 < again.wait_seconds <= 20


def test_without_redis_a_group_that_asked_for_less_is_left_its_pace_by_this_worker(db, settings):
    without_redis(settings)
    google = bucket(20, "receivers:google")
    slow_down(google)
    assert take(100, at=START, group=google).shares[0].granted == 10


# What the worker makes of it


def test_what_finds_no_token_stays_queued_and_comes_back_at_the_moment_of_one(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_SECOND_BUSINESS = 1
    write_to(shop, seasonal, [f"p{number}@example.com" for number in range(3)])
    work(LANE, times=1)
    assert mail_server.accepted == []
    assert set(QueuedMessage.objects.values_list("attempt", "claim_token", "handed_at")) == {(0, None, None)}
    entry = Agenda.objects.get(agenda_business_id=shop.pk, queue="send.sequence")
    assert timedelta(0) < entry.due_at - now() <= timedelta(seconds=1)


def test_the_worker_goes_on_with_other_businesses(shop, seasonal, garage, mail_server, settings):
    settings.SENDS_PER_SECOND_BUSINESS = 1
    with business_scope(garage):
        topic = make_topic()
        write_to(garage, topic, ["ben@example.com"])
    write_to(shop, seasonal, ["ana@example.com"])
    fill(Bucket(f"bucket:business:{garage.pk}", 1.0), at=1.0)  # long ago, so that it is full
    work(LANE, times=1)
    assert [mail.recipient for mail in mail_server.accepted] == ["ben@example.com"]
    assert Message.objects.get().state == "queued"


def test_one_that_was_not_served_is_not_behind_those_that_were(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_SECOND_BUSINESS = 1
    write_to(shop, seasonal, ["ana@example.com"])
    before = Agenda.objects.filter(agenda_business_id=shop.pk, queue="send.sequence").values_list(
        "served_at", flat=True
    )
    first = next(iter(before), None)
    work(LANE, times=1)
    entry = Agenda.objects.get(agenda_business_id=shop.pk, queue="send.sequence")
    kept = entry.served_at
    assert first is None or kept == first
    pass_time(0.0)
    Agenda.objects.filter(pk=entry.pk).update(due_at=now() - timedelta(seconds=1))
    without_tokens = Bucket(f"bucket:business:{shop.pk}", 1.0)
    take(100, at=None, shared=[without_tokens])
    work(LANE, times=1)
    assert mail_server.accepted == []
    assert Agenda.objects.get(pk=entry.pk).served_at == kept


def test_a_group_that_waits_leaves_the_queue_to_the_others(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_SECOND_RECEIVERS = 0.1
    for name in ("google", "other"):
        take(0, at=1.0, group=Bucket(f"bucket:receivers:platform:email:{name}", 0.1))  # long ago: there is one
    write_to(shop, seasonal, [*(f"p{number}@gmail.com" for number in range(4)), "ana@example.com"])
    work(LANE, times=1)
    assert sorted(mail.recipient for mail in mail_server.accepted) == ["ana@example.com", "p0@gmail.com"]
    waits = sorted((place.due_at - now()).total_seconds() for place in QueuedMessage.objects.all())
    assert [round(seconds) for seconds in waits] == [10, 20, 30]
    assert set(QueuedMessage.objects.values_list("attempt", "claim_token")) == {(0, None)}


def test_forty_letters_cost_one_round_trip_for_each_twenty(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_SECOND_BUSINESS = 1_000
    take(0, at=1.0, shared=[Bucket(f"bucket:business:{shop.pk}", 1_000.0)])
    write_to(shop, seasonal, ["ana@example.com"])
    client = redis.Redis.from_url(django_settings.CACHE_URL)

    work(LANE, times=1)  # the scripts are known from here on
    assert len(mail_server.accepted) == 1
    enroll_contacts(make_sequence(seasonal), [make_friend(seasonal, 100 + n).id for n in range(40)], source="staff")
    advance(now())
    with client.monitor() as wire:
        work(LANE, times=1)
        client.ping()
        heard = list(itertools.takewhile(lambda one: one["command"] != "PING", wire.listen()))
    assert len(mail_server.accepted) == 41
    mine = [
        one["command"]
        for one in heard
        if one["command"].startswith("EVALSHA") and shared_memory._prefix() in one["command"]
    ]
    # Of the letters: one for each twenty. Of the turn: breaker, token, slot taken and given back, and where a slow
    # machine takes long between two turns, that the account is quick. A Redis that is slow to answer is not asked on.
    assert 1 <= sum(":bucket:receivers:" in one for one in mine) <= 2
    assert len(mine) <= 5 + 2


# Breaker and rests


def test_rel_11_case_25_the_breaker_opens_after_five_in_a_row_for_every_worker(db):
    """CAMPAIGNS 4m case 25 for every worker."""
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(**TROUBLE)] * 4, at=START)
    assert theirs.ask(at=START) == (0.0, False)
    theirs.hear([outcome(**TROUBLE)], at=START)
    assert mine.seconds_left(at=START) == pytest.approx(60)
    assert mine.ask(at=START + 59)[0] == pytest.approx(1)


def test_one_good_answer_of_any_worker_begins_the_count_anew(db):
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(**TROUBLE)] * 4, at=START)
    theirs.ask(at=START)
    theirs.hear([outcome(verdict=Verdict.ACCEPTED, code=250)], at=START)
    mine.hear([outcome(**TROUBLE)] * 4, at=START)
    assert theirs.seconds_left(at=START) == 0


def test_rel_11_after_the_minute_one_worker_tries_with_one_message_and_its_answer_decides(db):
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(**TROUBLE)] * 5, at=START)
    assert theirs.ask(at=START + 61) == (0.0, True)
    assert mine.ask(at=START + 61)[0] == pytest.approx(60)
    theirs.hear([outcome(**TROUBLE)], at=START + 62)
    assert mine.seconds_left(at=START + 62) == pytest.approx(60)
    assert mine.ask(at=START + 123) == (0.0, True)
    mine.hear([outcome(verdict=Verdict.ACCEPTED, code=250)], at=START + 123)
    assert theirs.ask(at=START + 124) == (0.0, False)
    assert theirs.ask(at=START + 124) == (0.0, False)


def test_rel_11_a_worker_that_dies_while_it_tries_lets_another_try_a_minute_later(db):
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(**TROUBLE)] * 5, at=START)
    assert theirs.ask(at=START + 61)[1] is True
    assert mine.ask(at=START + 61 + 61) == (0.0, True)


def test_rel_21_without_redis_a_worker_goes_by_what_it_met_itself(db, settings):
    without_redis(settings)
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(**TROUBLE)] * 5)
    assert 59 < mine.seconds_left() <= 60
    assert theirs.seconds_left() == 0


def test_rel_10_a_rest_that_is_asked_for_is_kept_to_the_second_by_every_worker(db):
    mine, theirs = Breaker("tested"), Breaker("tested")
    mine.hear([outcome(code=429, retry_after_seconds=120)], at=START)
    assert theirs.seconds_left(at=START + 119) == pytest.approx(1)
    assert theirs.ask(at=START + 120) == (0.0, False)
    assert Breaker("another").seconds_left(at=START) == 0


def test_rel_10_case_9_only_the_account_that_asked_for_a_rest_slows_and_no_attempt_is_burnt(
    shop, seasonal, mail_server, settings
):
    """CAMPAIGNS 4m case 9 and 25: no attempt is burnt."""
    provider = SmsServer()
    settings.SMS_URL = provider.url
    forget_rests()
    numbers = [f"+1202555010{number}" for number in range(3)]
    for number in numbers:
        provider.script(number, 429, headers={"Retry-After": "90"})
    make_sender()
    people = [make_text_friend(seasonal, number, number) for number in numbers]
    enroll_contacts(make_text_sequence(seasonal), [person.id for person in people], source="staff")
    write_to(shop, seasonal, [f"p{number}@example.com" for number in range(12)])
    work(LANE)
    provider.stop()
    assert len(mail_server.accepted) == 12
    assert len(provider.asked) == 1
    assert set(QueuedMessage.objects.values_list("lane", "attempt", "claim_token")) == {("text", 0, None)}
    entry = Agenda.objects.get(agenda_business_id=shop.pk, queue="send.text")
    assert 85 < (entry.due_at - now()).total_seconds() <= 91
    assert breaker_of("platform:email").seconds_left() == 0
    forget_rests()


def test_a_receiver_that_asks_for_less_slows_its_group_alone(shop, seasonal, mail_server):
    mail_server.script("p0@gmail.com", Trouble("dot", "421 4.7.28 too many of you", times=1))
    write_to(shop, seasonal, ["p0@gmail.com", "p1@gmail.com", "ana@example.com"])
    work(LANE, times=1)
    google, other = (
        shared_memory._client(django_settings.CACHE_URL).hget(
            f"{shared_memory._prefix()}bucket:receivers:platform:email:{name}", "f"
        )
        for name in ("google", "other")
    )
    assert (float(google), other) == (0.5, None)


def test_sec_69_all_that_redis_knows_of_a_business_ends_by_itself(shop, seasonal, mail_server):
    mail_server.script("p0@gmail.com", Trouble("dot", "421 4.7.28 too many of you", times=1))
    mail_server.script("p1@example.org", Trouble("dot", "421 4.3.2 not now", times=1))
    write_to(shop, seasonal, ["p0@gmail.com", "p1@example.org", "ana@example.com"])
    work(times=2)
    breaker = breaker_of("own:one")
    for _trouble in range(12):
        breaker.hear([outcome(**TROUBLE)])
    redis_of_all = shared_memory._client(django_settings.CACHE_URL)
    keys = list(redis_of_all.scan_iter(match=f"{shared_memory._prefix()}*"))
    days = {key.decode().removeprefix(shared_memory._prefix()): redis_of_all.ttl(key) / 86_400 for key in keys}
    assert {name.partition(":")[0] for name in days} >= {"bucket", "breaker"}
    assert {name: left for name, left in days.items() if not 0 < left < 2 and not name.startswith("heartbeat")} == {}


# Slow accounts


def workers_of(account: Account, count: int, *, at: float, monkeypatch) -> list[bool]:
    """Whether each of so many worker processes may begin a turn with the account."""
    may = []
    for number in range(count):
        monkeypatch.setattr(delivery_limits.os, "getpid", lambda number=number: number)
        limits = open_limits(account, 1, LANE, channel="email", sender_address="")
        may.append(limits.open(at=at).seconds_left == 0)
    return may


def test_rel_13_a_slow_account_never_takes_more_than_a_quarter_of_the_workers(db, monkeypatch):
    quick, slow = Account("quick", "smtp://127.0.0.1:1"), Account("slow", "smtp://127.0.0.1:2")
    for number in range(16):
        monkeypatch.setattr(delivery_limits.os, "getpid", lambda number=number: number)
        limits = open_limits(quick, 1, LANE, channel="email", sender_address="")
        limits.open(at=START)
        limits.hear([], [outcome(verdict=Verdict.ACCEPTED, code=250)], 0.01, at=START)
        limits.close()
    assert sum(workers_of(slow, 16, at=START, monkeypatch=monkeypatch)) == 4
    assert workers_of(quick, 16, at=START, monkeypatch=monkeypatch) == [True] * 16


def test_rel_13_all_slow_accounts_together_leave_workers_for_the_others(db, monkeypatch):
    quick, slow = Account("quick", "smtp://127.0.0.1:1"), [Account(f"slow{n}", "smtp://127.0.0.1:2") for n in range(8)]
    for account in [quick, *slow]:
        for number in range(8):
            monkeypatch.setattr(delivery_limits.os, "getpid", lambda number=number: number)
            limits = open_limits(account, 1, LANE, channel="email", sender_address="")
            limits.open(at=START)
            seconds = 0.01 if account is quick else 30.0
            limits.hear([], [outcome(verdict=Verdict.ACCEPTED, code=250)], seconds, at=START)
            limits.close()
    began = [sum(workers_of(account, 8, at=START, monkeypatch=monkeypatch)) for account in slow]
    assert (max(began), sum(began)) == (2, 6)
    assert workers_of(quick, 8, at=START, monkeypatch=monkeypatch) == [True] * 8
    assert workers_of(Account("new", "smtp://127.0.0.1:3"), 1, at=START, monkeypatch=monkeypatch) == [True]


def test_rel_13_an_account_that_turns_slow_is_held_to_its_quarter_and_one_that_turns_quick_is_not(db, monkeypatch):
    account, other = Account("tested", "smtp://127.0.0.1:1"), Account("other", "smtp://127.0.0.1:2")
    workers_of(other, 8, at=START, monkeypatch=monkeypatch)
    limits = open_limits(account, 1, LANE, channel="email", sender_address="")
    limits.open(at=START)
    limits.hear([], [outcome(verdict=Verdict.ACCEPTED, code=250)] * 2, 0.1, at=START)
    limits.close()
    assert workers_of(account, 8, at=START + 1, monkeypatch=monkeypatch) == [True] * 8
    limits.hear([], [outcome(verdict=Verdict.ACCEPTED, code=250)], 30.0, at=START)
    assert sum(workers_of(account, 8, at=START + 60, monkeypatch=monkeypatch)) == 2


def test_rel_13_the_slot_of_a_dead_worker_is_free_before_its_letters_are(db, monkeypatch):
    account, other = Account("tested", "smtp://127.0.0.1:1"), Account("other", "smtp://127.0.0.1:2")
    workers_of(other, 4, at=START, monkeypatch=monkeypatch)
    assert sum(workers_of(account, 4, at=START, monkeypatch=monkeypatch)) == 1
    assert sum(workers_of(account, 4, at=START + 10, monkeypatch=monkeypatch)) == 0
    assert sum(workers_of(account, 4, at=START + 51, monkeypatch=monkeypatch)) == 1


def test_rel_13_workers_that_ended_are_soon_counted_no_more(db, monkeypatch):
    account, other = Account("tested", "smtp://127.0.0.1:1"), Account("other", "smtp://127.0.0.1:2")
    workers_of(other, 8, at=START, monkeypatch=monkeypatch)
    assert sum(workers_of(account, 2, at=START + 21, monkeypatch=monkeypatch)) == 1


def test_an_only_account_may_have_every_worker(db, monkeypatch):
    assert workers_of(MAIL, 8, at=START, monkeypatch=monkeypatch) == [True] * 8
