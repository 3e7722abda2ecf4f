"""Asking a provider whether it has a letter: by the id that stands beside each letter which we hand over to it.

Postmark is asked. Resend knows letters by a key, which is better; Mailgun's sending keys may not read; what others have
is told by their events.
"""

import json
from collections.abc import Iterable
from urllib.parse import urlencode
from uuid import UUID

import structlog
import urllib3

from campaigns.gateways.mail_address import KeyAddress, read_mail_address

log = structlog.get_logger(__name__)

LOOK_UP = frozenset({"postmark"})
ANSWER_SECONDS = 5.0


def look_up_letters(url: str, letters: Iterable[UUID]) -> dict[UUID, str]:
    """Those of some letters that the provider has, each with its id there. What it does not answer to is left out.

    Blocks for up to five seconds a letter: for workers. The first question without an answer ends the asking.
    """
    address = read_mail_address(url)
    if not isinstance(address, KeyAddress) or address.provider not in LOOK_UP:
        return {}
    found: dict[UUID, str] = {}
    for letter in letters:
        told = _ask(address, letter)
        if told is None:
            break
        if told:
            found[letter] = told
    return found


def _ask(address: KeyAddress, letter: UUID) -> str | None:
    """The provider's id of a letter, empty where it has none; None where it does not answer."""
    asked = urlencode({"count": 1, "offset": 0, "metadata_letter": str(letter)})
    headers = {"Accept": "application/json", "X-Postmark-Server-Token": address.key}
    url = f"{address.base_url.rstrip('/')}/messages/outbound?{asked}"
    try:
        answer = urllib3.request("GET", url, headers=headers, redirect=False, retries=False, timeout=ANSWER_SECONDS)
        if answer.status != 200:
            log.info("lookup_refused", provider=address.provider, status=answer.status)
            return None
        messages = json.loads(answer.data)["Messages"]
        # Nobody is believed who answers to another question.
        mine = [one for one in messages if (one.get("Metadata") or {}).get("letter") == str(letter)]
        return str(mine[0]["MessageID"]) if mine else ""
    except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.info("lookup_failed", provider=address.provider, error=type(error).__name__)
        return None
