"""The letter that the sending benchmarks send: merged, tracked, with both parts, footer and headers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from campaigns.gateways.base import OutgoingMessage
from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.messages import build
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preparing import PreparedLetter, SenderIdentity, prepare
from ecosystem.base.ids import uuid7

PUBLIC_URL = "https://crm.example.com"
NAMES = ("Ana", "Bruno", "Zoë", "Mei", "Olu", "Freya", "Łukasz", "Sam")
SENDER = SenderIdentity(
    business_id=42,
    business_name="Oat & Ember",
    postal_address="12 Tulip Street\nMarlow Bend",
    from_name="Nora Whitlock",
    from_address="nora@example.com",
    reason="You get this because you said yes to Bread news.",
    reply_to="hello@example.com",
)
LETTER = Letter(
    subject="{{ first_name }}, the rye is back on Thursday",
    preheader="At seven in the morning, as you asked",
    body="""Hello {{ contact.first_name | default: "friend" }},

you asked us to tell you when the rye is back. It is, from Thursday, at seven in the morning. The starter is the one
from spring, a little milder now, and the crust has come out darker than before.

Come by, or [tell us what to keep for you](https://example.com/keep). The [menu of the week](https://example.com/menu)
has the rest, and [this is how we bake](https://example.com/baking).

See you at the counter, {{ first_name }}.

Nora
""",
    button_label="Keep a loaf for me",
    button_url="https://example.com/loaf",
)


def compiled() -> RenderPlan:
    return compile_letter(LETTER)


def prepared() -> PreparedLetter:
    return prepare(compiled(), SENDER, public_url=PUBLIC_URL)


@dataclass(frozen=True, slots=True)
class Row:
    """What the queue holds of one message: its id, the address, the values to merge."""

    id: UUID
    address: str
    merge: dict[str, str]


def rows(count: int) -> list[Row]:
    """So many messages to be sent, as they come out of the database."""
    names = ({"contact.first_name": NAMES[number % len(NAMES)]} for number in range(count))
    return [Row(uuid7(), f"p{number}@example.com", merge) for number, merge in enumerate(names)]


def mails(letter: PreparedLetter, rows: list[Row]) -> Iterator[OutgoingMessage]:
    """One mail after the other, built when it is asked for."""
    now = datetime.now(UTC)
    for row in rows:
        body = build(letter, message_id=row.id, to=row.address, merge=row.merge, now=now)
        yield OutgoingMessage(row.id, letter.envelope_from, row.address, body, has_dots=False)
