"""A crawler at the real server: every link of letters that really came, followed over HTTP, and buttons pressed."""

import re
from http.client import HTTPConnection
from urllib.parse import urlsplit

from campaigns.models import TrackingEvent
from campaigns.services.enrollments import enroll_contact
from contacts.models import Consent, ConsentState, ContactStats, Interaction, StageChange, Suppression
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.campaigns.test_machines import CRAWLER, LETTERS, links_of
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.permission import make_topic
from tests.smtp_server import SmtpServer


def ask(wire: HTTPConnection, path: str, fields: str | None = None) -> int:
    """The status of one request over the wire; where a link leads to is not asked."""
    form = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
    wire.request("POST" if fields else "GET", path, fields, {**CRAWLER, **form})
    answer = wire.getresponse()
    answer.read()
    return answer.status


def test_sec_55_a_crawler_over_http_follows_every_link_of_fifty_letters_twice_and_changes_nothing(
    live_server, bakery, settings
):
    server = SmtpServer()
    settings.EMAIL_URL = server.url
    settings.SENDS_FIRST_DAYS = []
    with business_scope(bakery):
        BusinessProfile.objects.update(sender_email="hello@example.com", postal_address="12 Tulip Street, Marlow Bend")
        topic = make_topic("Bread news", promised_count=31, promised_days=30)
        sequence = make_sequence(topic)
        for number in range(LETTERS):
            enroll_contact(sequence, make_friend(topic, number), source="staff")
    work(times=4)
    server.stop()
    with business_scope(bakery):
        pass_time(6)
        before = standing()
    letters = [links_of(mail) for mail in server.accepted]
    assert [len(links) for links in letters] == [4] * LETTERS
    wire = HTTPConnection(urlsplit(live_server.url).netloc, timeout=30)
    for _ in range(2):
        for links in letters:
            for link in links:
                assert ask(wire, link) in (200, 204, 302), link
            leave = next(re.sub("/more$", "", link) for link in links if link.endswith("/more"))
            assert ask(wire, leave, "page=1") == 200
    with business_scope(bakery):
        pass_time(11)
    work("webhooks")
    with business_scope(bakery):
        assert standing() == before
        clicks = TrackingEvent.objects.filter(kind="clicked")
        assert set(clicks.values_list("is_machine", "machine_reason")) == {(True, "trap")}
        assert clicks.count() == 2 * LETTERS


def standing() -> tuple[object, ...]:
    """Everything that only a person may move."""
    return (
        sorted(ConsentState.objects.values_list("contact", "topic", "state")),
        Consent.objects.count(),
        Suppression.objects.count(),
        StageChange.objects.count(),
        Interaction.objects.exclude(kind="message_sent").count(),
        sorted(ContactStats.objects.values_list("contact", "clicks_count")),
    )
