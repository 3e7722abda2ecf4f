"""What follows from an address that takes nothing more, or whose reader told the provider to leave them alone."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.gateways.base import Outcome, Verdict
from campaigns.models import Enrollment, Message
from campaigns.queries.sequences import left_sentence
from campaigns.services.accounts import add_account
from campaigns.services.delivery_results import result_of
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Consent, ConsentState, Suppression
from contacts.services.consent import confirm_consent, grant_own_consent
from ecosystem.base import stopping
from ecosystem.base.ids import uuid7
from tests.campaigns.test_provider_events import SECRET, WORDS, event, post, tell
from tests.campaigns.test_provider_events import work as work_events
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import owner_of
from tests.smtp_server import Trouble

pytestmark = pytest.mark.django_db
WORDS |= {"unsubscribed": "unsubscribed"}


@pytest.fixture
def account(shop):
    """Nora's account at Mailgun."""
    return add_account(provider="mailgun", name="Mailgun", secret=SECRET)


@pytest.fixture
def ana(shop, seasonal):
    return make_friend(seasonal)


def stops() -> list[str]:
    return list(Suppression.objects.filter(lifted_at=None).values_list("reason", flat=True))


@pytest.mark.parametrize("kind", ["complained", "bounced", "unsubscribed"])
def test_e10_what_is_told_of_an_address_holds_once_and_not_over_a_later_yes_of_theirs(account, ana, seasonal, kind):
    post(account, event(kind, uuid7(), ana.primary_email))
    work_events(account)
    assert stops() == [kind]
    grant_own_consent(
        ana, address=ana.primary_email, channel="email", topic=seasonal, wording="News again", source="preferences"
    )
    assert stops() == []
    for minutes in (16, 32):
        work_events(account, timedelta(minutes=minutes))
    assert stops() == []
    assert ConsentState.objects.get(contact=ana).state == "granted"


def test_sec_59_a_leaving_that_a_provider_tells_of_stands_in_the_ledger(account, ana, seasonal):
    enroll_contacts(make_sequence(seasonal), [ana.id], source="staff")
    post(account, event("unsubscribed", uuid7(), ana.primary_email))
    for _look in range(2):
        work_events(account)
    row = Consent.objects.get(act="withdrawn")
    assert (row.contact_id, row.channel, row.topic_id, row.source) == (ana.id, "email", None, "provider")
    assert ConsentState.objects.get(contact=ana).state == "withdrawn"
    assert Enrollment.objects.get().exit_reason == "unsubscribed"
    stranger = event("unsubscribed", uuid7(), "nobody@example.com", event_id="other")
    post(account, stranger)
    work_events(account)
    assert Consent.objects.filter(contact=None, act="withdrawn").count() == 1


def test_what_is_told_of_a_former_address_leaves_the_yes_that_was_given_for_the_new_one(account, ana, seasonal):
    former, ana.primary_email = ana.primary_email, "ana.new@example.com"
    ana.save(update_fields=["primary_email"])
    confirm_consent(ana, address=ana.primary_email, channel="email", topic=seasonal, wording="News")
    post(account, event("unsubscribed", uuid7(), former))
    work_events(account)
    assert ConsentState.objects.get(contact=ana).state == "granted"
    assert stops() == ["unsubscribed"]


@pytest.mark.parametrize("kind", ["complained", "bounced"])
def test_a_walk_ends_where_its_reader_cannot_or_must_not_be_reached(account, ana, seasonal, mail_server, kind):
    enroll_contacts(make_sequence(seasonal, letters=2), [ana.id], source="staff")
    work()
    tell(account, kind, Message.objects.get(state="accepted"))
    work_events(account)
    walk = Enrollment.objects.get()
    assert (walk.state, walk.exit_reason) == ("exited", kind)
    assert left_sentence(kind) != left_sentence("")


def test_a_walk_ends_where_the_server_knows_no_such_address(ana, seasonal, mail_server):
    mail_server.script(ana.primary_email, Trouble("rcpt", "550 5.1.1 no such user"))
    other = make_friend(seasonal, 1)
    enroll_contacts(make_sequence(seasonal, letters=2), [ana.id, other.id], source="staff")
    work()
    walks = dict(Enrollment.objects.values_list("contact", "exit_reason"))
    assert walks == {ana.id: "bounced", other.id: ""}


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("5.1.1 no such user", "bounced"),
        ("5.1.10 null MX", "bounced"),
        ("5.2.1 mailbox disabled", "bounced"),
        ("5.7.1 Service unavailable; Client host [195.1.1.7] blocked", "failed"),
        ("5.7.1 see https://example.com/5.1.1", "failed"),
        ("5.1.11 something else", "failed"),
        ("no such user", "failed"),
    ],
)
def test_only_the_code_at_the_beginning_closes_an_address(words, state):
    message = Message(id=uuid7(), address="ana@example.com", channel="email", attempt=1)
    assert result_of(message, Outcome(message.id, Verdict.REFUSED_PERMANENT, 554, words)).state == state


def test_rel_06_a_worker_that_is_to_end_begins_no_other_letter_of_its_handful(seasonal, mail_server, monkeypatch):
    friends = [make_friend(seasonal, number) for number in range(12)]
    enroll_contacts(make_sequence(seasonal), [friend.id for friend in friends], source="staff")
    mail_server.on_accepted = lambda: stopping.ask_to_stop() if len(mail_server.accepted) == 2 else None
    try:
        work(times=1)
    finally:
        stopping.take_back()
    assert 2 <= len(mail_server.accepted) < 12
    assert Message.objects.exclude(state__in=["accepted", "queued"]).count() == 0
    mail_server.on_accepted = None
    work()
    assert len(mail_server.accepted) == 12


# What the team sees of it


def test_rel_12_who_did_not_get_a_letter_is_listed_with_what_was_said(client, shop, seasonal, mail_server):
    gone, refused = make_friend(seasonal, 1), make_friend(seasonal, 2)
    mail_server.script(gone.primary_email, Trouble("rcpt", "550 5.1.1 no such user"))
    mail_server.script(refused.primary_email, Trouble("rcpt", "550 5.7.1 not welcome here"))
    sequence = make_sequence(seasonal)
    enroll_contacts(sequence, [gone.id, refused.id], source="staff")
    work()
    sign_in(client, owner_of(shop).user)
    step = Message.objects.first().step_key
    detail = reverse("campaigns:sequence_detail", kwargs={"slug": shop.slug, "id": sequence.id})
    listed = reverse(
        "campaigns:step_messages",
        kwargs={"slug": shop.slug, "id": sequence.id, "step_key": step, "outcome": "failed"},
    )
    assert listed in client.get(f"{detail}?step={step}").content.decode()
    page = client.get(listed).content.decode()
    assert "The address does not exist. Said: 550 5.1.1 no such user" in page
    assert "It was refused. Said: 550 5.7.1 not welcome here" in page


def test_rel_04_what_belongs_to_no_sequence_is_shown_counted_and_decided(client, shop, ana, seasonal):
    receipts = [
        Message.objects.create(
            idem_key=f"t:{number}", message_class="transactional", lane="transactional", contact=ana,
            address=ana.primary_email, address_hash="x", state="unknown", reason="no_answer", template="receipt",
        )
        for number in range(2)
    ]  # fmt: skip
    sign_in(client, owner_of(shop).user)
    sending = client.get(reverse("ecosystem:sending", args=[shop.slug])).content.decode()
    here = reverse("campaigns:loose_unknown_list", args=[shop.slug])
    assert here in sending
    page = client.get(here).content.decode()
    assert "2 letters" in page
    assert ana.display_name in page
    decide = reverse("campaigns:loose_unknown_decide", args=[shop.slug])
    answer = client.post(decide, {"decision": "give_up", "message": receipts[0].id}, follow=True)
    assert "1 letter is given up" in answer.content.decode()
    assert sorted(Message.objects.values_list("state", flat=True)) == ["lost", "unknown"]
    undo = next(part for part in answer.content.decode().split('"') if "/sending/unknown/undo/" in part)
    assert "undecided again" in client.post(undo.replace("&amp;", "&"), follow=True).content.decode()
    assert set(Message.objects.values_list("state", flat=True)) == {"unknown"}
    foreign = {"decision": "give_up", "message": uuid7()}
    assert "Nothing was left to decide" in client.post(decide, foreign, follow=True).content.decode()
    for message in Message.objects.all():
        client.post(decide, {"decision": "give_up", "message": message.id})
    assert "Nothing to decide" in client.get(here).content.decode()
    assert here not in client.get(reverse("ecosystem:sending", args=[shop.slug])).content.decode()
