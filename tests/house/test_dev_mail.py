"""The local mailbox: every mail is kept, quickly, and shown without letting it act."""

import signal
import smtplib
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings

from ecosystem.config.embedded import mail_sink
from ecosystem.config.embedded.ports import any_free_port

pytestmark = [pytest.mark.urls("tests.house.urls_with_mail"), pytest.mark.django_db]
LETTER = b"From: nora@example.com\r\nTo: ana@example.com\r\nSubject: Warm bread\r\n\r\nToday at four.\r\n.\r\n"


@contextmanager
def sink(folder):
    port = any_free_port()
    command = [sys.executable, "-m", "ecosystem.config.embedded.mail_sink", str(folder), str(port)]
    process = subprocess.Popen(command, cwd=Path(settings.BASE_DIR))
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def letter(to="ana@example.com", subject="Warm bread"):
    message = EmailMessage()
    message["From"] = "Nora <nora@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Today at four: https://example.com/l/abc")
    message.add_alternative('<p style="color:red">Today <script>alert(1)</script></p>', subtype="html")
    return message


@pytest.fixture
def mailbox(tmp_path, settings):
    settings.MAIL_SINK_DIR = str(tmp_path)
    return mail_sink.MailFolder(tmp_path)


def put(mailbox, message, to):
    return mailbox.keep("bounce@example.com", [to], message.as_bytes().replace(b"\n", b"\r\n"))


def test_thousands_of_pipelined_mails_are_all_kept(tmp_path):
    count = 2_000
    with sink(tmp_path) as port, socket.create_connection(("127.0.0.1", port), 30) as link:
        wire = link.makefile("rb")
        wire.readline()
        link.sendall(b"EHLO sender.example.com\r\n")
        offered = [wire.readline()]
        while offered[-1][3:4] == b"-":
            offered.append(wire.readline())
        assert b"250-PIPELINING\r\n" in offered
        began = time.monotonic()
        for number in range(count):
            link.sendall(b"MAIL FROM:<b@example.com>\r\nRCPT TO:<p%d@example.com>\r\nDATA\r\n" % number)
            assert [wire.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            link.sendall(LETTER)
            assert wire.readline()[:3] == b"250"
        assert time.monotonic() - began < 20
    assert len(list(tmp_path.glob("*.eml"))) == count


def test_only_the_newest_mails_stay(mailbox, monkeypatch):
    monkeypatch.setattr(mail_sink, "KEEP", 3)
    names = [put(mailbox, letter(), "ana@example.com") for _ in range(5)]
    mailbox.prune()
    assert sorted(path.stem for path in mailbox.folder.iterdir()) == names[2:]


def test_a_mail_sent_by_an_ordinary_client_can_be_read_back_by_a_program(client, tmp_path, settings):
    settings.MAIL_SINK_DIR = str(tmp_path)
    with sink(tmp_path) as port, smtplib.SMTP("127.0.0.1", port) as connection:
        connection.send_message(letter(subject="Grüße"), to_addrs=["Ana@example.com"])
    [mail] = client.get("/dev/mail/", {"format": "json", "to": "ana@EXAMPLE.com"}).json()["mails"]
    assert mail["subject"] == "Grüße"
    assert mail["envelope_to"] == ["ana@example.com"]
    assert mail["text"] == "Today at four: https://example.com/l/abc\n"
    assert client.get("/dev/mail/", {"format": "json", "to": "gus@example.com"}).json() == {"mails": []}


def test_the_list_shows_the_newest_first_and_says_when_it_is_empty(client, mailbox):
    assert b"No mail yet" in client.get("/dev/mail/").content
    put(mailbox, letter(subject="First"), "ana@example.com")
    put(mailbox, letter(subject="Second"), "ana@example.com")
    page = client.get("/dev/mail/").content.decode()
    assert page.index("Second") < page.index("First")


def test_a_letter_is_shown_in_a_frame_in_which_it_cannot_act(client, mailbox):
    name = put(mailbox, letter(), "ana@example.com")
    page = client.get(f"/dev/mail/{name}/")
    assert b"alert(1)" not in page.content
    assert b'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.content
    frame = client.get(f"/dev/mail/{name}/html/")
    assert b"<script>alert(1)</script>" in frame.content
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox allow-popups" in policy
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(f"/dev/mail/{name}/raw/")["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["0", "..", "0000000000000000000-1-1", "..%2f..%2fsecrets"])
def test_nothing_but_kept_mails_can_be_named(client, mailbox, name):
    assert client.get(f"/dev/mail/{name}/").status_code == 404
    assert client.get(f"/dev/mail/{name}/raw/").status_code == 404


@pytest.mark.urls("ecosystem.config.urls")
def test_without_the_sink_there_is_no_mailbox(client):
    assert client.get("/dev/mail/").status_code == 404
