"""What providers tell, each in its own words and with its own proof, put into ours by Anymail."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.http import HttpRequest

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KINDS = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "bounced": "bounced",
    "complained": "complained",
    "opened": "opened",
}
# Mailgun signs with a key; Brevo calls with a name and a password, written as name:password.
_READERS: dict[str, Callable[[str], Any]] = {
    "mailgun": lambda secret: MailgunTrackingWebhookView(webhook_signing_key=secret),
    "brevo": lambda secret: BrevoTrackingWebhookView(webhook_secret=secret),
}


class ForgedEvent(Exception):
    """The request does not carry the proof of its provider."""


class BrokenEvent(Exception):
    """The request is the provider's, but nothing that can be read."""


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """What a provider says of one letter to one address."""

    event_id: str
    kind: str
    message_id: UUID | None
    address: str
    occurred_at: datetime | None
    user_agent: str


def read_events(provider: str, secret: str, request: HttpRequest) -> list[ToldEvent]:
    """The events in a request; ForgedEvent without the provider's proof, BrokenEvent where it cannot be read."""
    reader = _READERS[provider](secret)
    try:
        reader.run_validators(request)
    except (AnymailWebhookValidationFailure, ValueError, TypeError) as error:
        raise ForgedEvent(provider) from error
    try:
        told = [_told(event) for event in reader.parse_events(request)]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BrokenEvent(provider) from error
    return [event for event in told if event is not None]


def _told(event: Any) -> ToldEvent | None:
    kind = _KINDS.get(event.event_type)
    if kind is None:
        return None
    if kind == "bounced" and event.esp_event.get("event") == "soft_bounce":
        kind = "soft_bounced"
    named = _UUID.search(event.message_id or "")
    # A provider that numbers no events tells the same thing in the same words when it tells it again.
    words = event.event_id or f"{kind}|{event.message_id}|{event.recipient}|{event.timestamp}"
    return ToldEvent(
        event_id=hashlib.sha256(words.encode()).hexdigest(),
        kind=kind,
        message_id=UUID(named[0]) if named else None,
        address=event.recipient or "",
        occurred_at=event.timestamp,
        user_agent=event.user_agent or "",
    )
