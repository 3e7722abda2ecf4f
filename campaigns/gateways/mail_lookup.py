"""Asking a provider whether it has a letter: by the id that stands beside each letter which we hand over to it.

Postmark finds letters by that id. Mailgun finds what it took for an address, and each line says the id; a key that may
only send is refused, and then nothing is known. Resend knows letters by a key, which is better. Brevo gives letters a
Message-ID of its own and finds them by that or the address alone, so it is not asked; SES keeps no list.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
import urllib3

from campaigns.gateways.mail_address import KeyAddress, read_mail_address

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5.0
# A provider's clock and ours are not the same.
CLOCKS_DIFFER = timedelta(minutes=5)
MOST_LINES = 25


@dataclass(frozen=True, slots=True)
class Doubt:
    """A letter of which nobody knows whether the provider has it: to whom, and when it was handed over."""

    letter: UUID
    recipient: str
    handed_at: datetime


@dataclass(frozen=True, slots=True)
class _Question:
    """Where it is asked, with which headers, and how the answer is read: the provider's id, empty where it has none."""

    path: str
    headers: dict[str, str]
    read: Callable[[Any], str]


def look_up_letters(url: str, doubts: Iterable[Doubt]) -> dict[UUID, str]:
    """Those of some letters that the provider has, each with its id there. What it does not answer to is left out.

    Blocks for up to five seconds a letter: for workers. The first question without an answer ends the asking.
    """
    address = read_mail_address(url)
    if not isinstance(address, KeyAddress) or address.provider not in LOOK_UP:
        return {}
    found: dict[UUID, str] = {}
    for doubt in doubts:
        told = _ask(address, _QUESTIONS[address.provider](address, doubt))
        if told is None:
            break
        if told:
            found[doubt.letter] = told
    return found


def _of_postmark(address: KeyAddress, doubt: Doubt) -> _Question:
    asked = urlencode({"count": 1, "offset": 0, "metadata_letter": str(doubt.letter)})

    def read(told: Any) -> str:
        mine = [one for one in told["Messages"] if (one.get("Metadata") or {}).get("letter") == str(doubt.letter)]
        return str(mine[0]["MessageID"]) if mine else ""

    return _Question(f"messages/outbound?{asked}", {"X-Postmark-Server-Token": address.key}, read)


def _of_mailgun(address: KeyAddress, doubt: Doubt) -> _Question:
    begin = doubt.handed_at - CLOCKS_DIFFER
    given = {"begin": int(begin.timestamp()), "ascending": "yes", "limit": MOST_LINES, "event": "accepted"}
    asked = urlencode({**given, "recipient": doubt.recipient})
    key = b64encode(f"api:{address.key}".encode()).decode()

    def read(told: Any) -> str:
        mine = [one for one in told["items"] if (one.get("user-variables") or {}).get("letter") == str(doubt.letter)]
        return f"<{mine[0]['message']['headers']['message-id']}>" if mine else ""

    path = f"{quote(address.place, safe='')}/events?{asked}"
    return _Question(path, {"Authorization": f"Basic {key}"}, read)


_QUESTIONS: dict[str, Callable[[KeyAddress, Doubt], _Question]] = {"postmark": _of_postmark, "mailgun": _of_mailgun}
LOOK_UP = frozenset(_QUESTIONS)


def _ask(address: KeyAddress, question: _Question) -> str | None:
    """The provider's id of a letter, empty where it has none; None where it does not answer.

    Nobody is believed who answers to another question.
    """
    headers = {"Accept": "application/json", **question.headers}
    url = f"{address.base_url.rstrip('/')}/{question.path}"
    try:
        answer = urllib3.request("GET", url, headers=headers, redirect=False, retries=False, timeout=ANSWER_SECONDS)
        if answer.status != 200:
            log.info("lookup_refused", provider=address.provider, status=answer.status)
            return None
        return question.read(json.loads(answer.data))
    except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.info("lookup_failed", provider=address.provider, error=type(error).__name__)
        return None
