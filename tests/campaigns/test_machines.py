"""Crawlers in mailboxes: they follow everything, some press everything, and nothing of it is anybody's will."""

import re

import pytest
import time_machine
from django.test import Client

from campaigns.models import Message, TrackingEvent
from campaigns.queries.sequences import steps_with_numbers
from campaigns.services.enrollments import enroll_contact
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.models import Consent, ConsentState, Contact, ContactStats, Interaction, StageChange, Suppression
from ecosystem.base import clock
from tests.factories.campaigns import make_friend, make_letter, pass_time, work

LETTERS = 50
# As a browser names itself: nothing but what it does tells that it is none.
CRAWLER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
OURS = re.compile(r"/(?:l|u|prefs)/[\w.-]+(?:/\d+)?")


@pytest.fixture
def sequence(shop, seasonal):
    made = create_sequence(name="Welcome", topic=seasonal)
    add_letter(made, make_letter())
    return start_sequence(made)


def links_of(mail) -> list[str]:
    """Every address of ours in a mail that came, its header included."""
    text = mail.body.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode(errors="replace")
    return sorted(set(OURS.findall(text)))


def letters_to(people: int, sequence, topic, mail_server) -> list[list[str]]:
    """Send a letter to each of so many friends; the links of each, six seconds after it came."""
    for number in range(people):
        enroll_contact(sequence, make_friend(topic, number), source="staff")
    work(times=4)
    mails = mail_server.accepted[-people:]
    pass_time(6)
    return [links_of(mail) for mail in mails]


def standing() -> dict[str, object]:
    """Everything that only a person may move."""
    return {
        "states": sorted(ConsentState.objects.values_list("contact", "topic", "state")),
        "ledger": Consent.objects.count(),
        "stops": Suppression.objects.count(),
        "stages": (sorted(Contact.objects.values_list("id", "stage")), StageChange.objects.count()),
        "timeline": Interaction.objects.exclude(kind="message_sent").count(),
        "figures": sorted(ContactStats.objects.values_list("contact", "clicks_count", "last_touch_at")),
        "clicked": Message.objects.exclude(clicked_at=None).count(),
        "steps": [line.clicked for line in steps_with_numbers(Message.objects.first().sequence)],
    }


def judge() -> None:
    """Let ten seconds pass and the clicks be judged."""
    pass_time(11)
    work("webhooks")


def test_sec_55_a_crawler_that_follows_every_link_of_fifty_letters_twice_changes_nothing(
    sequence, seasonal, mail_server
):
    letters = letters_to(LETTERS, sequence, seasonal, mail_server)
    assert {len(links) for links in letters} == {3}
    before = standing()
    crawler = Client(headers=CRAWLER)
    for _ in range(2):
        for links in letters:
            for link in links:
                assert crawler.get(link).status_code in (200, 302)
    judge()
    assert standing() == before
    clicks = TrackingEvent.objects.filter(kind="clicked")
    assert clicks.count() == 2 * LETTERS
    assert set(clicks.values_list("is_machine", "machine_reason")) == {(True, "all_links")}


def test_sec_55_a_crawler_that_presses_every_button_after_a_trap_changes_nothing(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    before = standing()
    crawler = Client(headers=CRAWLER)
    for link in links:
        page = crawler.get(link)
        for hidden in re.findall(r'href="(/[^"]+/more)"', page.content.decode()):
            assert crawler.get(hidden).status_code == 204
    leave, choose = (next(link for link in links if link.startswith(start)) for start in ("/u/", "/prefs/"))
    keys = re.findall(r'name="shown" value="([^"]+)"', crawler.get(choose).content.decode())
    assert keys
    for path, fields in ((leave, {"page": "1"}), (choose, {"stop": "1"}), (choose, {"shown": keys})):
        assert crawler.post(path, fields).status_code == 200
    judge()
    assert standing() == before
    assert set(TrackingEvent.objects.filter(kind="clicked").values_list("machine_reason", flat=True)) == {"trap"}


@pytest.mark.parametrize(("wait", "is_out"), [(9, False), (11, True)])
def test_sec_55_a_person_presses_the_button_ten_seconds_after_their_scanner(
    sequence, seasonal, mail_server, client, wait, is_out
):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    leave = next(link for link in links if link.startswith("/u/"))
    now = clock.now()
    with time_machine.travel(now, tick=False):
        client.get(f"{leave}/more")
    with time_machine.travel(now.timestamp() + wait, tick=False):
        client.post(leave, {"page": "1"})
    assert ConsentState.objects.filter(state="withdrawn").exists() is is_out


def test_e2_one_click_of_a_mail_program_counts_also_after_a_trap(sequence, seasonal, mail_server, client):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    leave = next(link for link in links if link.startswith("/u/"))
    client.get(f"{leave}/more")
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).content == b"OK"
    assert ConsentState.objects.get().state == "withdrawn"


def test_a_person_who_reads_and_leaves_a_minute_later_is_a_person(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    reader = Client(headers=CRAWLER)
    reader.get(next(link for link in links if link.startswith("/l/")))
    pass_time(60)
    reader.get(next(link for link in links if link.startswith("/u/")))
    judge()
    assert Interaction.objects.filter(kind="content_clicked").count() == 1
