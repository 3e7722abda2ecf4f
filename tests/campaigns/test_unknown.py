"""Letters of which nobody knows whether they arrived: shown, decided by somebody, or proved by the provider."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import ChannelRule, Message, QueuedMessage
from campaigns.queries.sequences import sequence_numbers, steps_with_numbers
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from campaigns.services.proofs import lost_places, untold_letters, wrong_counts
from campaigns.services.proving import prove_message
from campaigns.services.unknown import decide_all_unknown, decide_unknown, undo_decision
from contacts.models import Contact, Interaction
from contacts.services.consent import withdraw_consent
from ecosystem.base.access import Role
from ecosystem.base.addresses import address_hash
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Membership
from ecosystem.services.tallies import count
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.clocks import zone_at
from tests.factories.permission import owner_of
from tests.smtp_server import DROP_AFTER, Trouble
from tests.statements import statements_of


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    client.force_login(owner_of(shop).user)
    return client


@pytest.fixture
def sequence(shop, seasonal, mail_server):
    """A sequence with three letters that were handed over without an answer, and one that was sent."""
    return in_doubt(seasonal, mail_server, people=4, unknown=3)


def in_doubt(topic, mail_server, *, people: int, unknown: int):
    """A sequence of one letter for so many people, of which so many are not known to have arrived."""
    sequence = make_sequence(topic)
    friends = [make_friend(topic, number) for number in range(people)]
    for friend in friends[:unknown]:
        mail_server.script(friend.primary_email, Trouble("dot", DROP_AFTER, times=1))
    enroll_contacts(sequence, [friend.id for friend in friends], source="staff")
    work()
    assert Message.objects.filter(state="unknown").count() == unknown
    return sequence


def page_of(business, sequence, name="unknown_list"):
    return reverse(f"campaigns:{name}", kwargs={"slug": business.slug, "id": sequence.id})


def decide(client, shop, sequence, **given):
    """Press a button of the page; the page that follows."""
    answer = client.post(page_of(shop, sequence, "unknown_decide"), given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def nothing_is_wrong() -> bool:
    """Counts, queue and timelines agree with the letters."""
    return not wrong_counts() + lost_places() + untold_letters()


def test_rel_04_what_is_not_known_is_shown_with_its_count_and_its_people(nora, shop, sequence):
    detail = nora.get(page_of(shop, sequence, "sequence_detail")).content.decode()
    assert "3 letters may not have arrived" in detail
    assert page_of(shop, sequence) in detail
    page = nora.get(page_of(shop, sequence)).content.decode()
    for message in Message.objects.all():
        assert (message.contact.display_name in page) == (message.state == "unknown")


def test_rel_04_one_is_sent_again_and_one_is_given_up(nora, shop, sequence, mail_server):
    first, second, third = Message.objects.filter(state="unknown").order_by("id")
    assert "1 letter goes once more." in decide(nora, shop, sequence, decision="again", message=first.id)
    assert "1 letter is given up." in decide(nora, shop, sequence, decision="give_up", message=second.id)
    assert "Nothing was left to decide." in decide(nora, shop, sequence, decision="again", message=second.id)
    with business_scope(shop):
        work()
        states = dict(Message.objects.values_list("id", "state"))
        assert (states[first.id], states[second.id], states[third.id]) == ("accepted", "lost", "unknown")
        assert [mail.recipient for mail in mail_server.accepted].count(first.address) == 2
        assert [mail.recipient for mail in mail_server.accepted].count(second.address) == 1
        assert nothing_is_wrong()


@pytest.mark.parametrize(("decision", "state", "mails"), [("again", "accepted", 7), ("give_up", "lost", 4)])
def test_rel_04_all_are_decided_at_once_and_a_second_click_does_nothing(
    nora, shop, sequence, mail_server, decision, state, mails
):
    seen_at = now().isoformat()
    ids = set(Message.objects.filter(state="unknown").values_list("id", flat=True))
    assert "3 letters" in decide(nora, shop, sequence, decision=decision, seen_at=seen_at)
    assert "Nothing was left to decide." in decide(nora, shop, sequence, decision=decision, seen_at=seen_at)
    with business_scope(shop):
        work()
        assert set(Message.objects.filter(id__in=ids).values_list("state", flat=True)) == {state}
        assert len(mail_server.accepted) == mails
        assert len({mail.message_id for mail in mail_server.accepted}) == 4
        act = AuditEntry.objects.get(action__startswith="messages_")
        assert (act.actor_user_id, act.details) == (owner_of(shop).user_id, {"number": 3})
        assert nothing_is_wrong()
    assert "Nothing to decide" in nora.get(page_of(shop, sequence)).content.decode()


def undo_of(page: str) -> str:
    """The address behind the Undo button."""
    return unescape(re.search(r'action="([^"]*/unknown/undo/[^"]*)"', page)[1])


@pytest.mark.parametrize("decision", ["again", "give_up"])
def test_rel_04_a_decision_can_be_undone_while_nothing_has_left(nora, shop, sequence, mail_server, decision):
    page = decide(nora, shop, sequence, decision=decision, seen_at=now().isoformat())
    assert "3 letters are undecided again." in nora.post(undo_of(page), follow=True).content.decode()
    with business_scope(shop):
        work()
        assert Message.objects.filter(state="unknown").count() == 3
        assert len(mail_server.accepted) == 4
        assert nothing_is_wrong()
    # Once more it finds nothing to take back.
    assert "cannot be undone any more" in nora.post(undo_of(page), follow=True).content.decode()


def test_rel_04_what_is_on_its_way_cannot_be_called_back(nora, shop, sequence, mail_server):
    page = decide(nora, shop, sequence, decision="again", message=Message.objects.filter(state="unknown").first().id)
    with business_scope(shop):
        work()
    assert len(mail_server.accepted) == 5
    assert "cannot be undone any more" in nora.post(undo_of(page), follow=True).content.decode()
    with business_scope(shop):
        assert Message.objects.filter(state="accepted").count() == 2
        assert nothing_is_wrong()


def test_rel_04_what_came_to_it_after_somebody_looked_is_not_decided_unseen(shop, sequence):
    looked = now() - timedelta(minutes=5)
    Message.objects.filter(id=Message.objects.filter(state="unknown").first().id).update(updated_at=looked)
    assert decide_all_unknown(sequence, sends_again=True, seen_at=looked) == 1
    assert Message.objects.filter(state="unknown").count() == 2


def test_rel_04_who_left_meanwhile_gets_nothing_however_it_is_decided(shop, seasonal, sequence, mail_server):
    unknown = Message.objects.filter(state="unknown").first()
    withdraw_consent(unknown.contact, channel="email", topic=seasonal, source="unsubscribe")
    decide_all_unknown(sequence, sends_again=True, seen_at=now())
    work()
    unknown.refresh_from_db()
    assert unknown.state in ("skipped", "cancelled")
    assert [mail.recipient for mail in mail_server.accepted].count(unknown.address) == 1
    assert nothing_is_wrong()


def test_a_form_without_a_decision_changes_nothing(nora, shop, sequence):
    for given in ({}, {"decision": "again"}, {"decision": "burn", "seen_at": now().isoformat()}):
        assert "Say what should become of them." in decide(nora, shop, sequence, **given)
    assert Message.objects.filter(state="unknown").count() == 3


def test_a_letter_of_another_sequence_is_not_decided_from_here(nora, shop, seasonal, sequence):
    other = make_sequence(seasonal)
    unknown = Message.objects.filter(state="unknown").first()
    assert "Nothing was left to decide." in decide(nora, shop, other, decision="give_up", message=unknown.id)
    unknown.refresh_from_db()
    assert unknown.state == "unknown"


@pytest.mark.parametrize(
    ("role", "sees", "decides"), [("staff", 200, 302), ("adviser", 200, 403), ("helper", 403, 403)]
)
def test_staff_decide_and_advisers_only_look(nora, shop, sequence, role, sees, decides):
    Membership.objects.filter(id=owner_of(shop).id).update(role=Role(role))
    page = nora.get(page_of(shop, sequence))
    assert page.status_code == sees
    assert ("Send all again" in page.content.decode()) == (decides == 302)
    given = {"decision": "again", "seen_at": now().isoformat()}
    assert nora.post(page_of(shop, sequence, "unknown_decide"), given).status_code == decides


def test_the_page_costs_the_same_for_1_as_for_9(nora, shop, seasonal, mail_server):
    sequence = in_doubt(seasonal, mail_server, people=9, unknown=9)
    many = statements_of(nora, page_of(shop, sequence))
    decide_all_unknown(sequence, sends_again=False, seen_at=now())
    Message.objects.filter(id=Message.objects.first().id).update(state="unknown")
    assert len(statements_of(nora, page_of(shop, sequence))) == len(many)


# What a decision keeps, and what it forgets


@pytest.fixture
def needed(shop, mail_server) -> Message:
    """Something that somebody needs now and that nobody knows to have arrived."""
    mail_server.script("ana@example.com", Trouble("dot", DROP_AFTER, times=1))
    message = plan_message(
        idem_key="t:1",
        message_class="transactional",
        lane="transactional",
        template="receipt",
        address="ana@example.com",
        address_hash=address_hash("email", "ana@example.com"),
        merge={"topics": [{"name": "Bread", "promise": "Two a month"}]},
    )
    work("transactional")
    message.refresh_from_db()
    assert (message.state, message.reason) == ("unknown", "no_answer")
    return message


@pytest.mark.parametrize("sends_again", [True, False])
@pytest.mark.parametrize("reason", ["resent", "while_away"])
def test_what_may_not_go_by_itself_does_not_after_an_undo_either(needed, mail_server, reason, sends_again):
    Message.objects.filter(id=needed.id).update(reason=reason)
    decided_at = now()
    assert decide_all_unknown(None, sends_again=sends_again, seen_at=decided_at, decided_at=decided_at) == 1
    assert undo_decision(None, decided_at=decided_at) == 1
    needed.refresh_from_db()
    assert (needed.state, needed.reason) == ("unknown", reason)
    pass_time(16 * 60)
    work("transactional")
    assert len(mail_server.accepted) == 1


def put_readers_to_bed(hour: int = 3) -> None:
    """The business writes from nine to six, and it is another hour where everybody is."""
    hours = {"opens_minute": 9 * 60, "closes_minute": 18 * 60, "at_weekends": True}
    ChannelRule.objects.create(channel="email", most_count=20, most_days=7, **hours)
    Contact.objects.update(timezone=zone_at(hour))


def hours_of(messages) -> set[int]:
    """At which hours of their readers letters are due, in their records and in the queue."""
    places = {place.id: place.due_at for place in QueuedMessage.objects.all()}
    assert all(message.due_at == places[message.id] for message in messages)
    return {message.due_at.astimezone(ZoneInfo(message.contact.timezone)).hour for message in messages}


@pytest.mark.parametrize("decides", ["one", "all"])
def test_what_goes_again_keeps_the_hours_of_its_reader_and_can_be_undone(shop, sequence, mail_server, decides):
    put_readers_to_bed()
    decided_at = now()
    if decides == "one":
        first = decide_unknown(Message.objects.filter(state="unknown").first().id, sends_again=True)
        decided_at = first.updated_at
    else:
        decide_all_unknown(sequence, sends_again=True, seen_at=decided_at, decided_at=decided_at)
    waiting = list(Message.objects.filter(state="queued").select_related("contact"))
    assert (len(waiting), hours_of(waiting)) == (1 if decides == "one" else 3, {9})
    work()
    assert len(mail_server.accepted) == 4
    assert undo_decision(sequence, decided_at=decided_at) == len(waiting)
    assert Message.objects.filter(state="unknown").count() == 3
    assert nothing_is_wrong()


def test_what_a_letter_waited_for_before_its_first_try_is_forgotten(shop, sequence):
    """Held once by a rule and meant for another moment: it would keep no hours, and go before its time."""
    unknown = Message.objects.filter(state="unknown").first()
    old = {"held_by": "rule", "wanted_at": now() - timedelta(days=2), "wall_time": "2026-01-01T09:00:00"}
    Message.objects.filter(id=unknown.id).update(**old)
    count("step.held:rule", f"{unknown.sequence_id}:{unknown.step_key}")
    assert nothing_is_wrong()
    put_readers_to_bed()
    again = decide_unknown(unknown.id, sends_again=True)
    assert (again.held_by, again.wall_time) == ("", "")
    assert again.wanted_at > now() - timedelta(hours=1)
    assert hours_of([again]) == {9}
    assert nothing_is_wrong()


@pytest.mark.parametrize("sends_again", [True, False])
def test_many_are_decided_and_undone_in_as_many_statements_as_one(shop, sequence, sends_again):
    put_readers_to_bed()
    looked = now() - timedelta(minutes=5)
    Message.objects.filter(id=Message.objects.filter(state="unknown").first().id).update(updated_at=looked)
    spent = []
    for seen_at, number in ((looked, 1), (now(), 2)):
        decided_at = now()
        with CaptureQueriesContext(connection) as seen:
            assert (
                decide_all_unknown(sequence, sends_again=sends_again, seen_at=seen_at, decided_at=decided_at) == number
            )
            assert undo_decision(sequence, decided_at=decided_at) == number
        spent.append(len(seen))
        Message.objects.filter(state="unknown", updated_at__gte=decided_at).update(updated_at=now() + timedelta(days=1))
    assert spent[0] == spent[1]


# What the provider tells


@pytest.mark.parametrize("state", ["accepted", "delivered", "complained", "bounced"])
def test_rel_04_the_word_of_the_provider_settles_what_is_not_known(shop, sequence, state):
    unknown = Message.objects.filter(state="unknown").first()
    moment = now()
    assert prove_message(unknown.id, state=state, occurred_at=moment, provider_id="p-1")
    assert not prove_message(unknown.id, state=state, occurred_at=moment, provider_id="p-1")
    unknown.refresh_from_db()
    assert (unknown.state, unknown.provider_id, unknown.reason) == (state, "p-1", "")
    arrived = state != "bounced"
    letter = steps_with_numbers(sequence)[0]
    assert (letter.unknown, letter.sent, letter.failed) == (2, 1 + arrived, int(not arrived))
    kinds = sorted(Interaction.objects.filter(contact=unknown.contact).values_list("kind", flat=True))
    told = [f"message_{state}"] if state in ("bounced", "complained") else []
    assert [kind for kind in kinds if kind.startswith("message_")] == sorted([*told, "message_sent"])
    assert nothing_is_wrong()


def test_rel_04_what_was_given_up_and_did_arrive_counts_as_sent(shop, sequence):
    unknown = Message.objects.filter(state="unknown").first()
    decide_unknown(unknown.id, sends_again=False)
    assert prove_message(unknown.id, state="delivered", occurred_at=now())
    assert sequence_numbers(sequence).sent == 2
    assert nothing_is_wrong()


def test_rel_04_what_arrived_does_not_go_again(shop, sequence, mail_server):
    unknown = Message.objects.filter(state="unknown").first()
    decide_unknown(unknown.id, sends_again=True)
    assert prove_message(unknown.id, state="delivered", occurred_at=now())
    assert not QueuedMessage.objects.exists()
    work()
    assert [mail.recipient for mail in mail_server.accepted].count(unknown.address) == 1
    assert nothing_is_wrong()


def test_a_proof_changes_nothing_that_is_known_on_its_way_or_not_begun(shop, seasonal, sequence, mail_server):
    sent = Message.objects.get(state="accepted")
    assert not prove_message(sent.id, state="accepted", occurred_at=now())
    unknown = Message.objects.filter(state="unknown").first()
    decide_unknown(unknown.id, sends_again=True)
    QueuedMessage.objects.filter(id=unknown.id).update(handed_at=now())
    assert not prove_message(unknown.id, state="delivered", occurred_at=now())
    QueuedMessage.objects.filter(id=unknown.id).update(handed_at=None)
    Message.objects.filter(id=unknown.id).update(handed_at=None)
    assert not prove_message(unknown.id, state="delivered", occurred_at=now())
    assert not prove_message(uuid4(), state="delivered", occurred_at=now())
    with pytest.raises(Invalid):
        prove_message(unknown.id, state="opened", occurred_at=now())
