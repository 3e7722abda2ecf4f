"""Writes the cast into the current business: people, addresses, rungs, roles, tags and what they said yes to."""

from datetime import datetime, timedelta
from uuid import UUID

from campaigns.demo.cast import FIRMS, Person
from contacts.models import (
    Act,
    Affiliation,
    Basis,
    Channel,
    Consent,
    ConsentEvidence,
    ConsentState,
    Contact,
    ContactPoint,
    ContactTag,
    NextStep,
    Organization,
    RoleAssignment,
    StageChange,
    Suppression,
    Tag,
    Topic,
)
from ecosystem.base.addresses import address_hash, fold
from ecosystem.models import Membership

REASONS = {
    "suspect": "Seen at the market stall",
    "prospect": "Asked for the starter guide",
    "client": "Bought for the first time",
    "advocate": "Sent us a friend",
}
NEXT_STEPS = (
    ("Ring about the wedding cake", -2),
    ("Send the price for the office breakfast", -1),
    ("Ask how the rye bread was", 0),
    ("Tasting at the bakery", 2),
    ("Remind of the spring fair", 9),
)


def write_people(people: list[Person]) -> list[Contact]:
    """Keep everybody on the ladder, in the order given, with every step they took."""
    contacts = Contact.objects.bulk_create(
        [
            Contact(
                given_name=person.given_name,
                family_name=person.family_name,
                display_name=person.name,
                sort_name=fold(f"{person.family_name} {person.given_name}"),
                stage=person.stage,
                stage_since=person.arrived[person.stage],
                fed_at=person.arrived[person.stage],
                primary_email=person.email,
                primary_phone=person.phone,
                source=Contact.Source.SIGNUP if person.said_yes_at else Contact.Source.IMPORT,
                source_detail="Keep it alive" if person.said_yes_at else "Market stall list",
                created_at=person.first_seen,
            )
            for person in people
        ],
        batch_size=1000,
    )
    pairs = list(zip(people, contacts, strict=True))
    ContactPoint.objects.bulk_create(
        [
            ContactPoint(contact=contact, kind=kind, value=value, value_norm=value, is_primary=True)
            for person, contact in pairs
            for kind, value in ((ContactPoint.Kind.EMAIL, person.email), (ContactPoint.Kind.PHONE, person.phone))
            if value
        ],
        batch_size=2000,
    )
    StageChange.objects.bulk_create(
        [change for person, contact in pairs for change in _changes(person, contact)], batch_size=2000
    )
    tags = {name: Tag(name=name, name_norm=fold(name)) for person in people for name in person.tags}
    Tag.objects.bulk_create(tags.values())
    ContactTag.objects.bulk_create(
        [ContactTag(tag=tags[name], contact=contact) for person, contact in pairs for name in person.tags],
        batch_size=2000,
    )
    return contacts


def _changes(person: Person, contact: Contact) -> list[StageChange]:
    rungs = sorted(person.arrived, key=lambda rung: person.arrived[rung])
    return [
        StageChange(
            contact=contact,
            from_stage=rungs[index - 1] if index else "",
            to_stage=rung,
            actor_kind=StageChange.Actor.CONTACT if rung == "prospect" else StageChange.Actor.RULE,
            reason=REASONS[rung],
            occurred_at=person.arrived[rung],
        )
        for index, rung in enumerate(rungs)
    ]


def write_consents(people: list[Person], contacts: list[Contact], topic: Topic) -> None:
    """Keep who said yes to letters and who took it back, as ledger, proof and present state."""
    consents, states, evidence, left = [], [], [], []
    wording = f"{topic.name}: {topic.promise}"
    for person, contact in zip(people, contacts, strict=True):
        if person.said_yes_at is None:
            continue
        hashed = address_hash(Channel.EMAIL, person.email)
        acts = [(Act.REQUESTED, person.said_yes_at), (Act.CONFIRMED, person.said_yes_at + timedelta(minutes=6))]
        if person.said_no_at:
            acts.append((Act.WITHDRAWN, person.said_no_at))
        for act, moment in acts:
            consents.append(
                Consent(
                    contact=contact,
                    address_hash=hashed,
                    channel=Channel.EMAIL,
                    topic=topic,
                    act=act,
                    basis="" if act == Act.WITHDRAWN else Basis.EXPRESS,
                    wording=wording,
                    source="signup",
                    source_detail="Keep it alive",
                    occurred_at=moment,
                )
            )
            evidence.append(ConsentEvidence(consent=consents[-1], contact=contact, address=person.email))
        state = ConsentState.State.WITHDRAWN if person.said_no_at else ConsentState.State.GRANTED
        states.append(
            ConsentState(
                contact=contact,
                channel=Channel.EMAIL,
                topic=topic,
                state=state,
                basis=consents[-1].basis,
                address_hash=hashed,
                since=consents[-1].occurred_at,
                consent=consents[-1],
            )
        )
        if person.said_no_at:
            reason = Suppression.Reason.UNSUBSCRIBED
            left.append(Suppression(channel=Channel.EMAIL, address_hash=hashed, topic=topic, reason=reason))
    Consent.objects.bulk_create(consents, batch_size=2000)
    ConsentEvidence.objects.bulk_create(evidence, batch_size=2000)
    ConsentState.objects.bulk_create(states, batch_size=2000)
    Suppression.objects.bulk_create(left, batch_size=2000)


def write_firms(now: datetime) -> dict[UUID, int]:
    """Keep vendors and partners with the people one knows there; answers how many days ago each was fed."""
    fed: dict[UUID, int] = {}
    for number, (kind, name, person, days) in enumerate(FIRMS):
        given, _space, family = person.partition(" ")
        known_since = now - timedelta(days=days + 60)
        contact = Contact.objects.create(
            given_name=given,
            family_name=family,
            display_name=person,
            sort_name=fold(f"{family} {given}"),
            primary_email=f"{fold(name).replace(' ', '').replace('&', '')}@example.com",
            primary_phone=f"+1212555{150 + number:04d}",
            source=Contact.Source.STAFF,
            fed_at=known_since,
            created_at=known_since,
        )
        ContactPoint.objects.create(
            contact=contact,
            kind=ContactPoint.Kind.EMAIL,
            value=contact.primary_email,
            value_norm=contact.primary_email,
            is_primary=True,
        )
        organization = Organization.objects.create(
            name=name, sort_name=fold(name), main_contact=contact, created_at=known_since
        )
        Affiliation.objects.create(contact=contact, organization=organization, title="")
        RoleAssignment.objects.create(
            kind=kind, contact=contact, organization=organization, started_at=known_since, fed_at=known_since
        )
        fed[contact.id] = days
    return fed


def write_next_steps(contacts: list[Contact], team: list[Membership], now: datetime) -> None:
    """What the team has taken on for some people: two things late, one today, the rest in the days to come."""
    today = now.date()
    people = [contact for contact in contacts if contact.stage == "prospect"]
    NextStep.objects.bulk_create(
        NextStep(contact=person, what=what, due_on=today + timedelta(days=days), assignee=team[number % len(team)])
        for number, (person, (what, days)) in enumerate(zip(people, NEXT_STEPS, strict=False))
    )
