"""What providers tell, each in its own words and with its own proof, put into ours by Anymail."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.http import HttpRequest

from campaigns.gateways.event_proofs import NoProof, check_mailgun_age, check_svix, read_sns

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KINDS = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "deferred": "delayed",
    "bounced": "bounced",
    "rejected": "refused",
    "failed": "refused",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "opened": "opened",
}
# Those whose own ids of letters are no ids of ours: theirs may look like ours.
_HAVE_OWN_IDS = frozenset({"postmark", "resend", "ses"})
# The providers' words for a letter that came back for now, or for which nobody can say whether it was for good.
_SOFT_WORDS = frozenset({"soft_bounce", "SoftBounce", "Transient", "Undetermined", "DnsError"})


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


@dataclass(frozen=True, slots=True)
class ToldEvents:
    """What a request says: events, or that Amazon asks whether its events are welcome (`confirm_url`).

    `topic` is the stream at Amazon that the request belongs to; a stream once confirmed is the only one believed.
    """

    events: tuple[ToldEvent, ...] = ()
    topic: str = ""
    confirm_url: str = ""


class _SesReader(AmazonSESTrackingWebhookView):  # type: ignore[misc]
    """Anymail's reader without Amazon's library, which it needs for letters that come in and to confirm by itself."""

    warn_if_no_basic_auth = False

    def __init__(self) -> None:
        self.auto_confirm_enabled = False
        AnymailBaseWebhookView.__init__(self)


class _ResendReader(ResendTrackingWebhookView):  # type: ignore[misc]
    """Anymail's reader; the signature was checked before it."""

    def __init__(self) -> None:
        self.signing_secret = self._svix_webhook = None
        self.warn_if_no_basic_auth = False
        AnymailBaseWebhookView.__init__(self)


# Mailgun signs with a key; Postmark and Brevo call with a name and a password, written as name:password.
_READERS: dict[str, Callable[[str], Any]] = {
    "mailgun": lambda secret: MailgunTrackingWebhookView(webhook_signing_key=secret),
    "brevo": lambda secret: BrevoTrackingWebhookView(webhook_secret=secret),
    "postmark": lambda secret: PostmarkTrackingWebhookView(webhook_secret=secret),
    "resend": lambda _secret: _ResendReader(),
    "ses": lambda _secret: _SesReader(),
}
TELLING = frozenset(_READERS)


def read_events(provider: str, secrets: Sequence[str], request: HttpRequest) -> ToldEvents:
    """What a request says; ForgedEvent without the provider's proof, BrokenEvent where it cannot be read.

    Any of the secrets proves it: while one takes the place of another there are two. Without any nothing is believed,
    except of Amazon, whose proof needs none until a stream was confirmed.
    """
    if provider == "ses":
        return _read(provider, secrets[0] if secrets else "", request)
    for secret in secrets:
        try:
            return _read(provider, secret, request)
        except ForgedEvent:
            continue
    raise ForgedEvent(provider)


def _read(provider: str, secret: str, request: HttpRequest) -> ToldEvents:
    if provider not in _READERS:
        raise ForgedEvent(provider)
    reader = _READERS[provider](secret)
    topic = confirm_url = ""
    try:
        if provider == "resend":
            check_svix(secret, request)
        if provider == "mailgun":
            check_mailgun_age(request)
        if provider == "ses":
            sent = read_sns(request)
            topic = str(sent["TopicArn"])
            if secret and topic != secret:
                raise ForgedEvent(provider)
            confirm_url = str(sent["SubscribeURL"]) if sent["Type"] == "SubscriptionConfirmation" else ""
        reader.run_validators(request)
    except (AnymailError, AnymailWebhookValidationFailure, NoProof, ValueError, TypeError) as error:
        raise ForgedEvent(provider) from error
    try:
        told = [_told(provider, event) for event in reader.parse_events(request)]
    except (AnymailError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BrokenEvent(provider) from error
    return ToldEvents(tuple(event for event in told if event is not None), topic, confirm_url)


def _told(provider: str, event: Any) -> ToldEvent | None:
    kind = _kind_of(event)
    if kind is None:
        return None
    # A provider that numbers no events tells the same thing in the same words when it tells it again. One that numbers
    # what it posts may tell of several addresses in it.
    own = event.event_id or f"{event.message_id}|{event.timestamp}"
    return ToldEvent(
        event_id=hashlib.sha256(f"{kind}|{own}|{event.recipient}".encode()).hexdigest(),
        kind=kind,
        message_id=_message_of(provider, event),
        address=event.recipient or "",
        occurred_at=event.timestamp,
        user_agent=event.user_agent or "",
    )


def _kind_of(event: Any) -> str | None:
    told = event.esp_event if isinstance(event.esp_event, dict) else {}
    if told.get("eventType") == "DeliveryDelay":
        return "delayed"
    kind = _KINDS.get(event.event_type)
    if kind == "refused" and event.reject_reason in ("invalid", "bounced"):
        return "bounced"
    if kind == "bounced":
        bounce = told.get("bounce")
        bounce = bounce if isinstance(bounce, dict) else {}
        data = told.get("data")
        inner = data.get("bounce") if isinstance(data, dict) else None
        words = {told.get("event"), told.get("Type"), bounce.get("bounceType")}
        words |= {inner.get("type")} if isinstance(inner, dict) else set()
        return "soft_bounced" if words & _SOFT_WORDS else kind
    return kind


def _message_of(provider: str, event: Any) -> UUID | None:
    """The letter that an event names: as we told the provider when we handed it over, or by our own Message-ID."""
    told = event.esp_event if isinstance(event.esp_event, dict) else {}
    known = event.metadata if isinstance(event.metadata, dict) else {}
    names = [str(known.get("letter") or "")]
    if provider == "ses":
        mail: Any = told.get("mail") or {}
        names += [str(one) for one in (mail.get("tags") or {}).get("letter", [])]
        names += [str(one["value"]) for one in mail.get("headers", []) if one["name"].lower() == "message-id"]
    if provider not in _HAVE_OWN_IDS:
        names.append(event.message_id or "")
    found = next((match for name in names if (match := _UUID.search(name))), None)
    return UUID(found[0]) if found else None
