"""Leaving: by the header that mail programs post to, and by a page with one button."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Message
from campaigns.queries.eligibility import may_send
from campaigns.services.messages import plan_message
from contacts.models import Consent, ConsentState, Contact, ContactPoint, Suppression
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.addresses import address_hash
from ecosystem.base.links import UNSUBSCRIBE, MessageSigner, sign_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.factories.permission import make_business, make_person, make_topic, say_yes

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def topic(bakery):
    return make_topic()


@pytest.fixture
def ana(topic):
    person = make_person(ANA)
    say_yes(person, topic)
    return person


def letter(contact, topic, key="s:1", **values) -> Message:
    """A letter of a topic that waits to go to somebody."""
    return plan_message(
        idem_key=key, message_class="marketing", lane="sequence", contact=contact, topic=topic, address=ANA,
        address_hash=address_hash("email", ANA), merge={}, **values,
    )  # fmt: skip


def leave_url(message) -> str:
    """The leave link of a letter."""
    return "/u/" + MessageSigner(message.business_id).tokens(message.id).unsubscribe


def is_out(topic=None) -> bool:
    """Whether Ana's address is stopped for a topic, or for everything."""
    stops = Suppression.objects.filter(address_hash=address_hash("email", ANA), lifted_at=None)
    return stops.filter(topic=topic).exists()


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_e2_case_13_one_click_counts_at_once_without_cookies_or_redirect(bakery, ana, topic, content_type):
    """CAMPAIGNS 4m case 13: POST."""
    first, waiting = letter(ana, topic), letter(ana, topic, "s:2")
    form = "List-Unsubscribe=One-Click"
    parts = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    body = parts if "multipart" in content_type else form
    client = Client(enforce_csrf_checks=True)
    answer = client.post(leave_url(first), body, content_type=content_type)
    assert (answer.status_code, answer.content) == (200, b"OK")
    assert not client.cookies
    assert is_out(topic)
    assert ConsentState.objects.get(contact=ana, topic=topic).state == "withdrawn"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "left")


def test_e2_case_13_repeating_it_is_the_same_answer_and_one_ledger_row(client, ana, topic):
    """CAMPAIGNS 4m case 13: the POST twice."""
    message = letter(ana, topic)
    answers = [client.post(leave_url(message), ONE_CLICK) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"OK")}
    assert Consent.objects.filter(act="withdrawn").count() == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe garbage", b"--wrong"])
def test_e2_a_body_that_cannot_be_read_has_left_all_the_same(client, ana, topic, body):
    message = letter(ana, topic)
    answer = client.post(leave_url(message), body, content_type="multipart/form-data; boundary=b")
    assert (answer.status_code, is_out(topic)) == (200, True)


def test_e3_case_13_get_and_head_change_nothing_and_show_one_button(client, ana, topic):
    """CAMPAIGNS 4m case 13: GET and HEAD."""
    message = letter(ana, topic)
    for _ in range(5):
        page = client.get(leave_url(message))
        assert client.head(leave_url(message)).status_code == 200
    assert page.status_code == 200
    assert page.content.decode().count("<button") == 1
    assert "Stop “What is in season”?" in page.content.decode()
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store, private", "no-referrer")
    assert not Suppression.objects.exists()
    assert not Consent.objects.filter(act="withdrawn").exists()
    message.refresh_from_db()
    assert message.state == "queued"


def test_e4_it_works_when_the_person_was_deleted_or_erased_meanwhile(client, bakery, ana, topic):
    """CAMPAIGNS 4m case 14: the link itself."""
    deleted, erased = letter(ana, topic), letter(ana, topic, "s:2")
    delete_contact(ana, actor=None, now=timezone.now())
    assert client.post(leave_url(deleted), ONE_CLICK).status_code == 200
    assert is_out(topic)
    Suppression.objects.all().delete()
    Message.objects.filter(id=erased.id).update(contact=None, address="", topic=None)
    assert client.get(leave_url(erased)).status_code == 200
    assert client.post(leave_url(erased), ONE_CLICK).status_code == 200
    assert is_out(None)
    assert Consent.objects.order_by("-id").first().contact is None


def test_e4_it_works_years_later_with_a_retired_key_for_a_letter_and_a_business_that_are_gone(
    client, bakery, ana, topic, settings
):
    message = letter(ana, topic)
    url = leave_url(message)
    settings.PUBLIC_TOKEN_KEYS = {"d9": "a newer secret for links of enough length", **settings.PUBLIC_TOKEN_KEYS}
    Business.objects.filter(id=bakery.id).update(state="closed")
    with time_machine.travel(timezone.now() + timedelta(days=800)):
        assert client.post(url, ONE_CLICK).status_code == 200
    assert is_out(topic)
    Message.objects.filter(id=message.id).delete()
    assert client.post(url, ONE_CLICK).status_code == 200
    assert client.get(url).status_code == 200


def test_e4_a_forged_token_is_not_found_and_changes_nothing(client, bakery, ana, topic):
    message = letter(ana, topic)
    token = leave_url(message).removeprefix("/u/")
    swapped = token[:-1] + ("A" if token[-1] != "A" else "B")
    preferences = MessageSigner(bakery.id).tokens(message.id).preferences
    for forged in (swapped, preferences, "x" * 40, token + "A"):
        assert client.post(f"/u/{forged}", ONE_CLICK).status_code == 404
    assert not is_out(topic)


def test_sec_01_a_token_of_the_garage_reaches_nobody_of_the_bakery(client, bakery, ana, topic):
    message = letter(ana, topic)
    garage = make_business("Gus and Sons", "gus@example.com")
    foreign = sign_link(UNSUBSCRIBE, garage.id, message.id.bytes)
    assert client.post(f"/u/{foreign}", ONE_CLICK).status_code == 200
    assert not is_out(topic)


def test_leaving_one_topic_leaves_the_others(client, bakery, ana, topic):
    offers = make_topic("Offers")
    say_yes(ana, offers)
    other = letter(ana, offers, "s:2")
    client.post(leave_url(letter(ana, topic)), ONE_CLICK)
    other.refresh_from_db()
    assert other.state == "queued"
    assert ConsentState.objects.get(contact=ana, topic=offers).state == "granted"


def test_a_no_to_texts_is_no_word_about_letters(bakery, ana, topic):
    message = letter(ana, topic)
    withdraw_consent(ana, channel="sms", topic=None, source="team")
    message.refresh_from_db()
    assert message.state == "queued"
    assert ConsentState.objects.get(contact=ana, channel="email").state == "granted"


def test_c8_case_14_who_left_stays_out_after_deletion_and_coming_again_with_a_list(client, bakery, ana, topic):
    """CAMPAIGNS 4m case 14."""
    client.post(leave_url(letter(ana, topic)), ONE_CLICK)
    delete_contact(ana, actor=None, now=timezone.now())
    ContactPoint.objects.filter(contact=ana).delete()
    imported = upload_import(f"Name,Email\nAna Lima,{ANA}\n".encode(), file_name="stall.csv")
    map_import(imported.id, mapping=imported.mapping)
    yesterday = (timezone.now() - timedelta(days=1)).date()
    permit_import(imported.id, rule="all", topic=topic, source="Their slip", said_on=yesterday)
    job_id = start_import(imported.id).job_id
    while work_import(bakery.pk, job_id):
        pass
    again = Contact.objects.get(primary_email=ANA, deleted_at=None)
    assert is_out(topic)
    verdict = may_send(again, channel="email", topic=topic, message_class="marketing", now=timezone.now())
    assert not verdict.allowed, "a list that says yes brings nobody back who left"


def test_leaving_by_the_page_can_be_taken_back_there_as_a_new_yes(client, bakery, ana, topic):
    message = letter(ana, topic)
    page = client.post(leave_url(message), {"page": "1"}).content.decode()
    assert "You are out. It counts from this second." in page
    proof = re.search(r'name="proof" value="([^"]+)"', page)[1]
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        back = client.post(leave_url(message) + "/undo", {"proof": proof}).content.decode()
    assert "You are in again" in back
    assert not is_out(topic)
    assert ConsentState.objects.get(contact=ana, topic=topic).state == "granted"
    newest = Consent.objects.order_by("-id").first()
    assert (newest.act, newest.source, newest.basis, newest.actor_id) == ("granted", "undo", "express", None)


def test_taking_back_works_once_soon_and_only_with_its_own_proof(client, bakery, ana, topic):
    message = letter(ana, topic)
    page = client.post(leave_url(message), {"page": "1"}).content.decode()
    proof = re.search(r'name="proof" value="([^"]+)"', page)[1]
    undo = leave_url(message) + "/undo"
    for sent, seconds in (({}, 10), ({"proof": "x"}, 10), ({"proof": proof}, 0.5), ({"proof": proof}, 5 * 3600)):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
            assert "Nothing has changed" in client.post(undo, sent).content.decode()
    client.get(undo)
    assert is_out(topic)
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        client.post(undo, {"proof": proof})
        client.post(leave_url(message), ONE_CLICK)
        assert "Nothing has changed" in client.post(undo, {"proof": proof}).content.decode()
    assert is_out(topic)


def test_sec_55_case_13_a_scanner_that_follows_the_links_of_the_page_changes_nothing(client, ana, topic):
    """CAMPAIGNS 4m case 13: a scanner."""
    message = letter(ana, topic)
    page = client.get(leave_url(message)).content.decode()
    for link in re.findall(r'href="(/(?:u|prefs)/[^"]+)"', page):
        assert client.get(link).status_code in {200, 204}
    assert not Suppression.objects.exists()
