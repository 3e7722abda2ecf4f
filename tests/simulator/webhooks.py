"""What became of what was taken, told to the product at its own doors, with the proof of each provider.

Told again until the product says that it has heard, as providers do.
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from tests.simulator.logs import AppendOnly
from tests.simulator.proofs import Request, request_of
from tests.simulator.script import Script, Word

TEXTS = "texts"
AT_ONCE = 4
TRIES, PAUSE_SECONDS = 120, 0.5


class Told(Protocol):
    """What is told of."""

    letter: str
    recipient: str
    sender: str
    reply_url: str


@dataclass(frozen=True)
class Door:
    """Where somebody is told: the provider that knocks, the path of the door, and the secret of its proof."""

    provider: str
    path: str
    secret: str


@dataclass(frozen=True)
class Doors:
    """The address of the product, and its doors by sender; texts bring theirs along."""

    base: str = ""
    by_sender: dict[str, Door] | None = None
    text_secret: str = ""

    def of(self, taken: Told) -> Door | None:
        """Where something that was taken is told of."""
        if not self.base:
            return None
        if taken.reply_url:
            return Door(TEXTS, urlsplit(taken.reply_url).path, self.text_secret)
        return (self.by_sender or {}).get(taken.sender)


def write_doors(folder: Path, base: str, by_sender: dict[str, tuple[str, str, str]], text_secret: str) -> None:
    """Write down where the program tells: for each sender the provider, the path and the secret."""
    told = {"base": base, "by_sender": by_sender, "text_secret": text_secret}
    (folder / "doors.json").write_text(json.dumps(told))


def read_doors(folder: Path) -> Doors:
    """As they were written down; none where nothing was."""
    with contextlib.suppress(FileNotFoundError):
        told = json.loads((folder / "doors.json").read_text())
        by_sender = {sender: Door(*door) for sender, door in told["by_sender"].items()}
        return Doors(told["base"], by_sender, told["text_secret"])
    return Doors()


class Teller:
    """Tells all words, a few at once, and writes down how each was answered."""

    def __init__(self, doors: Doors, script: Script, log: AppendOnly) -> None:
        self.left = 0
        self._doors, self._script, self._log = doors, script, log
        self._few = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()

    def tell(self, taken: Told, words: Sequence[Word]) -> None:
        """Begin to tell, in the order of the words."""
        door = self._doors.of(taken)
        if door is None or not words:
            return
        self.left += len(words)
        task = asyncio.create_task(self._tell_all(door, taken, words))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _tell_all(self, door: Door, taken: Told, words: Sequence[Word]) -> None:
        waited = 0.0
        for word in words:
            await asyncio.sleep(word.after - waited)
            waited = word.after
            status = await self._tell(door, taken, word)
            self._log.write(taken.letter, word.kind, status)
            self.left -= 1

    async def _tell(self, door: Door, taken: Told, word: Word) -> int:
        """Until it is heard, or said to be wrong; the last status."""
        status = 0
        for _try in range(TRIES):
            async with self._few:
                status = await _post(self._doors.base, request_of(door.provider, door.secret, taken, word.kind), door)
            if 200 <= status < 500:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        return status


async def _post(base: str, request: Request, door: Door) -> int:
    """The status of one request; 0 where nobody answers."""
    place = urlsplit(base)
    head = [
        f"POST {door.path}{request.query} HTTP/1.1",
        f"Host: {place.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(request.body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    try:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + request.body)
        first = await asyncio.wait_for(reader.readline(), 30)
        await reader.read()
        writer.close()
        return int(first.split()[1])
    except (OSError, IndexError, ValueError, TimeoutError):
        return 0
