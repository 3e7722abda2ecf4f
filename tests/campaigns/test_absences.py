"""Nothing is sent blindly after a long absence, or from a database that was brought back from a copy."""

from collections import Counter
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connections
from django.urls import reverse

from campaigns.gateways.provider_events import ToldEvent
from campaigns.models import Enrollment, Message, QueuedMessage
from campaigns.services.absences import forget_held
from campaigns.services.accounts import add_account
from campaigns.services.advancing import advance
from campaigns.services.delivery_claims import claim_messages
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from campaigns.services.proofs import lost_places, twins, untold_letters, wrong_counts
from campaigns.services.provider_events import take_in_events, work_provider_events
from contacts.services.consent import withdraw_consent
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Absence, AccountEmail, AuditEntry, BusinessProfile, Heartbeat
from ecosystem.services.heartbeat import forget_looks, look_around
from tests.copies import base_copy, dump, restored
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_business, make_topic, owner_of
from tests.smtp_server import DROP_AFTER, Trouble

HOUR = 3600


@pytest.fixture(autouse=True)
def _fresh_looks():
    """No test believes what the one before has seen."""
    forget_looks()
    forget_held()
    yield
    forget_looks()
    forget_held()


@pytest.fixture
def sequence(shop, seasonal):
    """A running sequence of three letters, an hour apart."""
    return make_sequence(seasonal, letters=3, wait=HOUR)


def enroll(sequence, topic, *numbers: int):
    people = [make_friend(topic, number) for number in numbers]
    enroll_contacts(sequence, [one.id for one in people], source="staff")
    return people


def be_away(seconds: float) -> None:
    """Let so much time pass in which nobody was at work."""
    look_around(at_once=True)
    pass_time(seconds)
    execute("UPDATE ecosystem_heartbeat SET beat_at = beat_at - make_interval(secs => %(s)s)", {"s": seconds})
    forget_looks()


def plan_receipt(key: str = "t:1", address: str = "ana@example.com") -> Message:
    return plan_message(
        idem_key=key,
        message_class="transactional",
        lane="transactional",
        template="receipt",
        address=address,
        address_hash=address_hash("email", address),
        merge={"topics": [{"name": "Bread", "promise": "Two a month"}]},
    )


def all_is_well() -> bool:
    assert wrong_counts() + lost_places() + twins() + untold_letters() == []
    return True


def recipients(mail_server) -> list[str]:
    return [mail.recipient for mail in mail_server.accepted]


def subject_of(mail) -> bytes:
    return mail.body.partition(b"Subject: ")[2].split(b"\r\n")[0]


def nothing_went_twice(mail_server) -> bool:
    """No letter reached anybody a second time, under whatever name."""
    letters = Counter(
        (mail.recipient, mail.body.partition(b"Subject: ")[2].split(b"\r\n")[0]) for mail in mail_server.accepted
    )
    return max(number for (recipient, _subject), number in letters.items() if recipient != "twice@example.com") == 1


@pytest.fixture
def nora(client, shop):
    client.force_login(owner_of(shop).user)
    return client


def page(client, shop, name="sequence_list", **kwargs) -> str:
    answer = client.get(reverse(f"campaigns:{name}", kwargs={"slug": shop.slug, **kwargs}))
    assert answer.status_code == 200
    return answer.content.decode()


def decide(client, shop, **given) -> str:
    url = reverse("campaigns:held_decide", kwargs={"slug": shop.slug})
    with business_scope(shop):
        seen = BusinessProfile.objects.get().absence_held
    return client.post(url, {"absence": seen, **given}, follow=True).content.decode()


# A downtime


def test_letters_that_were_due_while_we_were_away_are_held_and_shown(shop, seasonal, sequence, nora, mail_server):
    enroll(sequence, seasonal, 1, 2)
    advance(now())
    enroll(sequence, seasonal, 3)
    plan_receipt()
    be_away(3 * HOUR)
    work()
    assert recipients(mail_server) == ["ana@example.com"], "what somebody needs now goes, news do not"
    assert [(one.kind, one.until_at - one.from_at >= timedelta(hours=3)) for one in Absence.objects.all()] == [
        ("downtime", True)
    ]
    listed, detail = page(nora, shop), page(nora, shop, "sequence_detail", id=sequence.id)
    for text in (listed, detail):
        assert "Held: 3 letters that were due while we were away" in text
        assert "may have left" not in text
    assert all_is_well()
    # The owner is told once, and whoever comes now is served at once.
    assert AccountEmail.objects.count() == 1
    enroll(sequence, seasonal, 4)
    work()
    assert recipients(mail_server)[1:] == ["friend4@example.com"]
    assert AccountEmail.objects.count() <= 1


def test_held_letters_are_sent_once_when_somebody_says_so(shop, seasonal, sequence, nora, mail_server):
    leaver, *_others = enroll(sequence, seasonal, 1, 2, 3)
    advance(now())
    be_away(3 * HOUR)
    work()
    withdraw_consent(leaver, channel="email", topic=seasonal, source="unsubscribe")
    assert "3 letters go out now." in decide(nora, shop, decision="send", sequence=sequence.id)
    assert "Somebody has done it already." in decide(nora, shop, decision="send", sequence=sequence.id)
    work()
    assert sorted(recipients(mail_server)) == ["friend2@example.com", "friend3@example.com"]
    assert "Held:" not in page(nora, shop)
    assert AuditEntry.objects.get(action="held_letters_sent").details == {"number": 3}
    # An hour after the letter went, and not an hour after it was due, comes the next one.
    pass_time(HOUR + 60)
    work()
    assert len(recipients(mail_server)) == 4
    assert all_is_well()


def test_held_letters_are_dropped_and_those_after_them_come(shop, seasonal, sequence, nora, mail_server):
    enroll(sequence, seasonal, 1, 2)
    be_away(3 * HOUR)
    work()
    assert "2 letters were dropped." in decide(nora, shop, decision="drop", sequence=sequence.id)
    work()
    assert recipients(mail_server) == []
    for _ in range(2):
        pass_time(HOUR + 60)
        work()
    subjects = {subject_of(mail) for mail in mail_server.accepted}
    assert b"Letter 2" in subjects
    assert b"Letter 1" not in subjects
    assert Message.objects.filter(state="skipped", reason="dropped_after_absence").count() == 2
    assert all_is_well()


def test_an_hour_without_anybody_holds_nothing(shop, seasonal, sequence, mail_server):
    enroll(sequence, seasonal, 1)
    be_away(HOUR)
    work()
    assert recipients(mail_server) == ["friend1@example.com"]
    assert not Absence.objects.exists()


def test_a_decision_that_is_none_changes_nothing(shop, seasonal, sequence, nora):
    enroll(sequence, seasonal, 1)
    be_away(3 * HOUR)
    work()
    assert "Say what should become of them." in decide(nora, shop, decision="burn")
    assert Message.objects.get().state == "planned"


def test_what_was_held_after_somebody_looked_is_not_decided_unseen(shop, seasonal, sequence, nora, mail_server):
    enroll(sequence, seasonal, 1)
    be_away(3 * HOUR)
    work()
    seen = BusinessProfile.objects.get().absence_held
    enroll(sequence, seasonal, 2)
    be_away(3 * HOUR)
    given = {"decision": "send", "sequence": sequence.id, "absence": seen}
    work()
    assert "More letters were held meanwhile" in decide(nora, shop, **given)
    assert (recipients(mail_server), Message.objects.filter(state="planned").count()) == ([], 2)


def test_a_clock_that_went_back_is_an_absence_too(shop, seasonal, sequence, mail_server):
    enroll(sequence, seasonal, 1)
    look_around(at_once=True)
    execute("UPDATE ecosystem_heartbeat SET beat_at = beat_at + interval '1 hour'")
    forget_looks()
    work()
    assert Absence.objects.get().kind == "clock"
    assert recipients(mail_server) == []


def test_the_operator_lists_what_is_held_and_decides_by_a_command(shop, seasonal, sequence, mail_server):
    enroll(sequence, seasonal, 1, 2)
    be_away(3 * HOUR)
    work()
    said = StringIO()
    call_command("held_letters", stdout=said)
    assert f"{shop.slug}: held 2 of {sequence.name} ({sequence.id})" in said.getvalue()
    assert "downtime from " in said.getvalue()
    call_command("held_letters", "--send", "--business", shop.slug, stdout=said)
    assert "sent 2" in said.getvalue()
    work()
    assert len(recipients(mail_server)) == 2


def test_more_than_a_batch_is_held_and_decided_in_steps(shop, seasonal, sequence, nora, mail_server, monkeypatch):
    monkeypatch.setattr("campaigns.services.absences.HOLD_BATCH", 2)
    monkeypatch.setattr("campaigns.services.held_letters.BATCH", 2)
    enroll(sequence, seasonal, *range(5))
    advance(now())
    be_away(3 * HOUR)
    work()
    assert recipients(mail_server) == []
    assert "Held: 5 letters" in page(nora, shop)
    assert "5 letters go out now." in decide(nora, shop, decision="send", sequence=sequence.id)
    work()
    assert len(recipients(mail_server)) == 5
    assert all_is_well()


# A copy that was brought back


@pytest.fixture
def copied(mail_server):
    """A business in the midst of its work; what it does goes on after the copy is taken. Answers what was set up."""
    business = make_business("Oat & Ember")
    look_around(at_once=True)
    with business_scope(business):
        topic = make_topic(promised_count=30)
        sequence = make_sequence(topic, letters=3, wait=HOUR)
        enroll(sequence, topic, *range(3))
        # Nobody knows whether it arrived; it goes once more by itself after a quarter of an hour.
        mail_server.script("twice@example.com", Trouble("dot", DROP_AFTER, times=1))
        plan_receipt("t:2", "twice@example.com")
    work()
    with business_scope(business):
        enroll(sequence, topic, *range(3, 8))
        advance(now())
        plan_receipt()
    # One handful is in the hand of a worker, a part of it handed over.
    token = uuid4()
    with business_scope(business):
        claimed = claim_messages("sequence", token=token, now=now(), count=2)
    pass_gate(claimed[:1], token=token, business_id=business.pk)
    return business, topic, sequence


def go_on(business, mail_server) -> None:
    """What happened after the copy was taken, and is lost: everybody gets two letters, the receipts go."""
    with business_scope(business):
        pass_time(90)
    work()
    with business_scope(business):
        pass_time(HOUR)
    work()

    assert recipients(mail_server).count("twice@example.com") == 2


def wake_up_later(business, seconds: float) -> None:
    """In the copy so much time has passed as well."""
    with business_scope(business):
        pass_time(seconds)
    execute("UPDATE ecosystem_heartbeat SET beat_at = beat_at - make_interval(secs => %(s)s)", {"s": seconds})


def judge_the_copy(business, topic, sequence, mail_server, client) -> None:
    """The copy holds everything that may have left, serves what is new, and goes on once somebody has decided."""
    sent = len(mail_server.accepted)
    work(times=6)
    assert len(mail_server.accepted) == sent, "something was sent blindly"
    assert Absence.objects.latest("id").kind == "restored"
    with business_scope(business):
        assert not QueuedMessage.objects.exists()
        states = Counter(Message.objects.filter(reason="while_away").values_list("state", flat=True))
        assert set(states) == {"unknown"}
        all_is_well()
    client.force_login(owner_of(business).user)
    listed = page(client, business)
    assert "some of these letters may have left" in listed
    assert "Confirmations, receipts and other messages" in listed
    # Whoever comes now is served at once.
    with business_scope(business):
        enroll(sequence, topic, 99)
    work()
    assert recipients(mail_server)[sent:] == ["friend99@example.com"]
    decide(client, business, decision="drop", sequence=sequence.id)
    decide(client, business, decision="drop")
    assert "Held:" not in page(client, business)
    for _ in range(3):
        with business_scope(business):
            pass_time(HOUR + 60)
        work()
    assert nothing_went_twice(mail_server)
    with business_scope(business):
        assert not Enrollment.objects.filter(state="active").exists()
        all_is_well()


@pytest.mark.django_db(transaction=True)
def test_rel_41_a_restored_dump_sends_nothing_twice(copied, mail_server, client, tmp_path):
    business, topic, sequence = copied
    file = dump(tmp_path)
    go_on(business, mail_server)
    with restored(file):
        forget_looks()
        wake_up_later(business, HOUR + 300)
        judge_the_copy(business, topic, sequence, mail_server, client)


@pytest.mark.django_db(transaction=True)
def test_rel_46_a_copy_of_the_files_that_is_minutes_old_sends_nothing_twice(copied, mail_server, client):
    business, topic, sequence = copied
    with base_copy() as copy:
        go_on(business, mail_server)
        look_around(at_once=True)
        beats = Heartbeat.objects.get().number
        place = Heartbeat.objects.get().place
        copy.start()
        forget_looks()
        assert (Heartbeat.objects.get().number < beats, Heartbeat.objects.get().place) == (True, place)
        wake_up_later(business, HOUR + 300)
        judge_the_copy(business, topic, sequence, mail_server, client)
        assert "was seen at" in Absence.objects.latest("id").evidence
        assert Heartbeat.objects.get().number > beats


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("copied")
def test_a_table_that_was_replaced_beneath_our_feet_is_noticed_before_the_next_letter(mail_server):
    look_around(at_once=True)
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN; CREATE TABLE beat (LIKE ecosystem_heartbeat INCLUDING ALL)")
        cursor.execute("INSERT INTO beat SELECT * FROM ecosystem_heartbeat; DROP TABLE ecosystem_heartbeat")
        cursor.execute("ALTER TABLE beat RENAME TO ecosystem_heartbeat")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ecosystem_heartbeat TO crm_app; COMMIT")
    sent = len(mail_server.accepted)
    work()
    assert len(mail_server.accepted) == sent
    assert Absence.objects.get().kind == "restored"


def test_a_provider_that_tells_of_a_letter_which_never_left_makes_its_business_hold_the_others(
    shop, seasonal, sequence, garage, mail_server
):
    enroll(sequence, seasonal, 1, 2)
    advance(now())
    told = Message.objects.first()
    account = add_account(provider="mailgun", name="Mailgun", secret="zz-canary-signing-key")
    take_in_events(account, [ToldEvent("1", "delivered", told.id, told.address, now(), "")], now=now())
    work("webhooks")
    work(times=4)
    assert recipients(mail_server) == []
    assert [(one.kind, one.of_business_id) for one in Absence.objects.all()] == [("restored", shop.pk)]
    work_provider_events(shop.pk, now() + timedelta(minutes=16))
    assert sorted(Message.objects.values_list("state", flat=True)) == ["delivered", "unknown"]
    with business_scope(garage):
        topic = make_topic("Tyres")
        enroll(make_sequence(topic), topic, 7)
    work()
    assert recipients(mail_server) == ["friend7@example.com"]
