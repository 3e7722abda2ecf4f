"""The way out over HTTP for texts: one request for each, on a line that is kept open between them.

Two dialects. Ours (`sms+https://`) posts JSON with the message's id as its idempotency key; Twilio's (`twilio://`)
posts a form. docs/texts.md describes both.

What is a definite no and what is "perhaps": no connection, a request that broke before its last byte was handed to the
system, HTTP 4xx, and 429 or 503 with Retry-After are definite. Once the whole request is out, a timeout, a cut, HTTP
500, 502, 504 and a 503 without a word on when to come again leave it open whether the text went.
"""

import http.client
import json
import select
import ssl
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import structlog

from campaigns.gateways.base import Answered, Outcome, OutgoingMessage, Refusal, Started, Verdict
from campaigns.gateways.sms_address import OWN, SmsAddress, read_sms_url
from ecosystem.base.faults import InjectedDrop, hit

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
LONGEST_REST = 3600
LONGEST_ANSWER = 65_536
# What the codes of a provider say about the number, whatever the words beside them.
OPTED_OUT = frozenset({"opted_out", "21610"})
NO_SUCH_NUMBER = frozenset({"no_such_number", "21211", "21214", "21217", "21614", "30004", "30005", "30006"})

# Until when a provider asked this process to leave it alone, by account.
_rests: dict[str, float] = {}


class SmsGateway:
    """Sends over one connection at a time."""

    def __init__(self, address: SmsAddress, *, timeout: float = 20.0) -> None:
        self.address = address
        self.timeout = timeout
        self._line: http.client.HTTPConnection | None = None

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the texts over in their order; see Gateway.send."""
        outcomes: list[Outcome] = []
        waiting = iter(messages)
        for message in waiting:
            rest = self._rest()
            if rest:
                return outcomes + [_asked_to_wait(left, rest) for left in _all(message, waiting)]
            try:
                line = self._open_line()
            except (OSError, http.client.HTTPException) as trouble:
                words = f"No connection to the provider: {type(trouble).__name__}"
                return outcomes + [_not_started(left, words) for left in _all(message, waiting)]
            if not started(message.id):
                words = "This worker had to stop."
                return outcomes + [_not_started(left, words, is_fault=False) for left in _all(message, waiting)]
            outcome = self._post(line, message)
            outcomes.append(outcome)
            if answered is not None:
                answered(outcome)
        return outcomes

    def close(self) -> None:
        """Hang up."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _open_line(self) -> http.client.HTTPConnection:
        """The open connection, or a new one where there is none or the provider has closed it meanwhile."""
        if self._line is not None and _is_dead(self._line):
            self.close()
        if self._line is None:
            hit("before_connect")
            line = self._new_line()
            line.connect()
            line.sock.settimeout(self.timeout)
            self._line = line
        return self._line

    def _new_line(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if not self.address.is_safe:
            return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        context = ssl.create_default_context(cafile=self.address.ca_file)
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)

    def _post(self, line: http.client.HTTPConnection, message: OutgoingMessage) -> Outcome:
        path, headers, body = self.address.path, self._headers(message), self._body(message)
        try:
            hit("before_data")
            line.putrequest("POST", path, skip_accept_encoding=True)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                line.putheader(name, value)
            hit("before_final_dot")
            line.endheaders(body)
        except (OSError, http.client.HTTPException, InjectedDrop):
            self.close()
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, None, "The line broke before the end.", is_fault=True)
        try:
            hit("after_final_dot")
            answer = line.getresponse()
            words = answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException, InjectedDrop):
            self.close()
            return Outcome(message.id, Verdict.PERHAPS, None, "The line broke before the answer.", is_fault=True)
        if answer.will_close or not answer.isclosed():
            self.close()
        return self._judge(message, answer, words)

    def _judge(self, message: OutgoingMessage, answer: http.client.HTTPResponse, raw: bytes) -> Outcome:
        """What an answer means for one text."""
        told = _read(raw)
        code, words = str(told.get("code", "")), f"{told.get('code', '')} {told.get('message', '')}".strip()[:500]
        status = answer.status
        if 200 <= status < 300:
            provider_id = str(told.get("id") or told.get("sid") or "")[:200]
            return Outcome(message.id, Verdict.ACCEPTED, status, words, provider_id)
        wait = _seconds_of(answer.getheader("Retry-After"))
        if status == 429 or (status == 503 and wait is not None):
            self._be_quiet(wait or 1)
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, status, words, retry_after_seconds=wait or 1)
        if status >= 500:
            return Outcome(message.id, Verdict.PERHAPS, status, words, is_fault=True)
        if code in OPTED_OUT:
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words, refusal=Refusal.OPTED_OUT)
        if code in NO_SUCH_NUMBER:
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words, refusal=Refusal.NO_SUCH_ADDRESS)
        if status in (400, 409, 413, 422):
            return Outcome(message.id, Verdict.REFUSED_PERMANENT, status, words)
        # The account, its key or its address are wrong: the trouble is not this text's. Nothing was taken.
        return Outcome(message.id, Verdict.REFUSED_TEMPORARY, status, words, is_fault=True, was_started=False)

    def _headers(self, message: OutgoingMessage) -> dict[str, str]:
        kind = "application/json" if self.address.dialect == OWN else "application/x-www-form-urlencoded"
        return {
            "Authorization": self.address.authorization,
            "Content-Type": kind,
            "Accept": "application/json",
            "Idempotency-Key": str(message.id),
        }

    def _body(self, message: OutgoingMessage) -> bytes:
        sender, text = message.envelope_from or self.address.number, message.body.decode()
        if self.address.dialect == OWN:
            given = {"id": str(message.id), "from": sender, "to": message.recipient, "text": text}
            return json.dumps({**given, "reply_url": message.reply_url}, ensure_ascii=False).encode()
        given = {"To": message.recipient, "From": sender, "Body": text}
        if message.reply_url:
            given["StatusCallback"] = f"{message.reply_url}?m={message.id}"
        return urlencode(given).encode()

    def _rest(self) -> int:
        """How many seconds the provider still wants to be left alone."""
        left = _rests.get(self.address.account, 0.0) - time.monotonic()
        return max(1, round(left)) if left > 0 else 0

    def _be_quiet(self, seconds: int) -> None:
        _rests[self.address.account] = time.monotonic() + seconds


def open_sms_gateway(url: str) -> SmsGateway:
    """The gateway to the account that an address names. Connects when needed."""
    return SmsGateway(read_sms_url(url))


def forget_rests() -> None:
    """Start anew: no provider has asked to be left alone."""
    _rests.clear()


def _all(first: OutgoingMessage, others: Iterable[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    yield first
    yield from others


def _is_dead(line: http.client.HTTPConnection) -> bool:
    """Whether something lies on a line on which nothing was asked: the end, or an answer out of turn."""
    if line.sock is None:
        return True
    readable, _, _ = select.select([line.sock], [], [], 0)
    return bool(readable)


def _read(raw: bytes) -> dict[str, object]:
    """The JSON object of an answer; empty where it is none."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds_of(header: str | None) -> int | None:
    """Retry-After, in seconds or as a date (RFC 9110); None where it says neither."""
    if not header:
        return None
    if header.strip().isdecimal():
        return min(int(header), LONGEST_REST)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(1, round((moment - datetime.now(UTC)).total_seconds())), LONGEST_REST)


def _asked_to_wait(message: OutgoingMessage, seconds: int) -> Outcome:
    words = "The provider asked for a rest."
    verdict = Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, None, words, was_started=False, retry_after_seconds=seconds)


def _not_started(message: OutgoingMessage, reason: str, *, is_fault: bool = True) -> Outcome:
    return Outcome(message.id, Verdict.REFUSED_TEMPORARY, None, reason[:500], is_fault=is_fault, was_started=False)
