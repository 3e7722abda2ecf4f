"""A real SMTP server on loopback: its log of what it took is the truth that tests count."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Keeps every mail it took. `answers` says otherwise for a recipient; `drops_after_dot` hangs up in silence."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: dict[str, str] = {}
        self.drops_after_dot: set[str] = set()
        self.pause = 0.0
        self.url = ""

    @property
    def recipients(self) -> list[str]:
        return [mail["X-Sink-To"] for mail in self.mails]

    @property
    def twins(self) -> list[str]:
        """Message-IDs that were taken more than once."""
        return [key for key, times in Counter(mail["Message-ID"] for mail in self.mails).items() if times > 1]

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.pause:
            await asyncio.sleep(self.pause)
        mail = message_from_bytes(envelope.original_content, policy=policy.default)
        mail["X-Sink-To"] = envelope.rcpt_tos[0]
        self.mails.append(mail)
        if envelope.rcpt_tos[0] in self.drops_after_dot:
            server.transport.abort()
        return f"250 taken as {len(self.mails)}"


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A server on a free port of this machine, stopped at the end."""
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    server.url = f"smtp://127.0.0.1:{port}"
    try:
        yield server
    finally:
        controller.stop()
