"""The page where somebody decides what may be sent to them."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import ChannelRule, Message
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.messages import plan_message
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Consent, ConsentState, Contact, Suppression
from contacts.services.consent import withdraw_consent
from contacts.services.points import keep_number
from contacts.services.suppression import suppress_address
from contacts.services.topics import archive_topic
from ecosystem.base.addresses import address_hash
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import make_letter, work
from tests.factories.permission import make_business, make_member, make_person, make_topic, owner_of, say_yes
from tests.factories.texts import say_yes_to_texts

pytestmark = pytest.mark.django_db

ANA, NUMBER = "ana@example.com", "+12025550123"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def season(bakery):
    return make_topic()


@pytest.fixture
def offers(season):
    return make_topic("Offers", "One a month", promised_count=1)


@pytest.fixture
def ana(offers, season):
    person = make_person(ANA)
    say_yes(person, season)
    return person


def letter(contact, topic, key="s:1") -> Message:
    """A letter of a topic that waits to go to somebody."""
    return plan_message(
        idem_key=key, message_class="marketing", lane="sequence", contact=contact, topic=topic, address=ANA,
        address_hash=address_hash("email", ANA), merge={},
    )  # fmt: skip


@pytest.fixture
def url(ana, season):
    message = letter(ana, season)
    return "/prefs/" + MessageSigner(message.business_id).tokens(message.id).preferences


def states() -> dict[str, str]:
    """What holds now, by the topic's name."""
    return dict(ConsentState.objects.values_list("topic__name", "state"))


def keys(*topics) -> list[str]:
    """The names of switches."""
    return [f"email:{topic.id}" for topic in topics]


def test_the_page_tells_topics_promises_and_history_without_the_address(client, url, ana, season):
    letter(ana, season, "s:2")
    Message.objects.filter(idem_key="s:2").update(state="accepted", accepted_at=timezone.now())
    page = client.get(url).content.decode()
    assert "What may we send you, Ana?" in page
    assert "a••••@example.com" in page
    assert ANA not in page
    assert "Promised at most 2 in 30 days, you received 1." in page
    assert "Confirmed: What is in season" in page
    assert len(re.findall(r'role="switch"[^>]* checked', page)) == 1
    assert "<script" not in page
    assert not client.cookies


def test_get_and_head_change_nothing(client, url):
    rows = Consent.objects.count()
    for _ in range(5):
        assert (client.get(url).status_code, client.head(url).status_code) == (200, 200)
    assert Consent.objects.count() == rows
    assert states() == {"What is in season": "granted"}


def test_turning_a_topic_on_is_a_new_yes_of_their_own_and_off_stops_what_waits(url, ana, season, offers):
    waiting = Message.objects.get()
    client = Client(enforce_csrf_checks=True)
    page = client.post(url, {"shown": keys(season, offers), "on": keys(offers)}).content.decode()
    assert "“Offers” by email is on." in page
    assert "“What is in season” by email is off." in page
    assert states() == {"What is in season": "withdrawn", "Offers": "granted"}
    granted = Consent.objects.get(act="granted")
    assert (granted.source, granted.basis, granted.wording) == (
        "preferences",
        "express",
        "Offers, by email\nOne a month",
    )
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"


def test_saving_without_a_change_writes_nothing(client, url, season, offers):
    rows = Consent.objects.count()
    client.post(url, {"shown": keys(season, offers), "on": keys(season)})
    assert Consent.objects.count() == rows


def test_a_topic_that_the_page_did_not_show_cannot_change(client, url, season, offers):
    client.post(url, {"shown": keys(offers), "on": []})
    assert states() == {"What is in season": "granted"}
    client.post(url, {"shown": ["email:nonsense", "sms:" + str(offers.id)], "on": ["sms:" + str(offers.id)]})
    assert states() == {"What is in season": "granted"}


def test_stop_everything_takes_one_tap_and_twice_is_the_same(client, url, ana, season, offers):
    say_yes(ana, offers)
    for _ in range(2):
        page = client.post(url, {"stop": "1"}).content.decode()
        assert "You are out. It counts from this second." in page
    assert set(states().values()) == {"withdrawn"}
    assert Suppression.objects.get(lifted_at=None).topic is None
    assert Consent.objects.filter(act="withdrawn").count() == 1


def test_who_stopped_everything_can_come_back_for_one_thing(client, url, season, offers):
    client.post(url, {"stop": "1"})
    client.post(url, {"shown": keys(season, offers), "on": keys(season)})
    assert states()["What is in season"] == "granted"
    assert list(Suppression.objects.filter(lifted_at=None).values_list("topic__name", flat=True)) == ["Offers"]


def undo_of(page: str) -> str:
    """The sealed word of the page's Undo."""
    (proof,) = re.findall(r'name="undo" value="([^"]+)"', page)
    return proof


def test_undo_takes_a_change_back_and_keeps_what_changed_since(url, season, offers):
    client = Client(enforce_csrf_checks=True)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        proof = undo_of(client.post(url, {"shown": keys(season, offers), "on": keys(offers)}).content.decode())
        clock.shift(5)
        page = client.post(url, {"undo": proof}).content.decode()
        assert "Taken back. “What is in season” by email is on. “Offers” by email is off." in page
        assert states() == {"What is in season": "granted", "Offers": "withdrawn"}
        newest = Consent.objects.filter(act="granted").order_by("-id").first()
        assert (newest.topic, newest.source, newest.actor_id) == (season, "undo", None)
        client.post(url, {"shown": keys(season), "on": []})
        rows = Consent.objects.count()
        page = client.post(url, {"undo": proof}).content.decode()
    assert "That cannot be taken back any more." in page
    assert Consent.objects.count() == rows


def test_undo_of_stopping_everything_brings_back_the_letters_that_were_a_yes_and_no_others(client, url, season, offers):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        proof = undo_of(client.post(url, {"stop": "1"}).content.decode())
        clock.shift(5)
        client.post(url, {"undo": proof})
    assert states() == {"What is in season": "granted"}
    assert list(Suppression.objects.filter(lifted_at=None).values_list("topic__name", flat=True)) == ["Offers"]


def test_sec_59_no_machine_no_stranger_and_no_forger_takes_a_change_back(client, url, ana, season, offers):
    """The quick press of a scanner, a seal of another letter, and what nobody sealed."""
    other = letter(ana, season, "s:other")
    other_url = "/prefs/" + MessageSigner(other.business_id).tokens(other.id).preferences
    with time_machine.travel(timezone.now(), tick=False) as clock:
        proof = undo_of(client.post(url, {"stop": "1"}).content.decode())
        rows = Consent.objects.count()
        for sent_to, word, after in (
            (url, proof, 1),
            (other_url, proof, 5),
            (url, proof[:-4] + "AAAA", 5),
            (url, "", 5),
        ):
            clock.shift(after)
            assert "That cannot be taken back" in client.post(sent_to, {"undo": word}).content.decode()
    assert Consent.objects.count() == rows
    assert set(states().values()) == {"withdrawn"}


def test_a_topic_that_was_put_away_can_be_left_but_not_joined(client, url, season, offers):
    archive_topic(season)
    archive_topic(offers)
    page = client.get(url).content.decode()
    assert ("What is in season" in page, "Offers" in page.split("<details")[0]) == (True, False)
    client.post(url, {"shown": keys(season, offers), "on": keys(offers)})
    assert states() == {"What is in season": "withdrawn"}


def test_sec_31_the_link_works_for_ninety_days(client, url):
    with time_machine.travel(timezone.now() + timedelta(days=89)):
        assert client.get(url).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert client.get(url).status_code == 410
        assert client.post(url, {"stop": "1"}).status_code == 410
    assert client.get(url[:-1] + ("A" if url[-1] != "A" else "B")).status_code == 404
    assert states() == {"What is in season": "granted"}


def test_somebody_who_is_not_kept_any_more_can_still_stop_everything(client, url, bakery):
    Message.objects.update(contact=None)
    assert "We do not know you any more" in client.get(url).content.decode()
    assert client.post(url, {"stop": "1"}).status_code == 200
    assert Suppression.objects.get(lifted_at=None).topic is None


# The card on a person's page


def panel(client, bakery, contact) -> str:
    """The card of a person's page as the team sees it."""
    return client.get(f"/b/{bakery.slug}/contacts/{contact.id}/cards/permission/").content.decode()


@pytest.fixture
def sam(client, bakery):
    member = make_member(bakery)
    client.force_login(member.user)
    return member


def test_the_card_says_yes_or_no_since_when_and_why(client, bakery, sam, ana, offers):
    page = panel(client, bakery, ana)
    assert "What Ana allows" in page
    assert "May be written to: they said yes." in page
    assert "They have not said yes to this." in page
    assert "Ask them" in page
    withdraw_consent(ana, channel="email", topic=None, source="link")
    page = panel(client, bakery, ana)
    assert "They said stop. Only their own new yes opens this again." in page
    assert "Ask them" not in page


def test_sam_asks_from_the_card_and_the_topic_waits(client, bakery, sam, ana, offers):
    client.post(f"/b/{bakery.slug}/contacts/{ana.id}/permission/{offers.id}/ask/")
    assert states()["Offers"] == "requested"
    assert Message.objects.filter(template="confirm_signup").count() == 1
    assert "Waiting" in panel(client, bakery, ana)


def test_sam_keeps_a_yes_with_proof_and_none_without(client, bakery, sam, ana, offers):
    url = f"/b/{bakery.slug}/contacts/{ana.id}/permission/{offers.id}/proof/"
    answer = client.post(url, {"source": "paper", "said_on": "2026-05-02", "note": ""})
    assert (answer.status_code, "Offers" in states()) == (422, False)
    answer = client.post(url, {"source": "paper", "said_on": "2026-05-02", "note": "Card 14 in the blue box"})
    assert (answer.status_code, states()["Offers"]) == (302, "granted")


def test_sam_takes_note_of_a_stop_in_one_tap(client, bakery, sam, ana, season):
    client.post(f"/b/{bakery.slug}/contacts/{ana.id}/permission/withdraw/", {"topic": str(season.id)})
    assert states() == {"What is in season": "withdrawn"}
    assert Suppression.objects.get().reason == "manual"
    assert Consent.objects.get(act="withdrawn").actor_id == sam.id


def test_sec_59_no_form_of_the_team_opens_what_ana_closed(client, bakery, sam, ana, season):
    suppress_address(channel="email", hashes=[address_hash("email", ANA)], topic=season, reason="unsubscribed")
    base = f"/b/{bakery.slug}/contacts/{ana.id}/permission/{season.id}/"
    rows = Consent.objects.count()
    client.post(base + "ask/")
    answer = client.post(base + "proof/", {"source": "paper", "said_on": "2026-05-02", "note": "card"})
    assert (answer.status_code, Consent.objects.count()) == (422, rows)
    assert Suppression.objects.get().lifted_at is None


def test_gus_of_the_garage_gets_a_404_for_anas_permission(client, bakery, ana, season):
    garage = make_business("Gus and Sons", "gus@example.com")
    client.force_login(owner_of(garage).user)
    for path in (f"{season.id}/ask/", f"{season.id}/proof/", "withdraw/"):
        assert client.post(f"/b/{bakery.slug}/contacts/{ana.id}/permission/{path}").status_code == 404
        assert client.post(f"/b/{garage.slug}/contacts/{ana.id}/permission/{path}").status_code == 404
    assert Contact.objects.filter(id=ana.id).exists()
    assert states() == {"What is in season": "granted"}


def test_a_helper_may_not_change_permission(client, bakery, ana, season):
    client.force_login(make_member(bakery, role="helper", email="hanna@example.com").user)
    url = f"/b/{bakery.slug}/contacts/{ana.id}/permission/withdraw/"
    assert client.post(url, {"topic": str(season.id)}).status_code == 403
    assert states() == {"What is in season": "granted"}


# Letters and texts together


@pytest.fixture
def caller(ana, season):
    """Ana, who also gets texts about the season."""
    keep_number(ana, NUMBER, now=timezone.now())
    ana.refresh_from_db()
    say_yes_to_texts(ana, season)
    return ana


def sent(contact, topic, channel: str, number: int) -> None:
    Message.objects.create(
        idem_key=f"r:{channel}:{number}", message_class="marketing", lane="broadcast", channel=channel, contact=contact,
        topic=topic, address="x", address_hash="x", state="accepted", accepted_at=timezone.now(),
    )  # fmt: skip


def test_mission_51_texts_go_on_and_are_said_to_where_letters_are_stopped(caller, url, season):
    suppress_address(channel="email", hashes=[address_hash("email", ANA)], topic=None, reason="complained")
    page = Client().get(url).content.decode()
    assert "Everything is stopped" not in page
    assert 'value="sms:' in page
    Client().post(url, {"stop": "1"})
    page = Client().get(url).content.decode()
    assert "Everything is stopped" in page
    assert Suppression.objects.filter(channel="sms", lifted_at=None).exists()


def test_mission_51_what_stops_the_number_switches_its_texts_off(caller, url):
    suppress_address(channel="sms", hashes=[address_hash("sms", NUMBER)], topic=None, reason="bounced")
    page = Client().get(url).content.decode()
    assert 'value="sms:' not in page
    assert "Everything is stopped" not in page


def test_mission_51_letters_and_texts_are_counted_apart(caller, url, season):
    sent(caller, season, "email", 1)
    for number in range(3):
        sent(caller, season, "sms", number)
    page = Client().get(url).content.decode()
    assert [int(number) for number in re.findall(r"you received (\d+)", page)] == [1, 3]


def test_mission_51_a_switch_of_texts_is_turned_off_and_stays_off(caller, url, season):
    page = Client().get(url).content.decode()
    (key,) = re.findall(r'name="shown" value="(sms:[^"]*)"', page)
    assert "••• 0123" in page
    assert NUMBER not in page
    shown = re.findall(r'name="shown" value="([^"]*)"', page)
    saved = Client().post(url, {"shown": shown, "on": [f"email:{season.id}"]}).content.decode()
    assert "“What is in season” by text is off." in saved
    assert 'name="undo"' not in saved, "texts begin only from the phone itself"
    assert ConsentState.objects.get(contact=caller, channel="sms").state == "withdrawn"
    assert ConsentState.objects.get(contact=caller, channel="email", topic=season).state == "granted"
    assert key not in Client().get(url).content.decode()


# MISSION 43: only what they asked for

KINDS = ("New products", "How-to", "Order status", "Offers", "Events", "News")


def page_of(person, topic) -> str:
    """Their preference page, as it stands in a letter to them."""
    message = plan_message(
        idem_key=f"s:{person.id}", message_class="marketing", lane="sequence", contact=person, topic=topic,
        address=person.primary_email, address_hash=address_hash("email", person.primary_email), merge={},
        due_at=timezone.now() + timedelta(days=300),
    )  # fmt: skip
    return "/prefs/" + MessageSigner(message.business_id).tokens(message.id).preferences


def test_mission_43_who_chose_how_to_alone_gets_how_to_alone_and_who_chose_all_gets_all(bakery, mail_server):
    """Both are on the way of the same six sequences; what they chose on their page is the only difference."""
    ChannelRule.objects.create(channel="email", most_count=20, most_days=7)
    topics = {name: make_topic(name, promised_count=31) for name in KINDS}
    people = {"ana@example.com": ("How-to",), "ben@example.com": KINDS}
    for email, chosen in people.items():
        person = make_person(email)
        for topic in topics.values():
            say_yes(person, topic)
        chosen_keys = keys(*(topics[name] for name in chosen))
        answer = Client().post(page_of(person, topics["News"]), {"shown": keys(*topics.values()), "on": chosen_keys})
        assert answer.status_code == 200
    for name, topic in topics.items():
        sequence = create_sequence(name=name, topic=topic)
        add_letter(sequence, make_letter(name))
        everybody = list(Contact.objects.filter(primary_email__in=people).values_list("id", flat=True))
        enroll_contacts(start_sequence(sequence), everybody, source="staff")
    work()
    got = {email: set() for email in people}
    for mail in mail_server.accepted:
        got[mail.recipient].add(message_from_bytes(mail.body, policy=policy.default)["Subject"])
    assert got == {"ana@example.com": {"How-to"}, "ben@example.com": set(KINDS)}
    assert len(mail_server.accepted) == 1 + len(KINDS)
