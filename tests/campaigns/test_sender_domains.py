"""SEC-58: letters come from a domain that DNS proves, or from the shared one; what is lost stops within a day."""

import base64
import re
from datetime import timedelta
from html import unescape

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from campaigns.gateways.dns import Found, find_dkim, find_dmarc, find_owner, find_spf
from campaigns.models import Message, SenderDomain
from campaigns.queries.accounts import account_for
from campaigns.queries.sending import find_sending
from campaigns.services.delivery import _most_in_a_day
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.sender_domains import HOLDS, LOOK_AGAIN, ask_for_domain, work_sender_domains
from ecosystem.base.clock import now
from ecosystem.models import AuditEntry, BusinessProfile
from tests.dns_server import BROKEN, SILENT, DnsServer
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.ecosystem import sign_in
from tests.factories.mail import connect_provider
from tests.factories.permission import owner_of
from tests.mail_api import MailApi
from tests.statements import statements_of

pytestmark = pytest.mark.django_db


def dkim(bits: int = 2048) -> str:
    key = rsa.generate_private_key(65_537, bits).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


@pytest.fixture
def names(settings):
    """The DNS of this test."""
    server = DnsServer()
    settings.DNS_SERVERS = [server.place]
    settings.DEFAULT_FROM_EMAIL = "Lampwalk <post@shared.example>"
    yield server
    server.stop()


@pytest.fixture
def bakery(shop):
    """Nora's bakery, whose domain nobody has proved."""
    SenderDomain.objects.all().delete()
    BusinessProfile.objects.update(sender_email="nora@oat.example", reply_to_email="")
    return shop


def begin(names: DnsServer, *, spf: bool = True) -> SenderDomain:
    """Asked for, with the records set."""
    kept = ask_for_domain(actor=None, now=now())
    names.texts["_lampwalk.oat.example"] = [f"lampwalk-verify={kept.token}"]
    if spf:
        names.texts["oat.example"] = ["v=spf1 include:shared.example ~all"]
    return kept


def look(kept: SenderDomain, at=None) -> SenderDomain:
    work_sender_domains(kept.business_id, at or now() + timedelta(seconds=1))
    kept.refresh_from_db()
    return kept


def send(topic) -> None:
    enroll_contacts(make_sequence(topic), [make_friend(topic).id], source="staff")
    work()


def headers(mail) -> dict[str, str]:
    lines = mail.body.split(b"\r\n\r\n")[0].decode().split("\r\n")
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def test_sec_58_without_a_proof_letters_come_from_the_shared_domain_and_answers_go_home(
    bakery, seasonal, names, mail_server
):
    send(seasonal)
    mail = mail_server.accepted[0]
    assert "<post@shared.example>" in headers(mail)["From"]
    assert "nora@oat.example" in headers(mail)["Reply-To"]
    assert mail.sender.endswith("shared.example")
    assert b"nora@oat.example" not in headers(mail)["From"].encode()


def test_e9_no_letter_comes_from_a_mailbox_of_somebody_elses_house_and_each_has_an_id_of_ours(
    bakery, seasonal, names, mail_server
):
    """CAMPAIGNS 2a E9: an address at a mailbox house stands as the place for answers alone; every Message-ID is ours,
    valid and used once."""
    BusinessProfile.objects.update(sender_email="nora.bakes@mailbox.example")
    names.texts["mailbox.example"] = ["v=spf1 include:shared.example ~all"]
    look(begin(names))
    enroll_contacts(make_sequence(seasonal), [make_friend(seasonal, number).id for number in range(3)], source="staff")
    work()
    found = [headers(mail) for mail in mail_server.accepted]
    assert len(found) == 3
    for one, mail in zip(found, mail_server.accepted, strict=True):
        assert "<post@shared.example>" in one["From"]
        assert mail.sender.endswith("@shared.example")
        assert "nora.bakes@mailbox.example" in one["Reply-To"]
        assert re.fullmatch(r"<[0-9a-f-]{36}\.[\w-]+@shared\.example>", one["Message-ID"])
    assert len({one["Message-ID"] for one in found}) == 3


def test_sec_58_with_a_proof_letters_come_from_the_own_domain(bakery, seasonal, names, mail_server):
    look(begin(names))
    send(seasonal)
    assert "<nora@oat.example>" in headers(mail_server.accepted[0])["From"]


def test_sec_58_by_an_own_provider_nothing_goes_until_the_domain_is_proved(bakery, seasonal, names, settings):
    api = MailApi()
    settings.MAIL_PROVIDER_URLS = api.urls
    connect_provider("brevo")
    send(seasonal)
    assert (api.accepted, Message.objects.get().state) == ([], "queued")
    kept = begin(names, spf=False)
    names.texts["oat.example"] = ["v=spf1 include:spf.brevo.com ~all"]
    look(kept)
    pass_time(400)
    work()
    assert [letter.sender for letter in api.accepted] == ["nora@oat.example"]
    api.stop()


def test_sec_58_a_lost_proof_stops_sending_within_a_day(bakery, seasonal, names, mail_server):
    kept = look(begin(names))
    assert find_sending().is_proved
    del names.texts["_lampwalk.oat.example"]
    assert kept.look_at <= now() + LOOK_AGAIN + timedelta(minutes=1)
    look(kept, now() + LOOK_AGAIN + timedelta(minutes=2))
    assert (kept.good_until, kept.lost_at is not None) == (None, True)
    assert not find_sending().is_proved
    send(seasonal)
    assert "<post@shared.example>" in headers(mail_server.accepted[0])["From"]
    assert AuditEntry.objects.filter(action="sender_domain_lost").count() == 1


def test_sec_58_where_dns_or_we_are_silent_for_a_day_the_proof_is_over(bakery, names):
    kept = look(begin(names))
    assert now() + HOLDS - timedelta(minutes=1) < kept.good_until <= now() + HOLDS + timedelta(minutes=1)
    SenderDomain.objects.update(good_until=now() - timedelta(seconds=1))
    assert not find_sending().is_proved


@pytest.mark.parametrize("trouble", [BROKEN, SILENT])
def test_no_answer_of_dns_takes_no_proof_away_at_once(bakery, names, trouble, monkeypatch):
    monkeypatch.setattr("campaigns.gateways.dns.ANSWER_SECONDS", 0.3)
    kept = look(begin(names))
    until = kept.good_until
    names.trouble = trouble
    look(kept, now() + LOOK_AGAIN + timedelta(minutes=2))
    assert (kept.good_until, kept.lost_at, kept.found["owner"]) == (until, None, "unknown")
    names.trouble = ""
    look(kept, now() + LOOK_AGAIN + timedelta(minutes=30))
    assert kept.good_until > until


@pytest.mark.parametrize(
    ("records", "good"),
    [
        ({}, False),
        ({"oat.example": ["v=spf1 include:shared.example -all"]}, True),
        ({"oat.example": ["v=spf1 include:other.example -all"]}, False),
        ({"oat.example": ["v=spf1 include:shared.example -all", "v=spf1 -all"]}, False),
        ({"oat.example": ["spf2.0/pra include:shared.example"]}, False),
    ],
)
def test_ownership_alone_is_not_enough_and_neither_is_spf_of_others(bakery, names, records, good):
    kept = begin(names, spf=False)
    names.texts |= records
    assert (look(kept).good_until is not None) is good


def test_spf_without_ownership_is_not_enough(bakery, names):
    kept = ask_for_domain(actor=None, now=now())
    names.texts["oat.example"] = ["v=spf1 include:shared.example ~all"]
    names.texts["_lampwalk.oat.example"] = ["lampwalk-verify=somebody-elses"]
    assert look(kept).good_until is None


def test_a_key_does_instead_of_spf(bakery, names):
    kept = begin(names, spf=False)
    ask_for_domain(actor=None, now=now(), selector="mail")
    names.texts["mail._domainkey.oat.example"] = [dkim()]
    kept.refresh_from_db()
    assert look(kept).good_until is not None


def test_e7_without_all_records_no_more_than_5000_go_in_a_day(bakery, names):
    connect_provider("brevo", per_day=9_000)
    kept = begin(names, spf=False)
    names.texts["oat.example"] = ["v=spf1 include:spf.brevo.com ~all"]
    look(kept)
    assert _most_in_a_day(account_for("email"), find_sending()) == 5_000
    names.texts["_dmarc.oat.example"] = ["v=DMARC1; p=none"]
    names.texts["mail._domainkey.oat.example"] = [dkim()]
    look(kept, now() + LOOK_AGAIN + timedelta(minutes=2))
    assert _most_in_a_day(account_for("email"), find_sending()) == 9_000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Found.NO),
        ("v=DKIM1; k=rsa; p=", Found.NO),
        ("v=DKIM1; p=nonsense", Found.NO),
        ("v=DKIM2; p=x", Found.NO),
        ("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", Found.YES),
    ],
)
def test_what_a_key_must_be(names, text, found):
    names.texts["mail._domainkey.oat.example"] = [text] if text else []
    assert find_dkim("oat.example", "mail") == found
    assert find_dkim("oat.example", "other") == Found.NO
    assert find_dkim("oat.example", "") == Found.NO


def test_a_long_key_in_pieces_is_read_and_a_short_one_refused(names):
    names.texts["mail._domainkey.oat.example"] = [dkim(2048)]
    assert find_dkim("oat.example", "mail") == Found.YES
    names.texts["mail._domainkey.oat.example"] = [dkim(1024).replace("k=rsa; ", "")]
    assert find_dkim("oat.example", "mail") == Found.YES


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v=DMARC1; p=none", Found.YES),
        ("v=DMARC1;p=reject", Found.YES),
        ("p=none", Found.NO),
        ("v=spf1 -all", Found.NO),
    ],
)
def test_what_a_policy_must_be(names, text, found):
    names.texts["_dmarc.oat.example"] = [text]
    assert find_dmarc("oat.example") == found


def test_a_name_that_is_none_is_not_found(names):
    assert find_owner("a" * 70 + ".example", "t") == Found.NO
    assert find_spf("..example", "") == Found.NO


# The page


@pytest.fixture
def nora(shop) -> Client:
    return sign_in(Client(), owner_of(shop).user)


def page(client, shop) -> str:
    answer = client.get(f"/b/{shop.slug}/settings/mail/domain/")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_the_page_shows_the_records_and_what_was_found(bakery, nora, names):
    url = f"/b/{bakery.slug}/settings/mail/domain/"
    assert "Prove that oat.example is yours" in page(nora, bakery)
    nora.post(url)
    kept = SenderDomain.objects.get()
    shown = page(nora, bakery)
    for text in (
        f"lampwalk-verify={kept.token}",
        "_lampwalk.oat.example",
        "include:shared.example",
        "_dmarc.oat.example",
    ):
        assert text in shown
    assert "We ask DNS about oat.example" in shown
    work("maintenance")
    assert "oat.example is not proved yet" in page(nora, bakery)
    names.texts["_lampwalk.oat.example"] = [f"lampwalk-verify={kept.token}"]
    names.texts["oat.example"] = ["v=spf1 include:shared.example ~all"]
    nora.post(url, {"selector": "Mail._domainkey"})
    work("maintenance")
    shown = page(nora, bakery)
    assert "oat.example is proved. Your letters come from it." in shown
    assert 'value="mail"' in shown
    assert len(statements_of(nora, url)) <= 8
    names.texts.clear()
    nora.post(url)
    work("maintenance")
    assert "The proof of oat.example is gone since" in page(nora, bakery)


def test_a_name_of_a_key_that_cannot_be_is_refused(bakery, nora, names):
    url = f"/b/{bakery.slug}/settings/mail/domain/"
    nora.post(url)
    for wrong in ("a b", "../x", "x" * 80, "mail;p=1"):
        nora.post(url, {"selector": wrong})
        assert "has letters, digits, dots and dashes" in page(nora, bakery)
    assert SenderDomain.objects.get().selector == ""


def test_sec_25_dns_is_asked_after_a_fresh_sign_in_only(bakery, nora):
    session = nora.session
    session["signed_in_at"] = int(now().timestamp()) - 3600
    session["account_authentication_methods"] = []
    session.save()
    answer = nora.post(f"/b/{bakery.slug}/settings/mail/domain/")
    assert "/reauthenticate/" in answer["Location"]
    assert not SenderDomain.objects.exists()


def test_without_an_address_the_page_says_what_to_do_first(bakery, nora):
    BusinessProfile.objects.update(sender_email="")
    assert "Say first which address your letters come from" in page(nora, bakery)
    nora.post(f"/b/{bakery.slug}/settings/mail/domain/")
    assert not SenderDomain.objects.exists()
