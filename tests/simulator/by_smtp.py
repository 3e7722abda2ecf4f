"""Letters by SMTP."""

import asyncio
import contextlib
import re

from tests.simulator.office import Office, Taken
from tests.simulator.script import SLOW_SECONDS

MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.IGNORECASE | re.MULTILINE)
SENDER = re.compile(rb"^From:[^\r]*?([^\s<>]+@[^\s<>]+)", re.IGNORECASE | re.MULTILINE)
# As mail servers do, it says whom it means.
ANSWERS = {
    "421": b"421 4.3.2 closing\r\n",
    "450": b"450 4.2.0 <%b> later\r\n",
    "554": b"554 5.7.1 <%b> is not wanted\r\n",
}
TROUBLES = {*ANSWERS, "cut_before", "cut_after", "slow"}


async def serve(office: Office, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, until it is closed by either side."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        await _talk(office, reader, writer)
    with contextlib.suppress(OSError):
        writer.close()


async def _talk(office: Office, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 simulator ready\r\n")
    recipient = ""
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-simulator\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif verb == b"DATA":
            writer.write(b"354 go on\r\n")
            mail = await reader.readuntil(b"\r\n.\r\n")
            if not await _judge(office, mail, recipient, writer):
                return
        elif verb == b"QUIT":
            writer.write(b"221 bye\r\n")
            return
        else:
            if verb == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            writer.write(b"250 ok\r\n")
        await writer.drain()


async def _judge(office: Office, mail: bytes, recipient: str, writer: asyncio.StreamWriter) -> bool:
    """Take the letter or do what the script says; False where the line is to be cut."""
    trouble = office.trouble(TROUBLES)
    await asyncio.sleep(office.script.seconds)
    if trouble == "cut_before":
        return False
    if trouble in ANSWERS:
        writer.write(ANSWERS[trouble].replace(b"%b", recipient.encode()))
        await writer.drain()
        return trouble != "421"
    letter, sender = (found[1].decode() if (found := field.search(mail)) else "?" for field in (MESSAGE_ID, SENDER))
    office.take(Taken(letter, recipient, sender))
    if trouble == "cut_after":
        return False
    if trouble == "slow":
        await asyncio.sleep(SLOW_SECONDS)
    writer.write(b"250 2.0.0 taken\r\n")
    return True
