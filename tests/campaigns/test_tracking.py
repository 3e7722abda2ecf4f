"""Tracked links: where they lead, who followed them, and who only scanned."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from campaigns.models import Message, TrackingEvent
from campaigns.queries.sequences import steps_with_numbers
from campaigns.services.enrollments import enroll_contact
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import ContactStats, Interaction
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.links import LINK, sign_link
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import make_friend, make_letter, pass_time, work
from tests.smtp_server import Trouble

READER = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
TWO_LINKS = "Hello,\n\n[our story](https://example.com/story) and [our shop](https://example.com/shop?a=1&b=2)."


def send_letter(topic, mail_server, **letter: str) -> list[str]:
    """Send a letter to a friend and read the tracked links out of the mail that came."""
    sequence = create_sequence(name="Welcome", topic=topic)
    add_letter(sequence, make_letter(**letter))
    enroll_contact(start_sequence(sequence), make_friend(topic), source="staff")
    work()
    text = mail_server.accepted[-1].body.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    return sorted(set(re.findall(r"/l/[\w-]+/\d+", text)))


@pytest.fixture
def link(shop, seasonal, mail_server) -> str:
    """The only link of a letter that was sent six seconds ago."""
    (found,) = send_letter(seasonal, mail_server)
    pass_time(6)
    return found


@pytest.fixture
def links(shop, seasonal, mail_server) -> list[str]:
    """The two links of a letter that was sent six seconds ago."""
    found = send_letter(seasonal, mail_server, body=TWO_LINKS)
    pass_time(6)
    return found


def clicked() -> list[Interaction]:
    """The clicks that count, once the judgement of all that waits is due."""
    pass_time(11)
    work("webhooks")
    return counted()


def counted() -> list[Interaction]:
    """The clicks that count by now."""
    return list(Interaction.objects.filter(kind="content_clicked"))


def test_a_click_leads_on_and_comes_back_to_the_timeline(shop, link, client):
    answer = client.get(link, **READER)
    assert (answer.status_code, answer["Location"]) == (302, "https://example.com/story")
    assert "no-store" in answer["Cache-Control"]
    (line,) = clicked()
    message = Message.objects.get()
    assert (line.contact_id, line.object_id, line.params) == (message.contact_id, message.id, {"link_number": 1})
    assert message.clicked_at is not None
    assert ContactStats.objects.get(contact=message.contact_id).clicks_count == 1
    assert steps_with_numbers(message.sequence)[0].clicked == 1


def test_a_second_click_of_the_day_counts_nobody_twice(shop, link, client):
    for _ in range(3):
        assert client.get(link, **READER).status_code == 302
    assert len(clicked()) == 1
    assert TrackingEvent.objects.count() == 3
    assert steps_with_numbers(Message.objects.get().sequence)[0].clicked == 1


def test_a_click_of_another_day_is_a_line_of_its_own(shop, link, client):
    client.get(link, **READER)
    line = clicked()[0]
    assert line.external_id.endswith(f"{now():%Y-%m-%d}")
    assert steps_with_numbers(Message.objects.get().sequence)[0].clicked == 1


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        ("", "agent"),
        ("curl/8.5.0", "agent"),
        ("Mozilla/5.0 (compatible; BarracudaCentral Scanner)", "agent"),
        ("Mozilla/5.0 (compatible; bingbot/2.0)", "agent"),
    ],
)
def test_a_known_scanner_is_led_on_and_counts_for_nobody(shop, link, client, agent, reason):
    assert client.get(link, HTTP_USER_AGENT=agent).status_code == 302
    event = TrackingEvent.objects.get()
    assert (event.is_machine, event.machine_reason) == (True, reason)
    assert clicked() == []
    assert Message.objects.get().clicked_at is None


def test_head_answers_the_same_and_is_no_human(shop, link, client):
    answer = client.head(link, **READER)
    assert (answer.status_code, answer["Location"]) == (302, "https://example.com/story")
    assert TrackingEvent.objects.get().machine_reason == "head"
    assert clicked() == []


def test_nobody_clicks_within_five_seconds_of_the_sending(shop, seasonal, mail_server, client):
    (found,) = send_letter(seasonal, mail_server)
    client.get(found, **READER)
    assert TrackingEvent.objects.get().machine_reason == "too_soon"
    assert clicked() == []


def test_whoever_follows_every_link_within_ten_seconds_is_a_machine(shop, links, client):
    for link in links:
        client.get(link, **READER)
    assert counted() == []
    pass_time(11)
    work("webhooks")
    assert set(TrackingEvent.objects.values_list("is_machine", "machine_reason")) == {(True, "all_links")}
    assert clicked() == []


def test_one_of_two_links_is_a_human_ten_seconds_later(shop, links, client):
    assert client.get(links[1], **READER)["Location"] == "https://example.com/shop?a=1&b=2"
    work("webhooks")
    assert counted() == []
    pass_time(11)
    work("webhooks")
    assert [line.params for line in counted()] == [{"link_number": 2}]
    event = TrackingEvent.objects.get()
    assert (event.is_machine, event.decided_at is not None) == (False, True)


def test_two_links_a_minute_apart_are_a_human(shop, links, client):
    client.get(links[0], **READER)
    pass_time(60)
    client.get(links[1], **READER)
    pass_time(11)
    work("webhooks")
    assert len(clicked()) == 2
    assert steps_with_numbers(Message.objects.get().sequence)[0].clicked == 1


def test_no_part_of_the_request_changes_where_it_leads(shop, link, client):
    for tail in ("?url=https://evil.example", "?next=//evil.example", "?"):
        assert client.get(link + tail, **READER)["Location"] == "https://example.com/story"
    answer = client.get(link, HTTP_HOST="localhost", HTTP_X_FORWARDED_HOST="evil.example", **READER)
    assert answer["Location"] == "https://example.com/story"


@pytest.mark.parametrize("path", ["/l/x/1", "/l/" + "A" * 90 + "/1", "/l//1", "/l/abc/one"])
def test_what_is_no_token_is_not_found(db, client, path):
    assert client.get(path, **READER).status_code == 404


def test_a_forged_or_foreign_token_is_not_found(shop, link, garage, client):
    token, number = link.split("/")[2:]
    message = Message.objects.get()
    for bad in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        sign_link(LINK, garage.pk, message.id.bytes),
        sign_link(LINK, shop.pk, uuid7().bytes),
        sign_link("unsubscribe", shop.pk, message.id.bytes),
        sign_link(LINK, shop.pk, b"no id"),
    ):
        assert client.get(f"/l/{bad}/{number}", **READER).status_code == 404
    assert client.get(f"/l/{token}/2", **READER).status_code == 404
    assert TrackingEvent.objects.count() == 0


def test_a_target_that_is_no_web_address_is_not_found(shop, link, client):
    Message.objects.get().content_version.links.update(url="javascript:alert(1)")
    assert client.get(link, **READER).status_code == 404


def test_only_reading_is_allowed(shop, link, client: Client):
    assert client.post(link, **READER).status_code == 405


def test_a_click_tells_nothing_of_one_business_to_another(shop, link, garage, client):
    client.get(link, **READER)
    with business_scope(garage):
        assert TrackingEvent.objects.count() == 0
        assert clicked() == []


def test_a_click_in_a_test_letter_counts_for_nobody(shop, link, client):
    Message.objects.update(is_test=True)
    assert client.get(link, **READER).status_code == 302
    assert clicked() == []
    assert Message.objects.get().clicked_at is None


@pytest.mark.parametrize("times", [1, 2], ids=["by a person", "by a scanner"])
def test_whoever_follows_a_link_proves_that_a_letter_in_doubt_has_arrived(shop, seasonal, mail_server, client, times):
    """CAMPAIGNS 4c: an account by SMTP alone has nothing else to go by; nothing is sent again."""
    mail_server.script("*", Trouble("dot", "drop after", times=1))
    found = send_letter(seasonal, mail_server, body=TWO_LINKS)
    assert Message.objects.get().state == "unknown"
    assert steps_with_numbers(Message.objects.get().sequence)[0].unknown == 1
    pass_time(6)
    for link in found[:times]:
        client.get(link, **READER)
    assert len(clicked()) == (times == 1)
    message = Message.objects.get()
    assert message.state == "delivered"
    [step] = [step for step in steps_with_numbers(message.sequence) if step.sent]
    assert (step.sent, step.unknown) == (1, 0)
    assert len(mail_server.accepted) == 1


def test_a_click_while_the_answer_of_the_server_is_awaited_is_judged_by_the_hand_over(shop, link, client):
    Message.objects.update(accepted_at=None, state="unknown", handed_at=now() - timedelta(seconds=30))
    client.get(link, **READER)
    assert len(clicked()) == 1
