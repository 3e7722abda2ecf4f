"""A mail server that keeps every mail in a folder instead of sending it: `mail_sink FOLDER PORT`."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

KEEP = 5_000
# Pruning looks at the whole folder, so it happens once in so many mails.
PRUNE_EVERY = 500


class MailFolder:
    """One file a mail; its name sorts by arrival. Only the newest 5,000 stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def keep(self, sender: str, recipients: list[str], content: bytes) -> str:
        """Write a mail down; it shows under its name only when it is complete."""
        self._count += 1
        name = f"{time.time_ns():019d}-{os.getpid()}-{self._count}"
        head = "".join(f"X-Envelope-To: {address}\r\n" for address in recipients)
        draft = self.folder / f"{name}.new"
        draft.write_bytes(f"X-Envelope-From: {sender}\r\n{head}".encode() + content)
        draft.rename(self.folder / f"{name}.eml")
        if self._count % PRUNE_EVERY == 0:
            self.prune()
        return name

    def prune(self) -> None:
        """Remove the oldest beyond what is kept."""
        for name in sorted(os.listdir(self.folder))[:-KEEP]:
            (self.folder / name).unlink(missing_ok=True)


class Handler:
    """What aiosmtpd calls: every recipient is welcome, every mail is kept."""

    def __init__(self, folder: MailFolder) -> None:
        self.folder = folder

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        name = self.folder.keep(envelope.mail_from or "", list(envelope.rcpt_tos), content)
        return f"250 2.0.0 Ok: kept as {name}"


async def serve(folder: Path, port: int) -> None:
    """Take mails until TERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    kept = MailFolder(folder)
    kept.prune()
    server = await loop.create_server(
        lambda: SMTP(Handler(kept), hostname="localhost", enable_SMTPUTF8=True, data_size_limit=40_000_000),
        "127.0.0.1",
        port,
    )
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
