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
    address: SmsAddress,
    *,
    headers: Mapping[str, str],
    url: str,
    body: bytes,
    form: Mapping[str, str],
    now: float,
    second_secret: str = "",
) -> bool:
    """Whether the account signed a request: its body and time in our dialect, its address and form in Twilio's.

    While the secret is changed there are two, and either of them proves it.
    """
    secrets = [secret for secret in (address.secret, second_secret) if secret]
    if address.dialect == OWN:
        given = headers.get(SIGNATURE, "")
        moment = given.partition(",")[0].removeprefix("t=")
        if not moment.isdecimal() or abs(now - int(moment)) > FRESH_SECONDS:
            return False
        signed = [sign_request(secret, body, at=int(moment)).encode() for secret in secrets]
    else:
        given = headers.get(TWILIO_SIGNATURE, "")
        told = (url + "".join(f"{name}{form[name]}" for name in sorted(form))).encode()
        signed = [b64encode(hmac.digest(secret.encode(), told, "sha1")) for secret in secrets]
    known = [hmac.compare_digest(given.encode(), one) for one in signed]
    return any(known)


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
