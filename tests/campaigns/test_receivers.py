"""Who receives: by a table, by the mail servers of a domain, looked up beside the sending by a real DNS server."""

import pytest

from campaigns.models import QueuedMessage
from campaigns.queries.receiver_groups import group_of_host
from campaigns.services.delivery_limits_buckets import Bucket
from campaigns.services.receiver_lookup import forget_receivers, groups_of, look_up_receivers
from campaigns.tasks import look_up_receivers as task
from ecosystem.base import shared_memory
from tests.campaigns.test_limits import fill, without_redis, write_to
from tests.dns_server import SILENT, DnsServer
from tests.factories.campaigns import work

KNOWN = {
    "bakery.example.com": ["10 aspmx.l.google.com.", "20 alt1.aspmx.l.google.com."],
    "gym.example.com": ["0 gym-example-com.mail.protection.outlook.com."],
    "rocket.example.com": ["1 mx-biz.mail.am0.yahoodns.net."],
    "studio.example.com": ["50 backup.google.com.", "10 mx01.hoster.example.net."],
    "alone.example.com": [],
    "nothing.example.com": ["0 ."],
}


@pytest.fixture(autouse=True)
def names(settings):
    """A DNS server that knows a few domains; nobody has met any of them yet."""
    server = DnsServer()
    server.mail_servers = KNOWN
    settings.DNS_SERVERS = [server.place]
    shared_memory.forget_all()
    forget_receivers()
    yield server
    forget_receivers()
    server.stop()


def meet(*domains: str) -> list[str]:
    return groups_of([f"ana@{domain}" for domain in domains])


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("aspmx.l.google.com.", "google"),
        ("ASPMX.L.GOOGLE.COM", "google"),
        ("notgoogle.com", "notgoogle.com"),
        ("firm.mail.protection.outlook.com", "microsoft"),
        ("mta7.am0.yahoodns.net.", "yahoo"),
        ("mx.firm.co.uk", "firm.co.uk"),
        ("mx1.mail.hoster.example.net", "example.net"),
        (".", "other"),
        ("localhost", "other"),
    ],
)
def test_a_mail_server_belongs_to_a_house(host, group):
    assert group_of_host(host) == group


@pytest.mark.parametrize(
    ("address", "group"),
    [("ana@gmail.com", "google"), ("ana@Hotmail.com", "microsoft"), ("ana@aol.com", "yahoo")],
)
def test_well_known_domains_are_told_by_the_table_and_asked_of_nobody(names, address, group):
    assert groups_of([address]) == [group]
    assert look_up_receivers() == 0
    assert names.asked == []


def test_a_domain_counts_with_the_house_that_receives_for_it_once_it_was_looked_up(names):
    domains = [*KNOWN, "gone.example.com"]
    assert meet(*domains) == ["other"] * len(domains)
    assert names.asked == [], "no letter waits for the DNS"
    task()
    forget_receivers()
    assert dict(zip(domains, meet(*domains), strict=True)) == {
        "bakery.example.com": "google",
        "gym.example.com": "microsoft",
        "rocket.example.com": "yahoo",
        "studio.example.com": "example.net",
        "alone.example.com": "example.com",
        "nothing.example.com": "other",
        "gone.example.com": "other",
    }
    # Remembered together: nobody asks the DNS a second time.
    asked = len(names.asked)
    assert look_up_receivers() == 0
    forget_receivers()
    meet(*domains)
    assert (look_up_receivers(), len(names.asked)) == (0, asked)


def test_a_dns_that_is_silent_leaves_domains_among_the_others(names, monkeypatch):
    monkeypatch.setattr("campaigns.gateways.dns.ANSWER_SECONDS", 0.3)
    names.trouble = SILENT
    assert meet("bakery.example.com") == ["other"]
    assert look_up_receivers() == 1
    forget_receivers()
    assert meet("bakery.example.com") == ["other"]


def test_without_redis_all_go_by_the_table(db, settings):
    without_redis(settings)
    assert groups_of(["ana@bakery.example.com", "ben@gmail.com"]) == ["other", "google"]
    assert look_up_receivers() == 0


def test_letters_to_domains_of_one_house_share_its_pace(shop, seasonal, mail_server, settings):
    settings.SENDS_PER_SECOND_RECEIVERS = 1
    meet("bakery.example.com")
    look_up_receivers()
    forget_receivers()
    fill(Bucket("bucket:receivers:platform:email:google", 1.0), at=1.0)
    fill(Bucket("bucket:receivers:platform:email:other", 1.0), at=1.0)
    write_to(shop, seasonal, ["ana@gmail.com", "ben@bakery.example.com", "cleo@unmet.example.com"])
    work("sequence", times=1)
    assert [mail.recipient for mail in mail_server.accepted] == ["ana@gmail.com", "cleo@unmet.example.com"]
    assert QueuedMessage.objects.count() == 1
