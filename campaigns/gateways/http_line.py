"""One connection over HTTP that is kept open between requests, and the reading of its answers.

A request that breaks before its last byte was handed to the system has not been made; after that only an answer counts.
"""

import http.client
import json
import select
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from campaigns.gateways.base import Trouble
from campaigns.gateways.smtp_line import trouble_of
from ecosystem.base.faults import InjectedDrop, hit

CONNECT_SECONDS = 10.0
LONGEST_REST = 3_600
LONGEST_ANSWER = 65_536

# Until when a provider asked this process to leave it alone, by account.
_rests: dict[str, float] = {}


class NoLine(Exception):
    """No connection to the provider."""

    def __init__(self, reason: str, trouble: Trouble) -> None:
        super().__init__(reason)
        self.trouble = trouble


class LineCut(Exception):
    """The line broke; `is_whole` says that the request was out, and that nobody knows what became of it."""

    def __init__(self, *, is_whole: bool) -> None:
        super().__init__("The line broke before the answer." if is_whole else "The line broke before the end.")
        self.is_whole = is_whole


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back. `wait_seconds` is when the provider wants to be asked again, where it says so."""

    status: int
    wait_seconds: int | None
    raw: bytes

    @property
    def asks_for_a_rest(self) -> bool:
        """Whether nothing was taken because it came too soon."""
        return self.status == 429 or (self.status == 503 and self.wait_seconds is not None)


class HttpLine:
    """A line to one host, opened when needed."""

    def __init__(self, host: str, port: int, *, is_safe: bool, timeout: float, ca_file: str | None = None) -> None:
        self.host, self.port, self.is_safe = host, port, is_safe
        self.timeout = timeout
        self.ca_file = ca_file
        self._open: http.client.HTTPConnection | None = None

    def open(self) -> None:
        """Have a connection; a new one where there is none or the provider has closed it meanwhile."""
        if self._open is not None and _is_dead(self._open):
            self.close()
        if self._open is not None:
            return
        try:
            hit("before_connect")
            line = self._new()
            line.connect()
        except (OSError, http.client.HTTPException, InjectedDrop) as error:
            raise NoLine(f"No connection to the provider: {type(error).__name__}", trouble_of(error)) from error
        line.sock.settimeout(self.timeout)
        self._open = line

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send one request and read its answer. Raises LineCut; `open` comes before it."""
        line = self._open
        if line is None:
            raise LineCut(is_whole=False)
        try:
            hit("before_data")
            line.putrequest("POST", path, skip_accept_encoding=True)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                line.putheader(name, value)
            hit("before_final_dot")
            line.endheaders(body)
        except (OSError, http.client.HTTPException, InjectedDrop) as error:
            self.close()
            raise LineCut(is_whole=False) from error
        try:
            hit("after_final_dot")
            answer = line.getresponse()
            raw = answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException, InjectedDrop) as error:
            self.close()
            raise LineCut(is_whole=True) from error
        if answer.will_close or not answer.isclosed():
            self.close()
        return HttpAnswer(answer.status, seconds_of(answer.getheader("Retry-After")), raw)

    def close(self) -> None:
        """Hang up."""
        line, self._open = self._open, None
        if line is not None:
            line.close()

    def _new(self) -> http.client.HTTPConnection:
        if not self.is_safe:
            return http.client.HTTPConnection(self.host, self.port, timeout=CONNECT_SECONDS)
        context = ssl.create_default_context(cafile=self.ca_file)
        return http.client.HTTPSConnection(self.host, self.port, timeout=CONNECT_SECONDS, context=context)


def read_json(raw: bytes) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def seconds_of(header: str | None) -> int | None:
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


def rest_of(account: str) -> int:
    """How many seconds a provider still wants to be left alone by this process."""
    left = _rests.get(account, 0.0) - time.monotonic()
    return max(1, round(left)) if left > 0 else 0


def be_quiet(account: str, seconds: int) -> None:
    """Leave a provider alone for so long."""
    _rests[account] = time.monotonic() + seconds


def forget_rests() -> None:
    """Start anew: no provider has asked to be left alone."""
    _rests.clear()


def _is_dead(line: http.client.HTTPConnection) -> bool:
    """Whether something lies on a line on which nothing was asked: the end, or an answer out of turn."""
    if line.sock is None:
        return True
    readable, _, _ = select.select([line.sock], [], [], 0)
    return bool(readable)
