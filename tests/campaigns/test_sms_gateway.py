"""The way out for texts: what each answer of a provider means, and what is never sent twice."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from campaigns.gateways import sms
from campaigns.gateways.base import OutgoingMessage, Refusal, Verdict
from campaigns.gateways.http_line import forget_rests
from campaigns.gateways.sms_address import read_sms_url
from ecosystem.base.ids import uuid7
from tests.sms_server import DROP, DROP_AFTER, SECRET, SmsServer

ANA, BEN = "+12025550123", "+12025550124"


@pytest.fixture(params=["sms+http", "twilio+http"])
def provider(request):
    server = SmsServer(request.param)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _rested():
    forget_rests()
    yield
    forget_rests()


def text(to: str = ANA, words: str = "Grüße €5 🍞", **values) -> OutgoingMessage:
    return OutgoingMessage(uuid7(), values.pop("sender", ""), to, words.encode(), **values)


def send(server, *texts, started=lambda _id: True, timeout=5.0):
    gateway = sms.SmsGateway(read_sms_url(server.url), timeout=timeout)
    try:
        return gateway.send(texts, started=started)
    finally:
        gateway.close()


def verdict_of(server, *args, **values) -> Verdict:
    server.script(ANA, *args, **values)
    [outcome] = send(server, text(), timeout=0.3 if values.get("wait") else 5.0)
    return outcome.verdict


def test_texts_go_out_over_one_line_each_with_its_key(provider):
    texts = [text(), text(BEN, sender="+12025550109", reply_url="https://crm.example.com/t/x")]
    outcomes = send(provider, *texts)
    assert [(one.verdict, one.provider_id) for one in outcomes] == [(Verdict.ACCEPTED, "p1"), (Verdict.ACCEPTED, "p2")]
    assert [(sent.to, sent.sender, sent.text) for sent in provider.accepted] == [
        (ANA, "+12025550100", "Grüße €5 🍞"),
        (BEN, "+12025550109", "Grüße €5 🍞"),
    ]
    assert [UUID(sent.key) for sent in provider.accepted] == [one.id for one in texts]
    query = f"?m={texts[1].id}" if provider.url.startswith("twilio") else ""
    assert provider.accepted[1].reply_url == f"https://crm.example.com/t/x{query}"
    assert provider.connections == 1


def test_each_dialect_signs_in_its_own_way(provider):
    send(provider, text())
    [(path, headers)] = provider.asked
    if provider.url.startswith("twilio"):
        assert path == "/2010-04-01/Accounts/acc/Messages.json"
        assert headers["Authorization"].startswith("Basic ")
    else:
        assert path == "/texts"
        assert headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in repr(read_sms_url(provider.url))
    assert SECRET not in read_sms_url(provider.url).account


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPTED),
        (202, Verdict.ACCEPTED),
        (301, Verdict.REFUSED_TEMPORARY),
        (400, Verdict.REFUSED_PERMANENT),
        (401, Verdict.REFUSED_TEMPORARY),
        (404, Verdict.REFUSED_TEMPORARY),
        (422, Verdict.REFUSED_PERMANENT),
        (429, Verdict.REFUSED_TEMPORARY),
        (500, Verdict.PERHAPS),
        (502, Verdict.PERHAPS),
        (503, Verdict.PERHAPS),
        (504, Verdict.PERHAPS),
    ],
)
def test_what_a_status_means(provider, status, verdict):
    assert verdict_of(provider, status) == verdict


def test_a_cut_or_a_silence_after_the_request_is_perhaps_and_is_not_asked_again(provider):
    assert verdict_of(provider, DROP) == Verdict.PERHAPS
    assert verdict_of(provider, DROP_AFTER) == Verdict.PERHAPS
    assert verdict_of(provider, 201, wait=0.6) == Verdict.PERHAPS
    assert len(provider.asked) == 3


def test_after_a_cut_the_next_text_takes_a_new_line(provider):
    provider.script(ANA, DROP)
    assert [one.verdict for one in send(provider, text(), text(BEN))] == [Verdict.PERHAPS, Verdict.ACCEPTED]
    assert provider.connections == 2


def test_nobody_listening_is_a_definite_no_for_all():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gateway = sms.open_sms_gateway(f"sms+http://a:b@127.0.0.1:{port}/")
    outcomes = gateway.send([text(), text(BEN)], started=lambda _id: True)
    assert [(one.verdict, one.was_started, one.is_fault) for one in outcomes] == [
        (Verdict.REFUSED_TEMPORARY, False, True)
    ] * 2


def test_case_9_429_and_503_with_retry_after_are_obeyed_by_the_whole_process(provider):
    provider.script(ANA, 429, headers={"Retry-After": "30"})
    first, second = send(provider, text(), text(BEN))
    assert (first.verdict, first.retry_after_seconds, first.is_fault) == (Verdict.REFUSED_TEMPORARY, 30, False)
    assert (second.was_started, second.retry_after_seconds) == (False, 30)
    [later] = send(provider, text(BEN))
    assert later.retry_after_seconds in (29, 30)
    assert len(provider.asked) == 1
    forget_rests()
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    provider.script(ANA, 503, headers={"Retry-After": moment})
    [outcome] = send(provider, text())
    assert outcome.verdict == Verdict.REFUSED_TEMPORARY
    assert 57 <= outcome.retry_after_seconds <= 60


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("21610", Refusal.OPTED_OUT), ("opted_out", Refusal.OPTED_OUT), (21211, Refusal.NO_SUCH_ADDRESS), ("x", None)],
)
def test_s11_a_code_says_whether_the_number_is_the_trouble(provider, code, refusal):
    provider.script(ANA, 400, words={"code": code, "message": "no"})
    [outcome] = send(provider, text())
    assert (outcome.verdict, outcome.refusal) == (Verdict.REFUSED_PERMANENT, refusal)


def test_where_the_lease_is_lost_nothing_more_leaves(provider):
    outcomes = send(provider, text(), text(BEN), started=lambda _id: False)
    assert [(one.was_started, one.is_fault) for one in outcomes] == [(False, False)] * 2
    assert provider.asked == []


def test_a_line_that_the_provider_closed_meanwhile_is_taken_anew(provider):
    gateway = sms.SmsGateway(read_sms_url(provider.url), timeout=5)
    provider.script(ANA, 201, headers={"Connection": "close"})
    outcomes = [gateway.send([text()], started=lambda _id: True)[0] for _ in range(2)]
    gateway.close()
    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 2
    assert provider.connections == 2


@pytest.mark.parametrize("url", ["https://a:b@example.com", "sms+https://example.com/", "twilio://a@example.com"])
def test_an_account_without_a_dialect_or_a_secret_is_refused(url):
    with pytest.raises(ValueError, match="SMS_URL"):
        read_sms_url(url)
