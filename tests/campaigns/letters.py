"""Letters for tests, and what a mail program makes of the bytes."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from uuid import UUID

from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.messages import build
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preparing import SenderIdentity, prepare

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MESSAGE_ID = UUID("01a20329-d0f9-7611-9e00-6859715c25cd")
SENDER = SenderIdentity(
    business_id=42,
    business_name="Oat & Ember",
    postal_address="12 Tulip Street\nMarlow Bend",
    from_name="Nora",
    from_address="nora@example.com",
    reason="You get this because you said yes to Bread news.",
)


def letter(body: str = "Hello {{ contact.first_name }},\n\ncome by.", **values: str) -> Letter:
    """A letter with a subject."""
    return Letter(**{"subject": "News", "body": body, **values})


def mail(plan: RenderPlan, merge: dict[str, str] | None = None, *, to: str = "ana@example.com", **prepared) -> bytes:
    """One built mail. No line of it begins with a dot: the way out does not look for any."""
    ready = prepare(plan, prepared.pop("sender", SENDER), public_url="https://crm.example.com", **prepared)
    raw = build(ready, message_id=MESSAGE_ID, to=to, merge=merge or {}, now=NOON)
    assert not re.search(rb"^\.", raw, re.MULTILINE)
    return raw


def opened(raw: bytes) -> EmailMessage:
    """The mail as a mail program parses it."""
    return message_from_bytes(raw, policy=policy.default)


def read(raw: bytes, kind: str = "html") -> str:
    """The words of one body part."""
    return opened(raw).get_body((kind,)).get_content()


def written(body: str, merge: dict[str, str] | None = None, kind: str = "html", **values: str) -> str:
    """What a letter of that body prints for one person."""
    return (
        read(mail(compile_letter(letter(body, **values))), kind)
        if merge is None
        else read(mail(compile_letter(letter(body, **values)), merge), kind)
    )


class Elements(HTMLParser):
    """Every element with its attributes, and the visible words in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "title", "script"}

    def handle_endtag(self, tag):
        self._hidden -= tag in {"style", "title", "script"}

    def handle_data(self, data):
        if not self._hidden and data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a"]
