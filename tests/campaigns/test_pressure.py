"""How often a person is written to: places at the gate, the one move, and what is exempt."""

import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.gateways.smtp import open_gateway
from campaigns.models import ChannelRule, Message, Pressure, QueuedMessage
from campaigns.queries.pressure import Measure, Place, first_room, has_room
from campaigns.queries.quiet_clock import Clocks, week_of
from campaigns.queries.quiet_clock import Place as Somewhere
from campaigns.services import delivery
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import cancel_open_messages, plan_message
from campaigns.services.pressure_merges import join_rings
from campaigns.services.proofs import wrong_counts
from campaigns.services.rendering import compile_content
from campaigns.services.sequences import pause_sequence
from campaigns.services.unknown import decide_unknown
from contacts.models import ConsentState, Contact, Topic
from contacts.services.merging import merge_contacts, undo_merge
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import DAY, make_friend, make_letter, make_sequence, pass_time, work
from tests.factories.permission import make_business, make_topic, say_yes
from tests.smtp_server import DROP_AFTER, Trouble

WEEK = timedelta(days=7)
BASE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def generous(shop) -> Topic:
    """A topic whose own promise stands in nobody's way."""
    return make_topic("Bread news", promised_count=31, promised_days=30)


@pytest.fixture
def ana(generous) -> Contact:
    return make_friend(generous)


def allow(count: int, days: int = 7, channel: str = "email") -> None:
    """The rule of the business for a channel."""
    ChannelRule.objects.update_or_create(channel=channel, defaults={"most_count": count, "most_days": days})


def news(contact: Contact, topic: Topic, number: int = 0, **values) -> Message:
    """A letter to many, for one of them."""
    version = compile_content(make_letter(f"News {number}"), topic=topic)
    given = {"message_class": "marketing", "lane": "broadcast", "content_version": version, **values}
    return plan_message(
        idem_key=f"b:{number}:{contact.id}",
        contact=contact,
        topic=topic,
        address=contact.primary_email,
        address_hash=address_hash("email", contact.primary_email),
        merge={},
        **given,
    )


def outcomes() -> list[tuple[str, str]]:
    """State and the reason for holding back of every message, in the order they were planned."""
    return list(Message.objects.order_by("id").values_list("state", "held_by"))


def ring(contact: Contact) -> Pressure:
    return Pressure.objects.get(id=contact.id)


def slack(moment: datetime, expected: datetime) -> bool:
    return abs((moment - expected).total_seconds()) < 30


# The measure


def test_mission_41_the_fourth_letter_in_a_week_is_held_back_and_reported(shop, ana, generous, mail_server):
    for number in range(4):
        news(ana, generous, number)
    work()
    assert len(mail_server.accepted) == 3
    assert outcomes() == [("accepted", "")] * 3 + [("deferred", "rule")]
    held = Message.objects.get(held_by="rule")
    assert held.reason == "had_enough"
    assert QueuedMessage.objects.get().due_at == held.due_at
    first = min(ring(ana).taken_at)
    assert held.due_at == first + WEEK


@pytest.mark.parametrize("reason", ["resent", "while_away"])
def test_a_letter_that_is_moved_keeps_what_must_not_be_forgotten_of_it(shop, ana, generous, mail_server, reason):
    for number in range(4):
        news(ana, generous, number)
    Message.objects.filter(state="queued").update(reason=reason)
    work()
    held = Message.objects.get(held_by="rule")
    assert (held.state, held.reason) == ("deferred", reason)


@pytest.mark.parametrize("has_ring", [True, False])
def test_what_either_record_got_counts_for_the_one_that_they_are_made(shop, generous, mail_server, has_ring):
    ana, anna = make_friend(generous), make_friend(generous, 1)
    for number in range(2):
        news(anna, generous, number)
    if has_ring:
        news(ana, generous, 7)
    work()
    made = merge_contacts(ana.pk, anna.pk, choices={}, actor=None, now=now())
    assert len(ring(ana).message_ids) == len(set(ring(ana).message_ids)) == 2 + has_ring
    join_rings(ana.pk, anna.pk)
    for number in range(2):
        news(ana, generous, 10 + number)
    work()
    assert len(mail_server.accepted) == 3
    assert len(ring(ana).message_ids) == len(ring(ana).taken_at) == len(ring(ana).topic_ids)
    undo_merge(made.pk, actor=None, now=now())
    news(anna, generous, 20)
    news(anna, generous, 21)
    work()
    assert [held for _state, held in outcomes()].count("rule") == (2 if has_ring else 1) + 1


def test_the_promise_of_a_topic_counts_as_a_measure(shop, mail_server):
    topic = make_topic("Offers", promised_count=1, promised_days=30)
    bea = make_friend(topic)
    news(bea, topic, 1)
    news(bea, topic, 2)
    work()
    assert outcomes() == [("accepted", ""), ("deferred", "promise")]
    held = Message.objects.get(held_by="promise")
    assert held.reason == "promise_kept"
    assert held.due_at == min(ring(bea).taken_at) + timedelta(days=30)


def test_letters_of_another_topic_do_not_use_up_a_promise(shop, ana, generous, mail_server):
    offers = make_topic("Offers", promised_count=1, promised_days=30)
    say_yes(ana, offers)
    news(ana, generous, 1)
    news(ana, offers, 2)
    work()
    assert outcomes() == [("accepted", ""), ("accepted", "")]


def test_a_held_letter_goes_when_its_time_has_come_and_is_moved_once(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    news(ana, generous, 2)
    work()
    pass_time(7 * DAY + 1)
    work()
    assert len(mail_server.accepted) == 2
    assert outcomes() == [("accepted", ""), ("accepted", "rule")]


def test_case_15_two_sequences_and_a_broadcast_of_one_second_with_a_measure_of_one(shop, ana, generous, mail_server):
    """CAMPAIGNS 4m case 15."""
    allow(1)
    moment = now()
    for _number in range(2):
        enroll_contacts(make_sequence(generous), [ana.id], source="staff")
    news(ana, generous, 9, due_at=moment)
    work()
    work()
    states = sorted(outcomes())
    assert states == [("accepted", ""), ("deferred", "rule"), ("deferred", "rule")]
    assert len(mail_server.accepted) == 1
    assert wrong_counts() == []
    first = min(ring(ana).taken_at)
    due = sorted(QueuedMessage.objects.values_list("due_at", flat=True))
    assert due == [first + WEEK, first + 2 * WEEK]
    attempts = list(QueuedMessage.objects.values_list("attempt", flat=True))
    pass_time(DAY)
    work()
    # Not looked at before: no polling, no loop.
    assert list(QueuedMessage.objects.values_list("attempt", flat=True)) == attempts == [0, 0]
    for _week in range(2):
        pass_time(7 * DAY)
        work()
    assert len(mail_server.accepted) == 3


def test_of_one_handful_the_most_promised_letter_goes_first(shop, mail_server):
    promised = make_topic("A course", promised_count=31, promised_days=30, message_class="relationship")
    bea = make_friend(promised)
    allow(1)
    moment = now()
    news(bea, promised, 1, due_at=moment - timedelta(seconds=20), message_class="marketing")
    news(bea, promised, 2, due_at=moment - timedelta(seconds=10), message_class="relationship")
    news(bea, promised, 3, due_at=moment - timedelta(seconds=30), message_class="marketing")
    work()
    assert [state for state, _held in outcomes()] == ["deferred", "accepted", "deferred"]
    # Of the two that wait, the one that was due earlier goes earlier.
    second, third = (Message.objects.get(idem_key__startswith=f"b:{number}:").due_at for number in (1, 3))
    assert third < second


def test_the_last_place_is_left_to_what_was_promised_more_in_another_lane(shop, ana, generous, mail_server):
    allow(2)
    offer = news(ana, generous, 1)
    work("broadcast")
    # One place is left, and a letter of a sequence is due as well: its worker has not come yet.
    second = news(ana, generous, 2)
    enroll_contacts(make_sequence(generous), [ana.id], source="staff")
    advance(now())
    work("broadcast")
    second.refresh_from_db()
    assert (second.state, second.held_by) == ("deferred", "rule")
    assert second.due_at == ring(ana).taken_at[ring(ana).message_ids.index(offer.id)] + WEEK
    work()
    assert [mail.recipient for mail in mail_server.accepted] == [ana.primary_email] * 2
    assert Message.objects.get(lane="sequence").state == "accepted"


def test_the_place_that_was_left_to_a_rival_is_free_once_the_rival_is_called_off(shop, ana, generous, mail_server):
    allow(1)
    Pressure.objects.create(id=ana.id, taken_at=[], channels=[], topic_ids=[], message_ids=[])
    sequence = make_sequence(generous)
    enroll_contacts(sequence, [ana.id], source="staff")
    advance(now())
    first = news(ana, generous, 1)
    work("broadcast")
    first.refresh_from_db()
    rival = Message.objects.get(lane="sequence")
    assert (first.state, mail_server.accepted) == ("deferred", [])
    assert rival.id in ring(ana).message_ids
    cancel_open_messages(sequence_id=sequence.id, reason="sequence_ended")
    assert ring(ana).message_ids == [first.id]
    # The one that made room keeps the time it was moved to; a later one is not held for the one that is gone.
    cancel_open_messages(contact_id=ana.id, reason="deleted")
    assert ring(ana).message_ids == []
    news(ana, generous, 2)
    work("broadcast")
    assert len(mail_server.accepted) == 1


def test_the_place_that_was_left_to_a_rival_is_free_once_the_rival_expires_or_is_set_aside(
    shop, ana, generous, mail_server
):
    allow(1)
    Pressure.objects.create(id=ana.id, taken_at=[], channels=[], topic_ids=[], message_ids=[])
    for number, ending in enumerate(("expired", "parked")):
        enroll_contacts(make_sequence(generous), [ana.id], source="staff")
        advance(now())
        first = news(ana, generous, 2 * number)
        work("broadcast")
        first.refresh_from_db()
        rival = Message.objects.get(lane="sequence", state="queued")
        assert (first.state, mail_server.accepted) == ("deferred", [])
        assert set(ring(ana).message_ids) == {rival.id, first.id}
        if ending == "expired":
            Message.objects.filter(id=rival.id).update(expires_at=now() - timedelta(seconds=1))
        else:
            QueuedMessage.objects.filter(id=rival.id).update(attempt=6)
        work("sequence")
        rival.refresh_from_db()
        assert rival.state == ending
        assert ring(ana).message_ids == [first.id]
        cancel_open_messages(contact_id=ana.id, reason="deleted")
        assert ring(ana).message_ids == []


def test_nothing_yields_to_a_letter_of_a_sequence_that_is_paused(shop, ana, generous, mail_server):
    allow(1)
    sequence = make_sequence(generous)
    enroll_contacts(sequence, [ana.id], source="staff")
    advance(now())
    pause_sequence(sequence)
    Pressure.objects.create(id=ana.id, taken_at=[], channels=[], topic_ids=[], message_ids=[])
    news(ana, generous, 1)
    work("broadcast")
    assert Message.objects.get(lane="broadcast").state == "accepted"


def test_a_letter_that_would_be_too_late_is_skipped(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    news(ana, generous, 2, expires_at=now() + timedelta(days=6))
    work()
    late = Message.objects.get(state="skipped")
    assert (late.reason, late.held_by) == ("had_enough", "")
    assert not QueuedMessage.objects.exists()


def test_a_letter_that_lost_its_place_after_its_one_move_is_let_go(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    moved = news(ana, generous, 2)
    work()
    pass_time(7 * DAY + 1)
    # Its place is gone, as after a definite no, and somebody else was quicker.
    Pressure.objects.update(taken_at=[now()], channels=["email"], topic_ids=[generous.id], message_ids=[uuid4()])
    work()
    moved.refresh_from_db()
    assert (moved.state, moved.reason, moved.held_by) == ("skipped", "had_enough", "rule")
    assert len(mail_server.accepted) == 1


# What is exempt, and what gives a place back


def test_case_44_a_test_letter_of_ones_own_takes_no_place_and_needs_none(shop, ana, generous, mail_server):
    """CAMPAIGNS 4m case 44."""
    allow(1)
    news(ana, generous, 1, is_test=True)
    work()
    assert not Pressure.objects.exists()
    news(ana, generous, 2)
    news(ana, generous, 3, is_test=True)
    work()
    assert [state for state, _held in outcomes()] == ["accepted"] * 3
    assert len(ring(ana).message_ids) == 1
    assert wrong_counts() == []


def test_what_somebody_needs_goes_whatever_they_were_sent(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    work()
    words = {"topics": [{"name": "Bread", "promise": "Two a month"}]}
    plan_message(
        idem_key="t:1",
        message_class="transactional",
        lane="transactional",
        template="receipt",
        contact=ana,
        address=ana.primary_email,
        address_hash=address_hash("email", ana.primary_email),
        merge=words,
    )
    work()
    assert [state for state, _held in outcomes()] == ["accepted", "accepted"]
    assert len(ring(ana).message_ids) == 1


@pytest.mark.parametrize(("answer", "state"), [("450 4.2.1 later", "queued"), ("554 5.7.1 no thanks", "failed")])
def test_a_definite_no_gives_the_place_back(shop, ana, generous, mail_server, answer, state):
    allow(1)
    mail_server.script(ana.primary_email, Trouble("rcpt", answer, times=1))
    news(ana, generous, 1)
    work()
    assert outcomes() == [(state, "")]
    assert ring(ana).message_ids == []
    news(ana, generous, 2)
    work()
    assert outcomes() == [(state, ""), ("accepted", "")]


def test_what_nobody_knows_keeps_its_place_and_sent_again_takes_no_second(shop, ana, generous, mail_server):
    allow(1)
    mail_server.script(ana.primary_email, Trouble("dot", DROP_AFTER, times=1))
    unknown = news(ana, generous, 1)
    work()
    assert outcomes() == [("unknown", "")]
    assert ring(ana).message_ids == [unknown.id]
    decide_unknown(unknown.id, sends_again=True)
    work()
    assert outcomes() == [("accepted", "")]
    assert ring(ana).message_ids == [unknown.id]


@pytest.mark.parametrize(("count", "held_by"), [(3, "rule"), (31, "promise")])
def test_sent_again_after_its_window_it_is_measured_like_any_other(shop, ana, generous, mail_server, count, held_by):
    """A place of last week opens no fourth one in this."""
    allow(count)
    promised = 3 if held_by == "promise" else 31
    Topic.objects.filter(id=generous.id).update(promised_count=promised, promised_days=7)
    mail_server.script(ana.primary_email, Trouble("dot", DROP_AFTER, times=1))
    unknown = news(ana, generous, 1)
    work()
    pass_time(8 * DAY)
    for number in range(2, 5):
        news(ana, generous, number)
    work()
    assert outcomes() == [("unknown", "")] + [("accepted", "")] * 3
    decide_unknown(unknown.id, sends_again=True)
    work()
    assert outcomes() == [("deferred", held_by)] + [("accepted", "")] * 3
    assert ring(ana).message_ids.count(unknown.id) == 1
    pass_time(7 * DAY + 1)
    work()
    assert [state for state, _held in outcomes()] == ["accepted"] * 4


def put_off(message: Message, days: float) -> None:
    """As by a pause of its sequence: it waits on, past the place that it was moved to."""
    QueuedMessage.objects.filter(id=message.id).update(due_at=now() + timedelta(days=days))


def test_a_moved_letter_that_missed_its_place_by_its_window_is_measured_anew(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    moved = news(ana, generous, 2)
    work()
    put_off(moved, 15)
    pass_time(15 * DAY - 60)
    third = news(ana, generous, 3)
    work()
    third.refresh_from_db()
    assert third.state == "accepted"
    pass_time(120)
    work()
    moved.refresh_from_db()
    assert (moved.state, moved.reason) == ("skipped", "had_enough")
    assert moved.id not in ring(ana).message_ids


@pytest.mark.parametrize(("late", "state"), [(0.01, "accepted"), (6, "skipped")])
def test_who_leaves_days_after_its_place_leaves_less_room_for_the_next(shop, ana, generous, mail_server, late, state):
    """A quarter of an hour harms nobody; by six days the two would meet within one."""
    allow(1)
    for number in range(1, 4):
        news(ana, generous, number)
    work()
    first, second, third = Message.objects.order_by("id")
    assert (first.state, second.state, third.state) == ("accepted", "deferred", "deferred")
    put_off(second, 7 + late)
    pass_time((7 + late) * DAY + 1)
    work()
    second.refresh_from_db()
    assert second.state == "accepted"
    pass_time((7 - late) * DAY + 1)
    work()
    third.refresh_from_db()
    assert third.state == state


def test_what_a_dead_worker_handed_over_and_did_not_begin_keeps_its_place(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    token = uuid4()
    claimed = claim_messages("broadcast", token=token, now=now(), count=20)
    assert [passage.state for passage in pass_gate(claimed, token=token).values()] == ["handed"]
    pass_time(61)
    work()
    assert outcomes() == [("accepted", "")]
    assert len(ring(ana).message_ids) == 1


def test_a_letter_called_off_before_its_time_gives_its_place_back(shop, ana, generous, mail_server):
    allow(1)
    news(ana, generous, 1)
    held = news(ana, generous, 2)
    work()
    assert held.id in ring(ana).message_ids
    cancel_open_messages(contact_id=ana.id, reason="left")
    assert held.id not in ring(ana).message_ids
    assert len(ring(ana).message_ids) == 1


def test_case_38_a_yes_that_ran_out_while_the_letter_was_held_back_stops_it(shop, ana, generous, mail_server):
    """CAMPAIGNS 4m case 38."""
    allow(1)
    news(ana, generous, 1)
    held = news(ana, generous, 2)
    work()
    ConsentState.objects.update(expires_at=now() + timedelta(seconds=1))
    pass_time(7 * DAY + 5)
    ConsentState.objects.update(expires_at=now() - timedelta(seconds=1))
    work()
    held.refresh_from_db()
    assert (held.state, held.reason) == ("skipped", "expired")
    assert held.id not in ring(ana).message_ids
    assert len(mail_server.accepted) == 1


# Two at once


def test_the_places_of_another_business_are_not_ours(shop, ana, generous, garage, mail_server):
    news(ana, generous, 1)
    work()
    with business_scope(garage):
        assert not Pressure.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_case_15_two_workers_one_person_and_one_place_send_one_letter(mail_server, is_known):
    bakery = make_business("Oat & Ember")
    with business_scope(bakery):
        topic = make_topic("Bread news", promised_count=31, promised_days=30)
        people = [make_friend(topic, number) for number in range(8)]
        allow(1)
        if is_known:
            Pressure.objects.bulk_create(
                [Pressure(id=one.id, taken_at=[], channels=[], topic_ids=[], message_ids=[]) for one in people]
            )
        for number, lane in enumerate(("broadcast", "sequence")):
            for person in people if number else reversed(people):
                news(person, topic, number, lane=lane)
    start = threading.Barrier(2)

    def send(lane: str) -> None:
        with closing(connection):
            gateway = open_gateway(django_settings.EMAIL_URL)
            start.wait()
            delivery.deliver(bakery.pk, lane, now=now(), gateway=gateway)
            gateway.close()

    workers = [threading.Thread(target=send, args=(lane,)) for lane in ("broadcast", "sequence")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(mail.recipient for mail in mail_server.accepted) == sorted(one.primary_email for one in people)
    with business_scope(bakery):
        assert sorted(outcomes()) == [("accepted", "")] * 8 + [("deferred", "rule")] * 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_case_15_whoever_comes_second_waits_for_the_ring_and_then_sees_the_place_taken(is_known):
    bakery = make_business("Oat & Ember")
    tokens = [uuid4(), uuid4()]
    with business_scope(bakery):
        topic = make_topic("Bread news", promised_count=31, promised_days=30)
        allow(1)
        bea = make_friend(topic)
        if is_known:
            Pressure.objects.create(id=bea.id, taken_at=[], channels=[], topic_ids=[], message_ids=[])
        claims = []
        for number, token in enumerate(tokens):
            news(bea, topic, number)
            claims.append(claim_messages("broadcast", token=token, now=now(), count=1))
    said: list[str] = []

    def second() -> None:
        with closing(connection):
            passages = pass_gate(claims[1], token=tokens[1], business_id=bakery.pk)
            said.extend(passage.state for passage in passages.values())

    worker = threading.Thread(target=second)
    with business_scope(bakery):
        first = pass_gate(claims[0], token=tokens[0], business_id=bakery.pk)
        worker.start()
        deadline = time.monotonic() + 10
        while not rows("SELECT 1 FROM pg_locks WHERE NOT granted") and time.monotonic() < deadline:
            time.sleep(0.01)
    worker.join()
    assert [passage.state for passage in first.values()] == ["handed"]
    assert said == ["deferred"]


# The first free place


def always(moment: datetime) -> datetime:
    return moment


def test_a_place_is_free_exactly_when_a_letter_leaves_the_window():
    places = [Place(BASE - timedelta(days=days), uuid4(), uuid4()) for days in (1, 2, 6)]
    assert first_room(places, [Measure(3, 7)], BASE, always) == BASE + timedelta(days=1)
    assert first_room(places, [Measure(4, 7)], BASE, always) == BASE
    assert first_room(places, [Measure(1, 7)], BASE, always) == BASE + timedelta(days=6)


letters = st.lists(st.tuples(st.integers(0, 40 * 24 * 60), st.integers(0, 1)), min_size=1, max_size=25)
measures = st.tuples(st.integers(1, 4), st.integers(1, 10), st.integers(1, 3), st.integers(1, 20))


@examples(max_examples=150)
@given(letters, measures, st.integers(0, 22), st.integers(1, 24))
def test_no_measure_is_ever_exceeded_in_any_window_and_nothing_is_moved_twice(asked, limits, opens, length):
    topics = [uuid4(), uuid4()]
    most, days, promised, promised_days = limits
    rule, promises = Measure(most, days), [Measure(promised, promised_days, topic) for topic in topics]
    closes = min(24, opens + length) * 60
    clocks = Clocks((Somewhere("America/New_York", week_of(opens * 60, closes)),))
    places: list[Place] = []
    for minute, which in sorted(asked):
        moment = BASE + timedelta(minutes=minute)
        given_to = [rule, promises[which]]
        at = first_room(places, given_to, moment, lambda when: clocks.next_open(when) or when)
        assert at >= moment
        assert clocks.is_open(at)
        # Asked for once more at that moment it goes at once: there is no second move.
        assert has_room(places, given_to, at)
        places.append(Place(at, topics[which], uuid4()))
    for measure in [rule, *promises]:
        times = sorted(one.at for one in places if measure.topic_id in (None, one.topic_id))
        for number in range(len(times) - measure.count):
            assert times[number + measure.count] - times[number] >= measure.span
