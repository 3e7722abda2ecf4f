"""A rhythm that somebody asks for on their own page: at most one in so many days, kept by the engine."""

from datetime import timedelta

import pytest
from django.urls import reverse

from campaigns.models import Message
from campaigns.services.preferences import keep_rhythm
from campaigns.services.tracking import note_trap
from contacts.models import Contact, Topic
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.links import MessageSigner
from tests.campaigns.test_pressure import news, outcomes, ring
from tests.factories.campaigns import DAY, make_friend, pass_time, work
from tests.factories.permission import make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db


@pytest.fixture
def generous(shop) -> Topic:
    return make_topic("Bread news", promised_count=31, promised_days=30)


@pytest.fixture
def ana(generous) -> Contact:
    return make_friend(generous)


@pytest.fixture
def letter(ana, generous, mail_server) -> Message:
    message = news(ana, generous, 1)
    work()
    return Message.objects.get(id=message.id)


@pytest.fixture
def url(letter) -> str:
    return "/prefs/" + MessageSigner(letter.business_id).tokens(letter.id).preferences


@pytest.mark.parametrize("days", [7, 14, 30])
def test_a_rhythm_holds_the_second_letter_until_so_many_days_after_the_first(letter, ana, generous, days, mail_server):
    assert keep_rhythm(letter, days=days, now=now())
    news(ana, generous, 2)
    work()
    second = Message.objects.latest("id")
    assert (second.state, second.reason, second.held_by) == ("deferred", "their_rhythm", "rhythm")
    assert second.due_at == min(ring(ana).taken_at) + timedelta(days=days)
    pass_time(days * DAY + 1)
    work()
    assert outcomes() == [("accepted", ""), ("accepted", "rhythm")]


def test_a_rhythm_counts_letters_of_all_topics_together(letter, ana, generous, mail_server):
    offers = make_topic("Offers", promised_count=31, promised_days=30)
    say_yes(ana, offers)
    keep_rhythm(letter, days=7, now=now())
    news(ana, offers, 2)
    work()
    assert outcomes() == [("accepted", ""), ("deferred", "rhythm")]


def test_a_rhythm_counts_for_what_waited_for_its_place_before_it_was_asked_for(letter, ana, generous, mail_server):
    for number in range(2, 6):
        news(ana, generous, number)
    work()
    assert outcomes() == [("accepted", "")] * 3 + [("deferred", "rule")] * 2
    keep_rhythm(letter, days=30, now=now())
    pass_time(7 * DAY + 60)
    work()
    assert [state for state, _held in outcomes()] == ["accepted"] * 3 + ["skipped"] * 2
    assert len(mail_server.accepted) == 3
    assert {message.reason for message in Message.objects.filter(state="skipped")} == {"their_rhythm"}
    assert len(ring(ana).taken_at) == 3


def test_what_is_needed_now_comes_whatever_the_rhythm(letter, ana, generous, mail_server):
    keep_rhythm(letter, days=30, now=now())
    news(ana, generous, 2, message_class="transactional", lane="transactional")
    work()
    assert outcomes() == [("accepted", ""), ("accepted", "")]


def test_a_rhythm_can_be_taken_back(letter, ana, generous, mail_server):
    keep_rhythm(letter, days=30, now=now())
    keep_rhythm(letter, days=None, now=now())
    news(ana, generous, 2)
    work()
    assert outcomes() == [("accepted", ""), ("accepted", "")]


def test_only_offered_rhythms_can_be_asked_for(letter):
    with pytest.raises(Invalid, match="how often"):
        keep_rhythm(letter, days=365, now=now())


def test_the_page_keeps_a_rhythm_and_the_owner_sees_it(client, url, ana, shop):
    page = client.get(url).content.decode()
    assert "At most once in two weeks" in page
    page = client.post(url, {"rhythm": "14"}).content.decode()
    assert "We keep to it from this second" in page
    assert 'value="14" checked' in page
    ana.refresh_from_db()
    assert ana.rhythm_days == 14
    client.force_login(owner_of(shop).user)
    page = reverse("contacts:contact_panel", kwargs={"slug": shop.slug, "id": ana.id, "card": "pace"})
    person = client.get(page).content.decode()
    assert "They asked for at most one in two weeks" in person
    client.post(url, {"rhythm": "nonsense"})
    ana.refresh_from_db()
    assert ana.rhythm_days is None


def test_sec_55_a_machine_in_the_trap_sets_no_rhythm(client, url, letter, ana):
    note_trap(letter, now=now())
    client.post(url, {"rhythm": "30"})
    ana.refresh_from_db()
    assert ana.rhythm_days is None
