"""What a provider of texts sends to us: whether it is really from it, and what it says."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from campaigns.gateways.base import Refusal
from campaigns.gateways.sms import NO_SUCH_NUMBER, OPTED_OUT
from campaigns.gateways.sms_address import OWN, SmsAddress

SIGNATURE = "X-Text-Signature"
TWILIO_SIGNATURE = "X-Twilio-Signature"
FRESH_SECONDS = 300
_FAILED = frozenset({"failed", "undelivered"})
_SENT = frozenset({"sent", "delivered"})


class NotUnderstood(ValueError):
    """A signed request that says nothing we know."""


@dataclass(frozen=True, slots=True)
class IncomingWords:
    """A text that somebody sent."""

    provider_id: str
    number: str
    body: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a text of ours."""

    message_id: UUID
    is_failed: bool
    is_delivered: bool
    code: str
    refusal: Refusal | None


def sign_request(secret: str, body: bytes, *, at: float) -> str:
    """The signature of our dialect: the moment, and an HMAC over it and the bytes."""
    moment = str(int(at))
    return f"t={moment},v1={hmac.digest(secret.encode(), moment.encode() + b'.' + body, 'sha256').hex()}"


def is_signed(
    address: SmsAddress, *, headers: Mapping[str, str], url: str, body: bytes, form: Mapping[str, str], now: float
) -> bool:
    """Whether the account signed a request: its body and time in our dialect, its address and form in Twilio's."""
    if address.dialect == OWN:
        given = headers.get(SIGNATURE, "")
        moment = given.partition(",")[0].removeprefix("t=")
        if not moment.isdecimal() or abs(now - int(moment)) > FRESH_SECONDS:
            return False
        return hmac.compare_digest(given.encode(), sign_request(address.secret, body, at=int(moment)).encode())
    told = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    wanted = b64encode(hmac.digest(address.secret.encode(), told.encode(), "sha1"))
    return hmac.compare_digest(headers.get(TWILIO_SIGNATURE, "").encode(), wanted)


def read_request(
    address: SmsAddress, *, body: bytes, form: Mapping[str, str], query: Mapping[str, str]
) -> IncomingWords | Report:
    """What a request says. Raises NotUnderstood."""
    try:
        if address.dialect != OWN:
            return _read_form(form, query)
        told = json.loads(body)
        if told["type"] == "text":
            return _words(str(told["id"]), str(told["from"]), str(told["text"]))
        if told["type"] == "status":
            return _report(str(told["message_id"]), str(told["status"]), str(told.get("code") or ""))
    except (ValueError, KeyError, TypeError) as problem:
        raise NotUnderstood(type(problem).__name__) from problem
    raise NotUnderstood("type")


def _read_form(form: Mapping[str, str], query: Mapping[str, str]) -> IncomingWords | Report:
    if "Body" in form and "From" in form:
        return _words(form["MessageSid"], form["From"], form["Body"])
    return _report(query["m"], form["MessageStatus"], form.get("ErrorCode", ""))


def _words(provider_id: str, number: str, body: str) -> IncomingWords:
    if not provider_id or not number:
        raise NotUnderstood("id")
    return IncomingWords(provider_id, number, body)


def _report(message_id: str, status: str, code: str) -> Report:
    refusal = Refusal.OPTED_OUT if code in OPTED_OUT else Refusal.NO_SUCH_ADDRESS if code in NO_SUCH_NUMBER else None
    if status not in _FAILED | _SENT:
        raise NotUnderstood("status")
    return Report(UUID(message_id), status in _FAILED, status == "delivered", code[:40], refusal)
