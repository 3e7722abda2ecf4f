"""What mail providers over HTTP say and understand: Postmark, Mailgun, Brevo and Resend, told apart by the path."""

import json
import time
from base64 import b64decode
from dataclasses import dataclass
from email import message_from_bytes, policy
from urllib.parse import parse_qs, urlencode


@dataclass(frozen=True)
class Letter:
    """A letter that the provider took."""

    provider: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    metadata: dict[str, str]
    key: str = ""

    @property
    def message_id(self) -> str:
        return self.headers.get("message-id", "")


def read_letter(provider: str, body: bytes, headers: object) -> Letter:
    """A request in the words of its provider."""
    key = headers.get("Idempotency-Key", "")  # type: ignore[attr-defined]
    if provider == "mailgun":
        told = {name: values[0] for name, values in parse_qs(_form(body, headers)).items()}
        extra = {name[2:].lower(): value for name, value in told.items() if name.startswith("h:")}
        known = {name[2:]: value for name, value in told.items() if name.startswith("v:")}
        parts = (told["from"], told["to"], told["subject"], told.get("text", ""), told.get("html", ""))
        return Letter(provider, *parts, extra, known)
    told = json.loads(body)
    if provider == "postmark":
        extra = {one["Name"].lower(): one["Value"] for one in told.get("Headers", [])}
        parts = (told["From"], told["To"], told["Subject"], told.get("TextBody", ""), told.get("HtmlBody", ""))
        return Letter(provider, *parts, extra, told.get("Metadata", {}))
    extra = {name.lower(): value for name, value in told.get("headers", {}).items()}
    if provider == "brevo":
        known = json.loads(extra.get("x-mailin-custom", "{}"))
        parts = (told["sender"]["email"], told["to"][0]["email"], told["subject"])
        return Letter(provider, *parts, told.get("textContent", ""), told.get("htmlContent", ""), extra, known)
    known = json.loads(extra.get("x-metadata", "{}"))
    parts = (told["from"], told["to"][0], told["subject"], told.get("text", ""), told.get("html", ""))
    return Letter(provider, *parts, extra, known, key)


def _form(body: bytes, headers: object) -> str:
    """A form, whichever way it was packed."""
    kind = headers.get("Content-Type", "")  # type: ignore[attr-defined]
    if not kind.startswith("multipart/"):
        return body.decode()
    packed = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.default)
    parts = packed.iter_parts()
    return urlencode([(part.get_param("name", header="content-disposition"), part.get_content()) for part in parts])


def yes_of(provider: str, number: int, recipient: str) -> dict[str, object]:
    """How a provider says that it has taken a letter."""
    if provider == "postmark":
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{number}", "To": recipient}
    if provider == "mailgun":
        return {"id": f"<mg-{number}@mg.example.com>", "message": "Queued. Thank you."}
    if provider == "brevo":
        return {"messageId": f"<bv-{number}@smtp.example.com>"}
    return {"id": f"re-{number}"}


def events_of_mailgun(accepted: list[Letter], asked: dict[str, list[str]]) -> list[dict[str, object]]:
    """What it took for an address since a moment, each with what stood beside it."""
    assert float(asked["begin"][0]) < time.time()
    assert asked["event"] == ["accepted"]
    return [
        {
            "event": "accepted",
            "message": {"headers": {"message-id": f"mg-{number}@mg.example.com"}},
            "user-variables": letter.metadata,
        }
        for number, letter in enumerate(accepted, start=1)
        if [letter.recipient] == asked["recipient"]
    ]


def found_by_postmark(accepted: list[Letter], asked: dict[str, list[str]]) -> dict[str, object]:
    """Which letter carries an id of ours."""
    [wanted] = asked["metadata_letter"]
    mine = [
        {"MessageID": f"pm-{number}", "Status": "Sent", "Metadata": letter.metadata}
        for number, letter in enumerate(accepted, start=1)
        if letter.metadata.get("letter") == wanted
    ]
    return {"TotalCount": len(mine), "Messages": mine[:1]}


def is_let_in(provider: str, headers: object, secret: str) -> bool:
    """Whether a request carries the key, where that provider wants it."""
    get = headers.get  # type: ignore[attr-defined]
    given = {
        "postmark": get("X-Postmark-Server-Token", ""),
        "mailgun": get("Authorization", ""),
        "brevo": get("api-key", ""),
        "resend": get("Authorization", "").removeprefix("Bearer "),
    }.get(provider, "")
    if provider == "mailgun":
        given = b64decode(given.removeprefix("Basic ")).decode().partition(":")[2]
    return given == secret
