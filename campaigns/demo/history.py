"""A year of touches: purchases, visits, thanks, calls and notes, in a rhythm that a bakery would know."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from campaigns.demo.cast import SEED, Person
from contacts.models import Channel, Contact, Interaction, Note
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.models import Membership

BATCH = 4000
SAID = (
    "Asked whether the seeded loaf comes smaller. It could.",
    "Loves the rye. Wants to know when the oven bench class is.",
    "Ordered two cakes for a birthday on Saturday.",
    "Moved house, still comes by on market days.",
    "Told us her sister is looking for gluten free bread.",
    "Found the crust too dark last week. We talked about it, all good.",
)
# Mean days between two purchases, and the chance that a purchase was also a talk.
RHYTHM = {"client": (34, 0.10), "advocate": (15, 0.25)}
BOTH, OUT, IN = Interaction.Direction.BOTH, Interaction.Direction.OUT, Interaction.Direction.IN


def write_history(
    people: list[Person], contacts: list[Contact], fed: dict[UUID, int], team: list[Membership], now: datetime
) -> int:
    """Write every line and some of what was said; answers how many lines there are."""
    random = Random(SEED + 1)  # noqa: S311
    lines: list[NewInteraction] = []
    for person, contact in zip(people, contacts, strict=True):
        lines += _purchases(random, person, contact, team, now)
        lines += _talks(random, person, contact, team, now)
    for contact_id, days in fed.items():
        for back in (days, days + 45, days + 110):
            lines.append(_line(contact_id, "call", now - timedelta(days=back, hours=3), Channel.PHONE, BOTH, team[0]))
    lines.sort(key=lambda line: line.occurred_at)
    for start in range(0, len(lines), BATCH):
        record_interactions(lines[start : start + BATCH])
    _write_notes(random, [line for line in lines if line.kind in ("call", "visit")], team)
    return len(lines)


def _purchases(
    random: Random, person: Person, contact: Contact, team: list[Membership], now: datetime
) -> list[NewInteraction]:
    if person.stage not in RHYTHM:
        return []
    gap, chance = RHYTHM[person.stage]
    lines, moment = [], person.arrived["client"]
    quiet_since = now - timedelta(days=random.choice((0, 0, 0, 0, 45, 90)))
    while moment < quiet_since:
        value = random.choice((640, 890, 1250, 1490, 2200, 3800))
        lines.append(_line(contact.id, "purchase", moment, Channel.IN_PERSON, IN, None, value=value))
        if random.random() < chance:
            kind = random.choice(("visit", "thanks"))
            lines.append(
                _line(contact.id, kind, moment + timedelta(minutes=2), Channel.IN_PERSON, BOTH, random.choice(team))
            )
        moment += timedelta(days=random.expovariate(1 / gap) + 1, minutes=random.randint(0, 300))
    return lines


def _talks(
    random: Random, person: Person, contact: Contact, team: list[Membership], now: datetime
) -> list[NewInteraction]:
    """A call or a talk now and then for those who asked; suspects hear from us rarely."""
    often = {"suspect": 0.16, "prospect": 0.75, "client": 0.35, "advocate": 0.8}[person.stage]
    if random.random() > often:
        return []
    moment = now - timedelta(days=random.expovariate(1 / 38), hours=random.randint(1, 9))
    if moment < person.first_seen:
        return []
    kind, channel = random.choice(
        (("call", Channel.PHONE), ("visit", Channel.IN_PERSON), ("reply_from_us", Channel.EMAIL))
    )
    return [_line(contact.id, kind, moment, channel, OUT if kind == "reply_from_us" else BOTH, random.choice(team))]


def _line(
    contact_id: UUID,
    kind: str,
    moment: datetime,
    channel: Channel,
    direction: Interaction.Direction,
    actor: Membership | None,
    value: int | None = None,
) -> NewInteraction:
    return NewInteraction(
        contact_id=contact_id,
        kind=kind,
        source="till" if kind == "purchase" else "staff",
        occurred_at=moment,
        channel=channel,
        direction=direction,
        actor_id=actor.id if actor else None,
        value_minor=value,
        currency="USD" if value else "",
    )


def _write_notes(random: Random, lines: list[NewInteraction], team: list[Membership]) -> None:
    chosen = random.sample(lines, k=min(120, len(lines)))
    Note.objects.bulk_create(
        [
            Note(
                contact_id=line.contact_id,
                interaction_id=line.id,
                body=random.choice(SAID),
                written_by=random.choice(team),
                created_at=line.occurred_at,
            )
            for line in chosen
        ]
    )
