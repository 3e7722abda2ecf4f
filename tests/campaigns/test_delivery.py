"""Delivery: the gate, the answers of a provider, leases and tokens, and what is written down."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.gateways.base import Outcome, Verdict
from campaigns.gateways.smtp import open_gateway
from campaigns.models import Message, MessageClaim, QueuedMessage, Sequence, SequenceVersion, Signup
from campaigns.queries.sequences import steps_with_numbers
from campaigns.services import delivery, delivery_lease, delivery_turn
from campaigns.services.advancing import advance
from campaigns.services.delivery_breaker import breaker_of
from campaigns.services.delivery_claims import claim_messages, give_back, next_due
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_marks import open_mark
from campaigns.services.delivery_results import Result, record_results, result_of
from campaigns.services.delivery_sweep import resend_unknown, sweep_messages
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from campaigns.services.proofs import lost_places
from campaigns.services.rendering import compile_content, merge_of_contact
from campaigns.services.sequences import pause_sequence
from campaigns.services.unknown import decide_unknown
from contacts.models import Contact, Interaction, Suppression
from contacts.services.consent import withdraw_consent
from contacts.services.suppression import suppress_address
from ecosystem.base import faults
from ecosystem.base.addresses import address_hash, address_hashes
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, Tally
from tests.factories.campaigns import make_friend, make_letter, make_sequence, pass_time, states_of, work
from tests.factories.permission import make_person
from tests.smtp_server import DROP_AFTER, Trouble

LANE = "sequence"


@pytest.fixture
def friends(shop, seasonal):
    """Three people on a sequence's way, whose first letter is queued."""
    people = [make_friend(seasonal, number) for number in range(3)]
    sequence = make_sequence(seasonal)
    enroll_contacts(sequence, [person.id for person in people], source="staff")
    write_letters()
    return people


def write_letters() -> None:
    """Write the messages that are due, without sending them."""
    advance(now())


def plan(contact: Contact | None = None, *, key: str = "t:1", address: str = "ana@example.com", **values) -> Message:
    """A message that somebody needs now."""
    given = {"template": "receipt", "merge": {"topics": [{"name": "Bread", "promise": "Two a month"}]}, **values}
    return plan_message(
        idem_key=key,
        message_class="transactional",
        lane="transactional",
        contact=contact,
        address=address,
        address_hash=address_hash("email", address),
        **given,
    )


def reasons() -> list[tuple[str, str]]:
    """State and reason of every message, oldest first."""
    return list(Message.objects.order_by("id").values_list("state", "reason"))


def send(business: Business, lane: str = LANE) -> int:
    """One turn of the dispatcher."""
    gateway = open_gateway(django_settings.EMAIL_URL)
    try:
        return delivery.deliver(business.pk, lane, now=now(), gateway=gateway)
    finally:
        gateway.close()


# One intent, once


def test_rel_01_planning_twice_is_one_message(shop):
    """REL-01: the key of an intent makes it one."""
    first, again = plan(), plan()
    assert first == again
    assert Message.objects.count() == 1


def test_a_sent_letter_stands_in_the_timeline_and_in_the_counts(shop, friends, mail_server):
    assert send(shop) == 3
    assert states_of(Message) == ["accepted"] * 3
    assert Interaction.objects.filter(kind="message_sent").count() == 3
    message = Message.objects.earliest("id")
    assert message.attempt == 1
    assert message.handed_at <= message.accepted_at
    assert (QueuedMessage.objects.count(), MessageClaim.objects.count()) == (0, 0)
    assert send(shop) == 0
    assert len(mail_server.accepted) == 3


def test_a_test_letter_touches_no_count_and_no_timeline(shop, seasonal, mail_server):
    version = compile_content(make_letter(), topic=seasonal)
    ana = make_person()
    before = Tally.objects.count()
    plan(ana, content_version=version, template="", topic=seasonal, is_test=True, merge=merge_of_contact(ana))
    work("transactional")
    assert states_of(Message) == ["accepted"]
    assert Interaction.objects.filter(kind="message_sent").count() == 0
    assert Tally.objects.count() == before


def test_sending_forty_costs_the_statements_of_two_sub_batches(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal)
    counts = {}
    for size, start in ((20, 0), (40, 100)):
        people = [make_friend(seasonal, start + number) for number in range(size)]
        enroll_contacts(sequence, [person.id for person in people], source="staff")
        write_letters()
        with CaptureQueriesContext(connection) as queries:
            assert send(shop) == size
        counts[size] = len(queries)
    assert counts[40] - counts[20] <= 30


# The gate


def test_rel_15_case_11_unsubscribing_between_claim_and_gate_is_honoured(shop, seasonal, friends, mail_server):
    """CAMPAIGNS 4m case 11, between claim and gate."""
    token = uuid4()
    claimed = claim_messages(LANE, token=token, now=now(), count=20)
    assert len(claimed) == 3
    withdraw_consent(friends[1], channel="email", topic=seasonal, source="unsubscribe")
    passages = pass_gate(claimed, token=token)
    gone = Message.objects.get(contact=friends[1])
    assert gone.id not in passages
    assert (gone.state, gone.reason) == ("cancelled", "left")
    assert sorted(passage.state for passage in passages.values()) == ["handed", "handed"]


def test_rel_15_a_stop_without_any_message_called_off_is_seen_by_the_gate(shop, seasonal, friends, mail_server):
    hashes = address_hashes("email", friends[0].primary_email)
    suppress_address(channel="email", hashes=hashes, topic=None, reason=Suppression.Reason.COMPLAINED)
    send(shop)
    assert len(mail_server.accepted) == 2
    assert Message.objects.get(contact=friends[0]).reason == "complained"


def test_case_32_what_was_said_yes_to_with_another_address_is_not_sent(shop, friends, mail_server):
    """CAMPAIGNS 4m case 32."""
    Contact.objects.filter(id=friends[0].id).update(primary_email="new@example.com")
    send(shop)
    assert Message.objects.get(contact=friends[0]).reason == "other_address"
    assert sorted(mail.recipient for mail in mail_server.accepted) == ["friend1@example.com", "friend2@example.com"]


def test_rel_15_a_paused_business_sends_nothing_and_loses_nothing(shop, friends, mail_server):
    BusinessProfile.objects.update(sending_paused_at=now())
    send(shop)
    assert reasons() == [("deferred", "business_paused")] * 3
    assert set(Message.objects.values_list("attempt", flat=True)) == {0}
    work(LANE)
    BusinessProfile.objects.update(sending_paused_at=None)
    pass_time(301)
    work(LANE)
    assert states_of(Message) == ["accepted"] * 3
    assert len(mail_server.accepted) == 3


def test_a_closed_business_sends_nothing(shop, friends, mail_server):
    Business.objects.filter(pk=shop.pk).update(state="closed")
    send(shop)
    assert reasons() == [("skipped", "business_closed")] * 3


def test_a_deleted_person_gets_nothing(shop, friends, mail_server):
    Contact.objects.filter(id=friends[0].id).update(deleted_at=now())
    send(shop)
    assert Message.objects.get(contact=friends[0]).reason == "contact_gone"
    assert len(mail_server.accepted) == 2


def test_a_confirmation_goes_only_while_it_is_asked_for(shop, mail_server):
    signup = Signup.objects.create(email="ana@example.com", address_hash=address_hash("email", "ana@example.com"))
    plan(key="o:1", template="confirm_signup", signup=signup)
    plan(key="o:2", template="confirm_signup", signup=signup)
    later = Message.objects.get(idem_key="o:2")
    QueuedMessage.objects.filter(id=later.id).update(due_at=now() + timedelta(minutes=1))
    work("transactional")
    Signup.objects.update(state="confirmed")
    pass_time(61)
    work("transactional")
    assert reasons() == [("accepted", ""), ("skipped", "confirmed_already")]
    assert len(mail_server.accepted) == 1
    assert b"/c/" in mail_server.accepted[0].body


@pytest.mark.parametrize("reason", ["bounced", "complained"])
def test_nobody_asks_an_address_to_confirm_that_bounced_or_complained(shop, mail_server, reason):
    suppress_address(
        channel="email",
        hashes=address_hashes("email", "ana@example.com"),
        topic=None,
        reason=Suppression.Reason(reason),
    )
    signup = Signup.objects.create(email="ana@example.com", address_hash=address_hash("email", "ana@example.com"))
    plan(key="o:1", template="confirm_signup", signup=signup)
    work("transactional")
    assert reasons() == [("skipped", reason)]
    assert mail_server.accepted == []


def test_rel_34_a_letter_past_its_time_is_not_sent(shop, mail_server):
    """CAMPAIGNS 4m case 18: late letters expire."""
    plan(expires_at=now() - timedelta(seconds=1))
    work("transactional")
    assert reasons() == [("expired", "too_late")]
    assert mail_server.accepted == []


# What a provider answers


def test_a_letter_that_cannot_be_made_is_skipped_alone(shop, friends, mail_server):
    broken = Message.objects.get(contact=friends[1])
    Contact.objects.filter(id=friends[1].id).update(primary_email="no address at all")
    Message.objects.filter(id=broken.id).update(
        address="no address at all", message_class="transactional", contact=None
    )
    assert send(shop) == 2
    broken.refresh_from_db()
    assert broken.state == "skipped"
    assert len(mail_server.accepted) == 2


def test_case_8_a_temporary_refusal_is_tried_again_a_minute_later(shop, friends, mail_server):
    """CAMPAIGNS 4m case 8, 450."""
    mail_server.script("friend0@example.com", Trouble("rcpt", "450 4.2.1 later", times=1))
    assert send(shop) == 2
    waiting = Message.objects.get(contact=friends[0])
    assert (waiting.state, waiting.attempt, waiting.handed_at) == ("queued", 1, None)
    assert timedelta(seconds=40) < waiting.due_at - now() < timedelta(seconds=80)
    pass_time(80)
    assert send(shop) == 1
    assert states_of(Message) == ["accepted"] * 3


@pytest.mark.parametrize(("answered", "seconds"), enumerate([60, 300, 1_800, 7_200, 28_800], start=1))
def test_rel_11_each_refusal_waits_longer_and_never_all_at_once(answered, seconds):
    """Four workers that died at it in between change nothing."""
    message = Message(
        id=uuid7(), address="ana@example.com", channel="email", attempt=answered + 5, answered=answered - 1
    )
    refused = Outcome(message.id, Verdict.REFUSED_TEMPORARY, 450, "4.2.1 later")
    assert result_of(message, refused).state == "queued"
    waits = {result_of(message, refused).wait_seconds for _time in range(200)}
    assert min(waits) >= round(seconds * 0.8)
    assert max(waits) <= round(seconds * 1.2)
    assert len(waits) > 10


def test_rel_11_a_letter_is_not_tried_again_after_its_day(shop, friends, mail_server):
    mail_server.script("*", Trouble("rcpt", "450 4.2.1 later"))
    Message.objects.filter(contact=friends[0]).update(expires_at=now() + timedelta(seconds=30))
    send(shop)
    assert Message.objects.get(contact=friends[0]).state == "expired"
    assert not QueuedMessage.objects.filter(id=Message.objects.get(contact=friends[0]).id).exists()
    assert set(Message.objects.exclude(contact=friends[0]).values_list("state", flat=True)) == {"queued"}


def test_case_8_an_address_that_does_not_exist_is_never_written_to_again(shop, friends, mail_server):
    """CAMPAIGNS 4m case 8, 550."""
    mail_server.script("friend0@example.com", Trouble("rcpt", "550 5.1.1 no such user"))
    assert send(shop) == 2
    assert Message.objects.get(contact=friends[0]).state == "bounced"
    assert Suppression.objects.get().reason == "bounced"
    assert friends[0].points.get().bounced_at is not None


def test_a_final_refusal_is_not_tried_again(shop, friends, mail_server):
    mail_server.script("friend0@example.com", Trouble("dot", "554 5.7.1 no thanks"))
    assert send(shop) == 2
    refused = Message.objects.get(contact=friends[0])
    assert (refused.state, refused.reason) == ("failed", "554 5.7.1 no thanks")
    assert Suppression.objects.count() == 0


def test_sec_10_what_a_provider_says_of_a_letter_is_kept_without_whom_it_was_for(shop, friends, mail_server):
    mail_server.script(
        "friend0@example.com", Trouble("dot", "554 5.7.1 <Friend0@example.com>: not welcome, +1 212 555 0142")
    )
    assert send(shop) == 2
    refused = Message.objects.get(contact=friends[0])
    assert refused.reason == "554 5.7.1 <***@***>: not welcome, ***"


def test_case_7_a_line_cut_after_the_last_dot_is_not_known_and_never_sent_again(shop, seasonal, friends, mail_server):
    """CAMPAIGNS 4m case 7."""
    mail_server.script("friend1@example.com", Trouble("dot", DROP_AFTER))
    assert send(shop) == 2
    unknown = Message.objects.get(contact=friends[1])
    assert (unknown.state, unknown.reason) == ("unknown", "no_answer")
    pass_time(24 * 3600)
    work(LANE)
    assert len(mail_server.accepted) == 3
    letter = steps_with_numbers(unknown.sequence)[0]
    assert (letter.sent, letter.unknown) == (2, 1)


def test_the_owner_decides_about_what_is_not_known(shop, friends, mail_server):
    mail_server.script("*", Trouble("dot", DROP_AFTER, times=1))
    send(shop)
    unknown = Message.objects.get(state="unknown")
    decide_unknown(unknown.id, sends_again=True)
    decide_unknown(unknown.id, sends_again=True)
    work(LANE)
    unknown.refresh_from_db()
    assert unknown.state == "accepted"
    ids = [mail.message_id for mail in mail_server.accepted]
    assert (len(ids), len(set(ids))) == (4, 3)


def test_case_7_what_somebody_needs_goes_once_more_with_the_same_id_after_a_quarter_of_an_hour(shop, mail_server):
    """CAMPAIGNS 4m case 7 for what somebody needs now."""
    mail_server.script("ana@example.com", Trouble("dot", DROP_AFTER, times=2))
    message = plan()
    work("transactional")
    message.refresh_from_db()
    assert message.state == "unknown"
    assert next_due("transactional") > now() + timedelta(minutes=14)
    pass_time(16 * 60)
    work("transactional")
    assert [mail.message_id for mail in mail_server.accepted] == [mail_server.accepted[0].message_id] * 2
    assert reasons() == [("unknown", "resent")]
    pass_time(16 * 60)
    work("transactional")
    assert len(mail_server.accepted) == 2


@pytest.mark.parametrize("reason", ["resent", "while_away"])
def test_what_does_not_go_by_itself_again_does_not_after_a_pause_at_the_gate_either(shop, mail_server, reason):
    """The pause comes when it is in somebody's hand."""
    mail_server.script("ana@example.com", Trouble("dot", DROP_AFTER, times=2))
    message = plan()
    work("transactional")
    pass_time(16 * 60)
    resend_unknown("transactional")
    Message.objects.update(reason=reason)
    token = uuid4()
    claimed = claim_messages("transactional", token=token, now=now(), count=1)
    BusinessProfile.objects.update(sending_paused_at=now())
    assert pass_gate(claimed, token=token)[message.id].state == "deferred"
    assert reasons() == [("deferred", reason)]
    BusinessProfile.objects.update(sending_paused_at=None)
    if reason == "resent":
        for _turn in range(2):
            pass_time(16 * 60)
            work("transactional")
        assert reasons() == [("unknown", "resent")]
        assert len(mail_server.accepted) == 2


def test_case_25_a_server_that_is_away_costs_no_attempt_and_opens_the_breaker(shop, seasonal, mail_server):
    """CAMPAIGNS 4m case 25."""
    mail_server.script("*", Trouble("connect", "421 closed"))
    people = [make_friend(seasonal, number) for number in range(6)]
    enroll_contacts(make_sequence(seasonal), [person.id for person in people], source="staff")
    write_letters()
    work(LANE)
    assert mail_server.accepted == []
    assert set(Message.objects.values_list("state", "attempt")) == {("queued", 0)}
    assert set(QueuedMessage.objects.values_list("attempt", "claim_token", "handed_at")) == {(0, None, None)}
    assert breaker_of("platform:email").seconds_left() > 50
    pass_time(90)
    work(LANE)
    assert set(Message.objects.values_list("state", "attempt")) == {("queued", 0)}
    assert set(QueuedMessage.objects.values_list("attempt", "claim_token", "handed_at")) == {(0, None, None)}


# Leases and tokens


def test_rel_05_a_late_write_is_rejected_once_the_lease_was_taken_away(shop, friends, mail_server):
    """CAMPAIGNS 4m case 6: the late write."""
    token = uuid4()
    claimed = claim_messages(LANE, token=token, now=now(), count=20)
    pass_gate(claimed, token=token)
    pass_time(61)
    assert sweep_messages(LANE) == 3
    assert record_results(shop.pk, [Result(message, "accepted") for message in claimed], token=token) == 0
    assert states_of(Message) == ["queued"] * 3
    assert delivery_lease.mark_started(shop.pk, token, claimed[0].id) is False


def test_rel_05_a_worker_that_slept_past_its_lease_does_not_send(shop, friends, mail_server):
    """CAMPAIGNS 4m case 6 at the gate."""
    token = uuid4()
    claimed = claim_messages(LANE, token=token, now=now(), count=20)
    pass_time(61)
    assert pass_gate(claimed, token=token) == {}
    other = uuid4()
    sweep_messages(LANE)
    assert len(claim_messages(LANE, token=other, now=now(), count=20)) == 3
    assert pass_gate(claimed, token=token) == {}


@pytest.mark.parametrize("late", ["accepted", "queued"])
def test_a_late_answer_changes_nothing_that_another_worker_has_handed_over(shop, friends, mail_server, late):
    first, second = uuid4(), uuid4()
    claimed = claim_messages(LANE, token=first, now=now(), count=20)
    pass_gate(claimed, token=first)
    pass_time(61)
    sweep_messages(LANE)
    pass_gate(claim_messages(LANE, token=second, now=now(), count=20), token=second)
    in_hand = QueuedMessage.objects.filter(claim_token=second, handed_at__isnull=False)
    assert in_hand.count() == 3
    assert record_results(shop.pk, [Result(one, late) for one in claimed], token=first) == 0
    assert in_hand.count() == 3
    assert set(states_of(Message)) == {"queued"}


def test_what_a_worker_gave_back_passes_the_gate_for_its_next_holder_alone(shop, friends, mail_server):
    first, second = uuid4(), uuid4()
    kept, *given = claim_messages(LANE, token=first, now=now(), count=20)
    give_back(given, token=first)
    claim_messages(LANE, token=second, now=now(), count=20)
    assert set(pass_gate([kept, *given], token=first)) == {kept.id}


def test_a_worker_that_woke_up_too_late_leaves_its_letters_to_the_sweep(shop, friends, mail_server, monkeypatch):
    """Its lease is over and nobody has swept yet: the claim must stay, or nobody would ever find the letters."""
    look = delivery_turn.pass_gate

    def wake_up_too_late(*given, **named):
        pass_time(61)
        return look(*given, **named)

    monkeypatch.setattr(delivery_turn, "pass_gate", wake_up_too_late)
    assert send(shop) == 0
    monkeypatch.undo()
    assert lost_places() == []
    assert QueuedMessage.objects.filter(claim_token__isnull=False).count() == 3
    sweep_messages(LANE)
    assert send(shop) == 3
    assert not MessageClaim.objects.exists()


def test_a_dead_worker_leaves_only_the_started_one_in_doubt(shop, friends, mail_server):
    token = uuid4()
    claimed = claim_messages(LANE, token=token, now=now(), count=20)
    pass_gate(claimed, token=token)
    assert delivery_lease.mark_started(shop.pk, token, claimed[0].id) is True
    pass_time(61)
    sweep_messages(LANE)
    assert sorted(states_of(Message)) == ["queued", "queued", "unknown"]


def test_the_file_of_a_dead_worker_tells_what_it_had_begun(shop, friends, mail_server):
    token = uuid4()
    mark = open_mark(token)
    claimed = claim_messages(LANE, token=token, now=now(), count=20, marks_rows=False)
    pass_gate(claimed, token=token)
    assert mark.start(claimed[0].id) is True
    mark.close(is_over=False)
    pass_time(61)
    sweep_messages(LANE)
    assert sorted(states_of(Message)) == ["queued", "queued", "unknown"]
    assert Message.objects.get(state="unknown").id == claimed[0].id


def test_what_a_dead_worker_heard_is_written_down_as_it_would_have_done(shop, friends, mail_server):
    token = uuid4()
    mark = open_mark(token)
    claimed = claim_messages(LANE, token=token, now=now(), count=20, marks_rows=False)
    pass_gate(claimed, token=token)
    answers = [
        Outcome(claimed[0].id, Verdict.ACCEPTED, 250, 'ok "1"\n', "ok 1"),
        Outcome(claimed[1].id, Verdict.REFUSED_PERMANENT, 550, "5.1.1 no such user"),
    ]
    for answer in answers:
        assert mark.start(answer.id) is True
        mark.hear(answer)
    assert mark.start(claimed[2].id) is True
    mark.close(is_over=False)
    pass_time(61)
    assert sweep_messages(LANE) == 3
    states = dict(Message.objects.values_list("id", "state"))
    assert [states[one.id] for one in claimed] == ["accepted", "bounced", "unknown"]
    assert Message.objects.get(state="accepted").provider_id == "ok 1"
    assert Interaction.objects.filter(kind="message_sent").count() == 1
    assert Suppression.objects.get().reason == "bounced"
    assert (QueuedMessage.objects.count(), MessageClaim.objects.count()) == (0, 0)


def test_a_file_that_ends_in_the_middle_of_a_line_is_not_believed(shop, friends, mail_server, settings):
    token = uuid4()
    mark = open_mark(token)
    claimed = claim_messages(LANE, token=token, now=now(), count=20, marks_rows=False)
    pass_gate(claimed, token=token)
    assert mark.start(claimed[0].id) is True
    mark.hear(Outcome(claimed[0].id, Verdict.ACCEPTED, 250, "ok"))
    mark.flush()
    mark.close(is_over=False)
    with next(Path(settings.RUNNING_MARKS_DIR).rglob(token.hex)).open("ab") as file:
        file.write(b'["')
    pass_time(61)
    sweep_messages(LANE)
    assert states_of(Message) == ["unknown"] * 3


def test_answers_are_written_down_though_the_turn_breaks(shop, seasonal, mail_server, settings, tmp_path):
    people = [make_friend(seasonal, number) for number in range(25)]
    enroll_contacts(make_sequence(seasonal), [person.id for person in people], source="staff")
    write_letters()
    settings.FAULT_DIR, settings.FAULT_PLAN = str(tmp_path), "after_gate:2:raise"
    with pytest.raises(faults.InjectedFault):
        send(shop)
    settings.FAULT_PLAN = ""
    assert sorted(states_of(Message)) == ["accepted"] * 20 + ["queued"] * 5
    pass_time(61)
    assert sweep_messages(LANE) == 5
    assert send(shop) == 5
    assert len({mail.message_id for mail in mail_server.accepted}) == len(mail_server.accepted) == 25


def test_without_the_file_or_while_its_worker_lives_nothing_is_concluded(shop, friends, mail_server):
    tokens = [uuid4(), uuid4()]
    lives = open_mark(tokens[0])
    for token, count in zip(tokens, (1, 2), strict=True):
        pass_gate(claim_messages(LANE, token=token, now=now(), count=count, marks_rows=False), token=token)
    pass_time(61)
    sweep_messages(LANE)
    lives.close(is_over=True)
    assert states_of(Message) == ["unknown"] * 3


def test_where_there_is_no_place_for_files_each_mail_is_marked_in_its_row(shop, friends, mail_server, settings):
    settings.RUNNING_MARKS_DIR = ""
    with CaptureQueriesContext(connection) as queries:
        assert send(shop) == 3
    assert len([query for query in queries if "SET started_at = clock_timestamp()" in query["sql"]]) == 3


def test_a_worker_whose_lease_was_taken_away_meanwhile_stops(shop, friends, mail_server):
    token = uuid4()
    mark = open_mark(token)
    claimed = claim_messages(LANE, token=token, now=now(), count=20, marks_rows=False)
    pass_gate(claimed, token=token)
    lease = delivery_lease.Lease(shop.pk, token, mark)
    assert lease.start(claimed[0].id) is True
    lease._renew_at = 0
    assert lease.start(claimed[1].id) is True
    pass_time(61)
    lease._renew_at = 0
    assert lease.start(claimed[2].id) is False
    mark.close(is_over=True)


def test_case_28_after_a_restart_of_postgresql_the_marks_are_not_believed(shop, friends, mail_server):
    """CAMPAIGNS 4m case 28: the running marks of a PostgreSQL that is gone."""
    token = uuid4()
    pass_gate(claim_messages(LANE, token=token, now=now(), count=20), token=token)
    MessageClaim.objects.update(marked_in_rows_by=now() - timedelta(days=1))
    pass_time(61)
    sweep_messages(LANE)
    assert states_of(Message) == ["unknown"] * 3


@pytest.mark.parametrize(
    ("begun", "answered", "ends"),
    [
        (4, 0, "accepted"),
        (5, 0, "parked"),
        (5, 1, "accepted"),
        (5, 5, "accepted"),
        (6, 1, "parked"),
        (6, 2, "accepted"),
        (6, 5, "accepted"),
        (9, 5, "accepted"),
        (10, 5, "parked"),
    ],
)
def test_rel_12_a_message_at_which_five_workers_died_is_set_aside(shop, friends, mail_server, begun, answered, ends):
    """After five refusals it has a sixth try all the same: those were answers."""
    tried = Message.objects.get(contact=friends[0])
    Message.objects.filter(id=tried.id).update(answered=answered)
    QueuedMessage.objects.filter(id=tried.id).update(attempt=begun)
    work(LANE)
    assert len(mail_server.accepted) == (3 if ends == "accepted" else 2)
    tried.refresh_from_db()
    assert (tried.state, tried.attempt) == (ends, begun + (ends == "accepted"))


def test_rel_12_an_answer_is_no_crash_and_a_crash_is_none(shop, friends, mail_server):
    """A refusal counts in the record, a rest that was asked for and a worker's death do not."""
    tried = Message.objects.get(contact=friends[0])
    QueuedMessage.objects.filter(id=tried.id).update(attempt=3)
    mail_server.script(tried.address, Trouble("rcpt", "450 4.2.1 later", times=1))
    QueuedMessage.objects.exclude(id=tried.id).delete()
    send(shop)
    tried.refresh_from_db()
    assert (tried.state, tried.answered, QueuedMessage.objects.get(id=tried.id).attempt) == ("queued", 1, 4)
    assert tried.due_at < now() + timedelta(seconds=80), "the first refusal waits a minute, whoever died before it"
    pause_sequence(Sequence.objects.get())
    pass_time(9_000)
    send(shop)
    tried.refresh_from_db()
    assert (tried.state, tried.answered, QueuedMessage.objects.get(id=tried.id).attempt) == ("deferred", 1, 4)


def test_rel_12_a_letter_that_kills_before_anything_is_handed_over_parks_no_other(shop, seasonal, mail_server):
    """All that a worker had in hand count its death then, so what died twice is taken in hand alone."""
    people = [make_friend(seasonal, number) for number in range(12)]
    enroll_contacts(make_sequence(seasonal), [person.id for person in people], source="staff")
    write_letters()
    deadly = Message.objects.get(contact=people[5])
    sent = 0
    for _ in range(60):
        token = uuid4()
        claimed = claim_messages(LANE, token=token, now=now(), count=20)
        if deadly.id in {message.id for message in claimed}:
            # Its worker dies while it opens what the letters are made from.
            pass_time(61)
            sweep_messages(LANE)
        else:
            give_back(claimed, token=token)
            MessageClaim.objects.filter(id=token).delete()
            sent += send(shop)
        pass_time(10)
    deadly.refresh_from_db()
    assert (deadly.state, sent) == ("parked", 11)
    assert sorted(states_of(Message)) == ["accepted"] * 11 + ["parked"]


def test_rel_11_who_is_refused_to_the_end_had_six_answers_whoever_died_in_between(shop, friends, mail_server):
    tried = Message.objects.get(contact=friends[0])
    QueuedMessage.objects.exclude(id=tried.id).delete()
    QueuedMessage.objects.update(attempt=4)
    mail_server.script(tried.address, Trouble("rcpt", "450 4.2.1 later"))
    states = []
    for _ in range(6):
        send(shop)
        tried.refresh_from_db()
        states.append(tried.state)
        pass_time(40_000)
    assert states == ["queued"] * 5 + ["failed"]
    assert (tried.answered, tried.attempt) == (5, 10)


def test_the_claim_of_one_business_never_touches_another(shop, friends, garage, mail_server):
    with business_scope(garage):
        assert claim_messages(LANE, token=uuid4(), now=now(), count=20) == []
        assert sweep_messages(LANE) == 0
    assert states_of(Message) == ["queued"] * 3
    assert SequenceVersion.objects.count() == 1
