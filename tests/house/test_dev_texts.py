"""The local telephone: every text is kept once, and shown."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from campaigns.gateways.base import OutgoingMessage, Verdict
from campaigns.gateways.sms import open_sms_gateway
from campaigns.models import IncomingText
from campaigns.queries.texts import reply_url
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.config.embedded import text_sink
from ecosystem.config.embedded.ports import any_free_port
from tests.factories.permission import make_business

pytestmark = [pytest.mark.urls("tests.house.urls_with_texts"), pytest.mark.django_db]


@contextmanager
def sink(folder):
    port = any_free_port()
    command = [sys.executable, "-m", "ecosystem.config.embedded.text_sink", str(folder), str(port)]
    process = subprocess.Popen(command, cwd=Path(settings.BASE_DIR))
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"sms+http://sink:secret@127.0.0.1:{port}/texts?from=+12025550100"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def send(url, *texts):
    gateway = open_sms_gateway(url)
    try:
        return gateway.send(texts, started=lambda _id: True)
    finally:
        gateway.close()


def text(words, to="+12025550123"):
    return OutgoingMessage(uuid7(), "", to, words.encode(), reply_url="https://crm.example.com/t/x")


def test_a_text_is_kept_once_for_its_key_and_can_be_read_back_by_a_program(client, tmp_path, settings):
    settings.TEXT_SINK_DIR = str(tmp_path)
    assert b"No text yet" in client.get("/dev/texts/").content
    with sink(tmp_path) as url:
        first = text("Grüße <b>🍞</b>")
        outcomes = send(url, first, first, text("To another", to="+12025550124"))
    assert [one.verdict for one in outcomes] == [Verdict.ACCEPTED] * 3
    assert outcomes[0].provider_id == outcomes[1].provider_id != outcomes[2].provider_id
    for number in ("+12025550123", "12025550123"):
        [kept] = client.get("/dev/texts/", {"format": "json", "to": number}).json()["texts"]
        assert (kept["text"], kept["from"], kept["message_id"]) == ("Grüße <b>🍞</b>", "+12025550100", str(first.id))
    assert client.get("/dev/texts/", {"format": "json", "to": "+12025550199"}).json() == {"texts": []}
    page = client.get("/dev/texts/").content.decode()
    assert page.index("To another") < page.index("Grüße &lt;b&gt;🍞&lt;/b&gt;")


def test_what_is_no_text_is_refused_and_kept_nowhere(tmp_path):
    with sink(tmp_path) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        for body in (b"{", b'{"to": "+1"}', b"[]"):
            with socket.create_connection(("127.0.0.1", port), 5) as link:
                link.sendall(b"POST /texts HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                assert link.recv(100).startswith(b"HTTP/1.1 400 ")
    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_texts_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(text_sink, "KEEP", 3)
    folder = text_sink.TextFolder(tmp_path)
    names = [folder.keep(str(number), {"id": "x"}) for number in range(5)]
    folder.prune()
    assert sorted(path.stem for path in tmp_path.iterdir()) == names[2:]


@pytest.mark.django_db(transaction=True)
def test_a_text_can_be_answered_from_the_telephone_and_nowhere_else(client, tmp_path, settings, live_server):
    settings.TEXT_SINK_DIR, settings.PUBLIC_URL = str(tmp_path), live_server.url
    settings.SMS_URL = "sms+http://sink:secret@127.0.0.1:9/texts"
    business = make_business()
    folder = text_sink.TextFolder(tmp_path)
    given = {"id": "x", "from": "+12025550100", "to": "+12025550123", "text": "Hi"}
    name = folder.keep("1", {**given, "reply_url": reply_url(business.pk)})
    elsewhere = folder.keep("2", {**given, "reply_url": "http://127.0.0.1:9/t/x"})
    answer = client.post(f"/dev/texts/{name}/reply/", {"words": "Stop"})
    assert answer["Location"] == "/dev/texts/?answer=taken"
    with business_scope(business):
        assert [(text.number, text.meaning) for text in IncomingText.objects.all()] == [("+12025550123", "stop")]
    assert client.post(f"/dev/texts/{elsewhere}/reply/", {"words": "Stop"})["Location"] == "/dev/texts/?answer=lost"
    assert client.post("/dev/texts/0/reply/").status_code == 404
    assert b"The answer was brought" in client.get("/dev/texts/?answer=taken").content


@pytest.mark.urls("ecosystem.config.urls")
def test_without_the_sink_there_is_no_telephone(client):
    assert client.get("/dev/texts/").status_code == 404
