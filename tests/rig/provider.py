"""A mail provider of its own process: takes mails slowly, misbehaves by a seeded script, writes down the truth.

`python -m tests.rig.provider LOG SECONDS SEED FAULTS` prints its port. Each mail it takes is a line of LOG,
`message-id recipient`, written before the sender hears of it. FAULTS are shares of mails, such as
`421=0.01,450=0.02,cut_before=0.005,cut_after=0.005,slow=0.01`:
a number is the answer to the final dot instead of taking the mail; `cut_before` hangs up before the mail was taken,
`cut_after` takes it and hangs up without a word; `slow` answers two seconds later.
"""

import asyncio
import contextlib
import os
import random
import re
import sys

MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.IGNORECASE | re.MULTILINE)
SLOW_SECONDS = 2.0
# As mail servers do, it says whom it means.
ANSWERS = {
    "421": b"421 4.3.2 closing\r\n",
    "450": b"450 4.2.0 <%b> later\r\n",
    "554": b"554 5.7.1 <%b> is not wanted\r\n",
}


class Provider:
    """All connections of the provider."""

    def __init__(self, log: str, seconds: float, seed: int, faults: str) -> None:
        self.log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self.seconds = seconds
        self.random = random.Random(seed)
        self.shares = [
            (name, float(share)) for name, _is, share in (part.partition("=") for part in faults.split(",") if part)
        ]

    def trouble(self) -> str:
        """What goes wrong with the next mail, mostly nothing."""
        point = self.random.random()
        for name, share in self.shares:
            if point < share:
                return name
            point -= share
        return ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is closed by either side."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._talk(reader, writer)
        with contextlib.suppress(OSError):
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 rig ready\r\n")
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-rig\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                if not await self._judge(mail, recipient, writer):
                    return
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                writer.write(b"250 ok\r\n")
            await writer.drain()

    async def _judge(self, mail: bytes, recipient: str, writer: asyncio.StreamWriter) -> bool:
        """Take the mail or do what the script says; False where the line is to be cut."""
        trouble = self.trouble()
        await asyncio.sleep(self.seconds)
        if trouble == "cut_before":
            return False
        if trouble in ANSWERS:
            writer.write(ANSWERS[trouble].replace(b"%b", recipient.encode()))
            await writer.drain()
            return trouble != "421"
        found = MESSAGE_ID.search(mail)
        os.write(self.log, b"%b %b\n" % (found[1] if found else b"?", recipient.encode()))
        if trouble == "cut_after":
            return False
        if trouble == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        writer.write(b"250 2.0.0 taken\r\n")
        return True


async def main() -> None:
    """Serve until killed."""
    log, seconds, seed, faults = sys.argv[1:5]
    provider = Provider(log, float(seconds), int(seed), faults)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - its starter reads it
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
