"""The words of each provider about a letter or a text, with its proof: what the product must believe."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zlib import crc32


class Told(Protocol):
    """What is told of: the sender's Message-ID or key, and who it was for."""

    letter: str
    recipient: str


@dataclass(frozen=True)
class Request:
    """What is posted."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""


def request_of(provider: str, secret: str, taken: Told, kind: str) -> Request:
    """What a provider posts about something: accepted, delivered, bounced or complained."""
    return _PROVIDERS[provider](secret, taken, kind)


def _mailgun(secret: str, taken: Told, kind: str) -> Request:
    stamp, token = str(int(time.time())), f"{kind}-{taken.letter[:36]}"
    told = {
        "event": {"bounced": "failed"}.get(kind, kind),
        "severity": "permanent",
        "timestamp": time.time(),
        "recipient": taken.recipient,
        "message": {"headers": {"message-id": taken.letter}},
        "user-variables": {},
    }
    proof = hmac.new(secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": stamp, "token": token, "signature": proof}
    return Request(json.dumps({"signature": signature, "event-data": told}).encode())


def _postmark(secret: str, taken: Told, kind: str) -> Request:
    told: dict[str, Any] = {
        "accepted": {"RecordType": "Delivery"},
        "delivered": {"RecordType": "Delivery"},
        "bounced": {"RecordType": "Bounce", "Type": "HardBounce", "ID": crc32(taken.letter.encode())},
        "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": crc32(taken.letter.encode())},
    }[kind]
    told |= {"Recipient": taken.recipient, "Email": taken.recipient, "DeliveredAt": _moment(), "BouncedAt": _moment()}
    told |= {"MessageID": f"own-{taken.letter[:36]}", "Metadata": {"letter": taken.letter[:36]}}
    return Request(json.dumps(told).encode(), {"Authorization": "Basic " + b64encode(secret.encode()).decode()})


def _resend(secret: str, taken: Told, kind: str) -> Request:
    headers = [{"name": "X-Metadata", "value": json.dumps({"letter": taken.letter[:36]})}]
    data: dict[str, Any] = {"email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "to": [taken.recipient]}
    data |= {"headers": headers, "bounce": {"message": "none such", "type": "Permanent"}}
    words = {"accepted": "sent"}.get(kind, kind)
    body = json.dumps({"type": f"email.{words}", "created_at": _moment(), "data": data}).encode()
    name, stamp = f"msg_{kind}_{taken.letter[:36]}", str(int(time.time()))
    key = b64decode(secret.removeprefix("whsec_"))
    proof = b64encode(hmac.digest(key, f"{name}.{stamp}.".encode() + body, "sha256")).decode()
    return Request(body, {"svix-id": name, "svix-timestamp": stamp, "svix-signature": f"v1,{proof}"})


def _texts(secret: str, taken: Told, kind: str) -> Request:
    status = {"accepted": "sent"}.get(kind, kind)
    body = json.dumps({"type": "status", "message_id": taken.letter, "status": status, "code": ""}).encode()
    moment = str(int(time.time()))
    proof = hmac.digest(secret.encode(), moment.encode() + b"." + body, "sha256").hex()
    return Request(body, {"X-Text-Signature": f"t={moment},v1={proof}"})


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


_PROVIDERS = {"mailgun": _mailgun, "postmark": _postmark, "resend": _resend, "texts": _texts}
