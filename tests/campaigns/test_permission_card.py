"""The card of permissions tells of every channel: what goes from here, and what the team does by hand."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from contacts.models import ConsentState, ContactPoint, Topic
from contacts.services.consent import grant_consent, withdraw_consent
from ecosystem.base.clock import now
from ecosystem.models import BusinessProfile
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_person, make_topic, owner_of, say_yes


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    return sign_in(client, owner_of(shop).user)


@pytest.fixture
def ana(shop):
    return make_person("ana@example.com")


def card_of(client, shop, person) -> str:
    """The card, without the ends of its lines."""
    ids = {"slug": shop.slug, "id": person.pk, "card": "permission"}
    page = client.get(reverse("contacts:contact_panel", kwargs=ids), headers={"hx-request": "true"})
    return " ".join(page.content.decode().split())


def channels_of(card: str, topic: str) -> list[str]:
    """The channels named in words under a topic, which stands there once."""
    (_before, under) = card.split(f"<b>{topic}</b>")
    return re.findall(r'<span class="g sm">(.*?)</span>', under.split("</ul>")[0].split("<b>")[0])


def add_point(person, kind: str, value: str) -> None:
    """One more way to reach somebody."""
    ContactPoint.objects.create(contact=person, kind=kind, value=value, value_norm=value, is_primary=True)
    if kind == "phone":
        person.primary_phone = value
        person.save(update_fields=["primary_phone"])


def proof_url(shop, person, topic, channel: str) -> str:
    ids = {"slug": shop.slug, "id": person.pk, "topic_id": topic.pk}
    return f"{reverse('campaigns:consent_grant', kwargs=ids)}?channel={channel}"


def test_phone_and_post_are_told_plainly_where_nothing_is_known_or_nobody_asked(nora, shop, seasonal, ana):
    card = card_of(nora, shop, ana)
    assert "No number is known." in card
    assert "No postal address is known." in card
    assert "Never asked." not in card
    add_point(ana, "phone", "+12025550142")
    add_point(ana, "postal", "12 Tulip Street")
    card = card_of(nora, shop, ana)
    assert card.count("Never asked.") == 2
    assert card.count("Nothing goes out this way from here") == 2
    assert proof_url(shop, ana, seasonal, "phone") in card
    assert proof_url(shop, ana, seasonal, "post") in card


@pytest.mark.parametrize(("channel", "kind", "value"), [("phone", "phone", "+12025550142"), ("post", "postal", "12 T")])
def test_a_yes_by_hand_is_kept_with_its_proof_shown_and_taken_back(nora, shop, seasonal, ana, channel, kind, value):
    say_yes(ana, seasonal)
    add_point(ana, kind, value)
    given = {
        "source": "counter",
        "said_on": (now() - timedelta(days=1)).date().isoformat(),
        "note": "told Sam, wants to hear of the rye",
    }
    url = proof_url(shop, ana, seasonal, channel)
    assert nora.get(url).status_code == 200
    assert nora.post(url, given).status_code == 302
    state = ConsentState.objects.get(contact=ana, channel=channel)
    assert (state.state, state.topic_id) == ("granted", seasonal.pk)
    card = card_of(nora, shop, ana)
    assert "They said yes to hearing of this so." in card
    assert card.count(">Yes</span>") == 2
    assert "Never asked." not in card
    withdraw = reverse("campaigns:consent_withdraw", kwargs={"slug": shop.slug, "id": ana.pk})
    nora.post(withdraw, {"channel": channel, "topic": str(seasonal.pk)})
    assert ConsentState.objects.get(contact=ana, channel=channel).state == "withdrawn"
    assert ConsentState.objects.get(contact=ana, channel="email").state == "granted"
    assert card_of(nora, shop, ana).count(">Yes</span>") == 1


def test_each_line_has_the_reason_of_its_own_channel_and_topic(nora, shop, seasonal, ana):
    other = make_topic(name="Classes")
    say_yes(ana, seasonal)
    add_point(ana, "phone", "+12025550142")
    proof = {"source": "counter", "said_on": (now() - timedelta(days=1)).date(), "note": "at the counter"}
    grant_consent(ana, channel="phone", topic=other, actor=owner_of(shop), **proof)
    withdraw_consent(ana, channel="email", topic=other, source="team", actor=owner_of(shop))
    card = card_of(nora, shop, ana)
    assert card.count("May be written to: they said yes.") == 1
    assert card.count("They said yes to hearing of this so.") == 1
    assert "Phone" in channels_of(card, "Classes")
    assert card.count("They have not said yes to this.") == 1
    BusinessProfile.objects.update(sending_paused_at=now())
    card = card_of(nora, shop, ana)
    # Nobody is called or written to by hand from here: no pause ends that.
    assert card.count("Sending is paused for the whole business.") == 2
    assert card.count("They said yes to hearing of this so.") == 1


def test_each_topic_stands_there_once_with_its_channels_in_words(nora, shop, seasonal, ana):
    make_topic(name="Classes")
    say_yes(ana, seasonal)
    add_point(ana, "phone", "+12025550142")
    proof = {"source": "counter", "said_on": (now() - timedelta(days=1)).date(), "note": "at the counter"}
    grant_consent(ana, channel="phone", topic=seasonal, actor=owner_of(shop), **proof)
    card = card_of(nora, shop, ana)
    assert channels_of(card, seasonal.name) == ["Email", "Phone"]
    assert channels_of(card, "Classes") == ["Email", "Phone"]


def withdraw(client, shop, person, **given: str) -> None:
    address = reverse("campaigns:consent_withdraw", kwargs={"slug": shop.slug, "id": person.pk})
    assert client.post(address, given).status_code == 302


def test_after_one_word_by_phone_every_other_topic_has_its_line(nora, shop, seasonal, ana):
    other, closed = make_topic(name="Classes"), make_topic(name="Old news")
    Topic.objects.filter(pk=closed.pk).update(archived_at=now())
    add_point(ana, "phone", "+12025550142")
    proof = {"source": "counter", "said_on": (now() - timedelta(days=1)).date(), "note": "at the counter"}
    grant_consent(ana, channel="phone", topic=seasonal, actor=owner_of(shop), **proof)
    card = card_of(nora, shop, ana)
    assert "Phone" in channels_of(card, "Classes")
    assert proof_url(shop, ana, other, "phone") in card
    assert "Old news" not in card
    withdraw(nora, shop, ana, channel="phone", topic=str(seasonal.pk))
    card = card_of(nora, shop, ana)
    assert "They said stop. Only their own new yes opens this again." in card
    assert proof_url(shop, ana, other, "phone") in card
    assert proof_url(shop, ana, seasonal, "phone") not in card


@pytest.mark.parametrize(
    ("channel", "kind", "value", "words"),
    [
        ("phone", "phone", "+12025550142", "They want no calls at all"),
        ("post", "postal", "12 Tulip Street", "They want nothing by post at all"),
        ("email", "", "", "They want no letters at all"),
    ],
)
@pytest.mark.parametrize("has_topic", [True, False])
def test_whoever_was_never_asked_can_say_no_at_all(nora, shop, seasonal, ana, channel, kind, value, words, has_topic):
    if not has_topic:
        Topic.objects.update(archived_at=now())
    if kind:
        assert words not in card_of(nora, shop, ana)
        add_point(ana, kind, value)
    assert words in card_of(nora, shop, ana)
    withdraw(nora, shop, ana, channel=channel)
    card = card_of(nora, shop, ana)
    assert words not in card
    assert "Never asked." not in card
    assert proof_url(shop, ana, seasonal, channel) not in card
    said_stop = card.count("They said stop. Only their own new yes opens this again.")
    assert said_stop == (1 if has_topic or kind else 0)


def test_a_stop_is_noted_while_sending_is_paused_and_after_a_yes_ran_out(nora, shop, seasonal, ana):
    line = f'They said stop<span class="vh">: {seasonal.name}, Email</span>'
    assert line not in card_of(nora, shop, ana)
    say_yes(ana, seasonal)
    assert line in card_of(nora, shop, ana)
    BusinessProfile.objects.update(sending_paused_at=now())
    card = card_of(nora, shop, ana)
    assert line in card
    assert "They want no letters at all" in card
    BusinessProfile.objects.update(sending_paused_at=None)
    ConsentState.objects.update(expires_at=now() - timedelta(days=1))
    card = card_of(nora, shop, ana)
    assert "Their yes has run out." in card
    assert line in card
    withdraw(nora, shop, ana, channel="email", topic=str(seasonal.pk))
    card = card_of(nora, shop, ana)
    assert line not in card
    assert "They want no letters at all" in card
