"""Letters and texts by HTTP: Postmark, Mailgun, Brevo and Resend under a path of their names, texts under `/texts`.

`/left` says how many webhooks are still to be told.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from urllib.parse import parse_qs, urlsplit

from tests.mail_api import SECRET
from tests.mail_dialects import Letter, events_of_mailgun, found_by_postmark, is_let_in, read_letter, yes_of
from tests.simulator.office import Office, Taken
from tests.simulator.script import SLOW_SECONDS

STATUSES = {"429": 429, "503": 503, "500": 500, "422": 422}
TROUBLES = {*STATUSES, "cut_before", "cut_after", "slow"}
# Where they are asked whether they have a letter.
LOOK_UPS = {"/postmark/messages/outbound", "/mailgun/mg.example.com/events"}
_letters: list[Letter] = []


@dataclass(frozen=True)
class Answer:
    """What a request gets."""

    status: int
    words: dict[str, object]
    rest_seconds: int = 0


async def serve(office: Office, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, kept until it is closed by either side."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        while True:
            first, _end, fields = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            headers = message_from_bytes(fields)
            body = await reader.readexactly(int(headers.get("Content-Length") or 0))
            answer = await _answer(office, first.decode().split()[1], headers, body)
            if answer is None:
                break
            writer.write(_written(answer))
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


async def _answer(office: Office, path: str, headers: Message, body: bytes) -> Answer | None:
    """What a request gets; None where the line is to be cut."""
    place = urlsplit(path)
    if place.path == "/left":
        return Answer(200, {"left": office.teller.left})
    provider = place.path.strip("/").partition("/")[0]
    if provider != "texts" and not is_let_in(provider, headers, SECRET):
        return Answer(401, {"message": "Invalid API key"})
    if place.path in LOOK_UPS:
        return _look_up(provider, parse_qs(place.query))
    letter = None if provider == "texts" else read_letter(provider, body, headers)
    trouble = office.trouble(TROUBLES)
    await asyncio.sleep(office.script.seconds)
    if trouble in STATUSES:
        return Answer(STATUSES[trouble], {"message": "on purpose"}, int(trouble in ("429", "503")))
    if trouble == "cut_before":
        return None
    answer = _take_text(office, headers, body) if letter is None else _take_letter(office, letter, body)
    if trouble == "slow":
        await asyncio.sleep(SLOW_SECONDS)
    return None if trouble == "cut_after" else answer


def _take_letter(office: Office, letter: Letter, body: bytes) -> Answer:
    """Take a letter, or know it by its key."""
    if letter.key in office.keys:
        is_same = office.keys[letter.key] == body
        return Answer(200, {"id": "known"}) if is_same else Answer(409, {"name": "invalid_idempotent_request"})
    if letter.key:
        office.keys[letter.key] = body
    _letters.append(letter)
    office.take(Taken(letter.message_id.strip("<>"), letter.recipient, parseaddr(letter.sender)[1]))
    return Answer(200, yes_of(letter.provider, len(_letters), letter.recipient))


def _take_text(office: Office, headers: Message, body: bytes) -> Answer:
    """Take a text, or know it by its key."""
    told = json.loads(body)
    letter = headers["Idempotency-Key"]
    if letter in office.keys:
        is_same = office.keys[letter] == body
        return Answer(200, {"id": "known"}) if is_same else Answer(409, {"error": "another text has this key"})
    office.keys[letter] = body
    office.take(Taken(letter, told["to"], told["from"], told["reply_url"]))
    return Answer(201, {"id": f"text-{letter}"})


def _look_up(provider: str, asked: dict[str, list[str]]) -> Answer:
    if provider == "mailgun":
        return Answer(200, {"items": events_of_mailgun(_letters, asked)})
    return Answer(200, found_by_postmark(_letters, asked))


def _written(answer: Answer) -> bytes:
    raw = json.dumps(answer.words).encode()
    rest = f"Retry-After: {answer.rest_seconds}\r\n" if answer.rest_seconds else ""
    head = f"HTTP/1.1 {answer.status} Simulated\r\nContent-Type: application/json\r\n{rest}Content-Length: {len(raw)}"
    return head.encode() + b"\r\n\r\n" + raw
