"""Reads the mails that the local mail sink has kept in its folder."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from heapq import nlargest
from pathlib import Path
from typing import cast

_NAME = re.compile(r"\d{19}-\d+-\d+")
# Sender and recipients of the envelope stand in front of a mail, so a recipient is found without reading it whole.
_HEAD_BYTES = 4_096


@dataclass(frozen=True)
class KeptMail:
    """One mail as it arrived at the sink."""

    id: str
    at: datetime
    envelope_to: list[str]
    sender: str
    to: str
    subject: str
    text: str
    html: str
    headers: list[tuple[str, str]]
    raw: bytes


def mail_ids(folder: Path, *, limit: int, to: str = "") -> list[str]:
    """The newest mails first; with `to` only those to that address."""
    names = [path.stem for path in folder.glob("*.eml")]
    if not to:
        return nlargest(limit, names)
    found = []
    for name in sorted(names, reverse=True):
        if to.lower() in _recipients(_head(folder / f"{name}.eml")):
            found.append(name)
            if len(found) == limit:
                break
    return found


def find_mail(folder: Path, mail_id: str) -> KeptMail | None:
    """One mail, parsed; None where there is none (any more)."""
    if not _NAME.fullmatch(mail_id):
        return None
    try:
        kept = (folder / f"{mail_id}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = message_from_bytes(kept, policy=default)
    return KeptMail(
        id=mail_id,
        at=datetime.fromtimestamp(int(mail_id.partition("-")[0]) / 1e9, UTC),
        envelope_to=_recipients(kept[:_HEAD_BYTES]),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        headers=[(name, str(value)) for name, value in message.items()],
        raw=kept,
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(_HEAD_BYTES)
    except FileNotFoundError:
        return b""


def _recipients(head: bytes) -> list[str]:
    lines = head.decode("utf-8", "replace").split("\r\n")
    return [line.partition(": ")[2].lower() for line in lines if line.startswith("X-Envelope-To: ")]


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, KeyError):
        return cast(bytes, part.get_payload(decode=True)).decode("utf-8", "replace")
