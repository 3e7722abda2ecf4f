"""A rest that somebody asks for on their own page: letters wait, and what they agreed to stays."""

from datetime import timedelta

import pytest

from campaigns.models import Message, QueuedMessage
from campaigns.queries.eligibility import may_send
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.preferences import end_rest, rest
from campaigns.services.tracking import note_trap
from contacts.models import ConsentState, Contact
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.links import MessageSigner
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(shop, seasonal) -> Contact:
    return make_friend(seasonal)


@pytest.fixture
def sequence(seasonal):
    return make_sequence(seasonal, letters=2, wait=3600)


@pytest.fixture
def letter(ana, sequence, mail_server) -> Message:
    """The first letter of a sequence, that has come; the second is to follow."""
    enroll_contacts(sequence, [ana.id], source="staff")
    work()
    return Message.objects.get(state="accepted")


@pytest.fixture
def url(letter) -> str:
    return "/prefs/" + MessageSigner(letter.business_id).tokens(letter.id).preferences


def test_letters_wait_for_the_end_of_a_rest_and_go_then(letter, ana, mail_server):
    until = rest(letter, days=30, now=now())
    pass_time(3700)
    work()
    held = Message.objects.exclude(id=letter.id).get()
    assert (held.state, held.reason, held.due_at) == ("deferred", "on_pause", until)
    assert QueuedMessage.objects.get().due_at == until
    assert len(mail_server.accepted) == 1
    Contact.objects.filter(id=ana.id).update(paused_until=now() - timedelta(seconds=1))
    pass_time(31 * 24 * 3600)
    work()
    held.refresh_from_db()
    assert (held.state, len(mail_server.accepted)) == ("accepted", 2)


def test_who_goes_on_gets_at_once_what_waited(letter, ana, mail_server):
    rest(letter, days=90, now=now())
    pass_time(3700)
    work()
    assert end_rest(Message.objects.get(id=letter.id), now=now()) is True
    assert end_rest(Message.objects.get(id=letter.id), now=now()) is False
    work()
    assert len(mail_server.accepted) == 2


def test_a_letter_that_goes_once_more_waits_for_the_end_of_a_rest_like_any_other(letter, ana, mail_server):
    rest(letter, days=90, now=now())
    pass_time(3700)
    advance(now())
    Message.objects.filter(state="queued").update(reason="resent")
    work()
    held = Message.objects.exclude(id=letter.id).get()
    assert (held.state, held.reason) == ("deferred", "resent")
    assert end_rest(Message.objects.get(id=letter.id), now=now()) is True
    held.refresh_from_db()
    assert (held.state, held.reason) == ("queued", "resent")
    work()
    assert len(mail_server.accepted) == 2


def test_a_rest_takes_no_yes_away_and_holds_no_receipt(letter, ana, seasonal):
    rest(letter, days=30, now=now())
    ana.refresh_from_db()
    assert ConsentState.objects.get(contact=ana).state == "granted"
    asked = {"channel": "email", "topic": seasonal, "now": now()}
    assert may_send(ana, message_class="marketing", **asked).reason == "on_pause"
    assert may_send(ana, message_class="transactional", **asked).allowed
    assert may_send(ana, message_class="marketing", **{**asked, "now": now() + timedelta(days=31)}).allowed


def test_only_what_is_offered_can_be_asked_for(letter):
    with pytest.raises(Invalid, match="how long"):
        rest(letter, days=4000, now=now())


def test_the_page_offers_a_rest_says_until_when_and_ends_it(client, url, ana):
    page = client.get(url).content.decode()
    assert "Just a rest" in page
    page = client.post(url, {"rest": "30"}).content.decode()
    assert "Have a good rest." in page
    assert "You have a rest until" in page
    ana.refresh_from_db()
    assert timedelta(days=29, hours=23) < ana.paused_until - now() <= timedelta(days=30)
    assert "We go on where we were." in client.post(url, {"go_on": "1"}).content.decode()
    ana.refresh_from_db()
    assert ana.paused_until is None
    client.post(url, {"rest": "9" * 30})
    ana.refresh_from_db()
    assert ana.paused_until - now() <= timedelta(days=30)


def test_sec_55_a_machine_in_the_trap_gives_nobody_a_rest(client, url, letter, ana):
    note_trap(letter, now=now())
    client.post(url, {"rest": "90"})
    ana.refresh_from_db()
    assert ana.paused_until is None
