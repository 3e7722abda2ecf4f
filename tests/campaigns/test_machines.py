"""Crawlers in mailboxes: they follow everything, some press everything, and nothing of it is anybody's will."""

import csv
import re
from email import message_from_bytes, policy

import pytest
import time_machine
from django.test import Client

from campaigns.models import Message, TrackingEvent
from campaigns.queries.machines import MACHINES, machine_reason
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
OURS = re.compile(r"/(?:l|u|prefs)/[\w.-]+(?:/\d+|/more)?")


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


def test_sec_55_case_13_a_crawler_that_follows_every_link_of_fifty_letters_twice_changes_nothing(
    sequence, seasonal, mail_server
):
    """CAMPAIGNS 4m case 13: a scanner that follows all links."""
    letters = letters_to(LETTERS, sequence, seasonal, mail_server)
    assert {len(links) for links in letters} == {4}
    before = standing()
    crawler = Client(headers=CRAWLER)
    for _ in range(2):
        for links in letters:
            for link in links:
                assert crawler.get(link).status_code in (200, 204, 302)
    judge()
    assert standing() == before
    clicks = TrackingEvent.objects.filter(kind="clicked")
    assert clicks.count() == 2 * LETTERS
    assert set(clicks.values_list("is_machine", "machine_reason")) == {(True, "trap")}


def test_sec_55_a_crawler_that_knows_the_trap_and_follows_all_else_is_known_by_that(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    before = standing()
    for link in [link for link in links if not link.endswith("/more")]:
        Client(headers=CRAWLER).get(link)
    judge()
    assert standing() == before
    assert set(TrackingEvent.objects.filter(kind="clicked").values_list("machine_reason", flat=True)) == {"all_links"}


def test_sec_55_the_trap_in_a_letter_is_seen_by_nobody_and_says_nothing(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    (trap,) = [link for link in links if link.endswith("/more")]
    html = message_from_bytes(mail_server.accepted[-1].body, policy=policy.default).get_body(("html",)).get_content()
    anchor = re.search(rf'<a href="[^"]*{re.escape(trap)}"([^>]*)>(.*?)</a>', html)
    assert anchor[2] == ""
    for attribute in ('style="display:none"', 'aria-hidden="true"', 'tabindex="-1"'):
        assert attribute in anchor[1]
    text = message_from_bytes(mail_server.accepted[-1].body, policy=policy.default).get_body(("plain",)).get_content()
    assert "/more" not in text


@pytest.mark.parametrize(
    ("agent", "ip", "reason"),
    [
        ("Mozilla/5.0", "203.0.113.9", "agent"),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel)", "203.0.113.9", "agent"),
        ("", "203.0.113.9", "agent"),
        (CRAWLER["User-Agent"], "17.58.98.1", "network"),
        (CRAWLER["User-Agent"], "203.0.113.9", ""),
        (CRAWLER["User-Agent"], "2001:db8::1", ""),
        (CRAWLER["User-Agent"], None, ""),
        (CRAWLER["User-Agent"], "not an address", ""),
    ],
)
def test_sec_55_known_scanners_and_apples_privacy_proxy_are_machines(agent, ip, reason):
    assert machine_reason(agent, ip=ip, is_head=False) == reason


def test_sec_55_every_line_of_the_table_of_machines_says_where_it_is_known_from():
    with MACHINES.open(newline="") as table:
        lines = list(csv.DictReader(table))
    assert {line["kind"] for line in lines} == {"agent", "exact", "network"}
    assert all(line["what"] and line["source"] for line in lines)
    assert all(line["pattern"] == line["pattern"].lower() for line in lines)


def test_sec_55_a_crawler_that_presses_every_button_after_a_trap_changes_nothing(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    before = standing()
    crawler = Client(headers=CRAWLER)
    for link in links:
        page = crawler.get(link)
        for hidden in re.findall(r'href="(/[^"]+/more)"', page.content.decode()):
            assert crawler.get(hidden).status_code == 204
        if link.endswith("/more"):
            assert page.status_code == 204
    pages = [link for link in links if not link.endswith("/more")]
    leave, choose = (next(link for link in pages if link.startswith(start)) for start in ("/u/", "/prefs/"))
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
    leave = next(link for link in links if link.startswith("/u/") and not link.endswith("/more"))
    now = clock.now()
    with time_machine.travel(now, tick=False):
        client.get(f"{leave}/more")
    with time_machine.travel(now.timestamp() + wait, tick=False):
        client.post(leave, {"page": "1"})
    assert ConsentState.objects.filter(state="withdrawn").exists() is is_out


def test_e2_one_click_of_a_mail_program_counts_also_after_a_trap(sequence, seasonal, mail_server, client):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    leave = next(link for link in links if link.startswith("/u/") and not link.endswith("/more"))
    client.get(f"{leave}/more")
    assert client.post(leave, {"List-Unsubscribe": "One-Click"}).content == b"OK"
    assert ConsentState.objects.get().state == "withdrawn"


def test_a_person_who_reads_and_leaves_a_minute_later_is_a_person(sequence, seasonal, mail_server):
    (links,) = letters_to(1, sequence, seasonal, mail_server)
    reader = Client(headers=CRAWLER)
    reader.get(next(link for link in links if link.startswith("/l/")))
    pass_time(60)
    reader.get(next(link for link in links if link.startswith("/u/") and not link.endswith("/more")))
    judge()
    assert Interaction.objects.filter(kind="content_clicked").count() == 1
