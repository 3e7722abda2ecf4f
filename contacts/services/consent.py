"""Saying yes and no: asked, confirmed, kept with proof, taken back.

Each function writes a row of the ledger with its proof and what holds now (ConsentState), in one transaction in
which the contact is locked: two answers at once come one after the other.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import ConsentConfirmed, ConsentGranted, ConsentRequested
from contacts.models import Act, Basis, Consent, ConsentState, Contact, Suppression, Topic
from contacts.queries.consent import (
    OWN_SOURCES,
    address_of,
    addresses_of,
    channel_hashes,
    find_state,
    live_suppressions,
)
from contacts.services.consent_ledger import (
    NO_EVIDENCE,
    Evidence,
    append_row,
    lock_contact,
    publish_no,
    refuse_what_they_closed,
)
from contacts.services.consent_states import keep_no, keep_request, keep_yes
from contacts.services.suppression import lift_suppression, suppress_address
from ecosystem.base import clock
from ecosystem.base.errors import Invalid, NotAllowed
from ecosystem.base.events import publish
from ecosystem.models import Membership
from ecosystem.queries.zones import business_zone
from ecosystem.services.audit import record_act

# Where the team may have a yes from, and what each is as proof.
STAFF_SOURCES = {
    "paper": Basis.EXPRESS_WRITTEN,
    "counter": Basis.EXPRESS,
    "call": Basis.EXPRESS,
    "message": Basis.EXPRESS_WRITTEN,
}


@dataclass(frozen=True)
class Withdrawal:
    """What a no changed: its row (None when it had been said before), and the topics that had been a yes."""

    consent: Consent | None
    topic_ids: tuple[UUID, ...]


@transaction.atomic
def request_consent(
    contact: Contact | None,
    *,
    address: str,
    channel: str,
    topic: Topic,
    wording: str,
    source: str,
    source_detail: str = "",
    actor: Membership | None = None,
    request_id: UUID | None = None,
    evidence: Evidence = NO_EVIDENCE,
    now: datetime | None = None,
) -> Consent:
    """Record that somebody was asked to confirm a yes. It permits nothing yet.

    Without a contact it is kept by the hash of the address alone: a stranger may have typed it.
    Publishes ConsentRequested.
    """
    lock_contact(contact)
    consent = append_row(
        contact, Act.REQUESTED, address=address, channel=channel, topic=topic, wording=wording, source=source,
        source_detail=source_detail, actor=actor, request_id=request_id, evidence=evidence, occurred_at=now,
    )  # fmt: skip
    if contact is not None:
        keep_request(consent)
    publish(
        ConsentRequested(
            business_id=consent.business_id,
            contact_id=consent.contact_id,
            channel=channel,
            topic_id=topic.id,
            request_id=request_id,
        )
    )
    return consent


@transaction.atomic
def confirm_consent(
    contact: Contact,
    *,
    address: str,
    channel: str,
    topic: Topic,
    wording: str,
    source_detail: str = "",
    request_id: UUID | None = None,
    basis: str = Basis.EXPRESS,
    evidence: Evidence = NO_EVIDENCE,
    now: datetime | None = None,
) -> Consent:
    """Record a yes that was confirmed from the mailbox it is for, and open a stopped address for this topic.

    Publishes ConsentConfirmed.
    """
    lock_contact(contact)
    consent = append_row(
        contact, Act.CONFIRMED, address=address, channel=channel, topic=topic, wording=wording, source="signup",
        source_detail=source_detail, request_id=request_id, evidence=evidence, occurred_at=now, basis=basis,
    )  # fmt: skip
    keep_yes(consent)
    lift_suppression(consent, address=address)
    publish(
        ConsentConfirmed(
            business_id=consent.business_id,
            contact_id=contact.id,
            channel=channel,
            topic_id=topic.id,
            request_id=request_id,
        )
    )
    return consent


@transaction.atomic
def grant_own_consent(
    contact: Contact,
    *,
    address: str,
    channel: str,
    topic: Topic,
    wording: str,
    source: str,
    source_detail: str = "",
    basis: str = Basis.EXPRESS,
    evidence: Evidence = NO_EVIDENCE,
    now: datetime | None = None,
) -> Consent:
    """Record a yes that a person gave themselves on a page only their mailbox leads to.

    Saying yes twice changes nothing. Opens a stopped address for this topic. Publishes ConsentGranted.
    """
    if source not in OWN_SOURCES:
        raise NotAllowed("only_their_own_yes", _("This yes did not come from the person."))
    lock_contact(contact)
    state = find_state(contact, channel=channel, topic=topic)
    hashes = channel_hashes(channel, [address])
    stands = state is not None and state.state == ConsentState.State.GRANTED and state.address_hash in hashes
    if state is not None and stands and not live_suppressions(channel, hashes):
        return Consent.objects.get(id=state.consent_id)
    consent = append_row(
        contact, Act.GRANTED, address=address, channel=channel, topic=topic, wording=wording, source=source,
        source_detail=source_detail, evidence=evidence, occurred_at=now, basis=basis,
    )  # fmt: skip
    keep_yes(consent)
    lift_suppression(consent, address=address)
    _publish_grant(consent, contact, topic)
    return consent


@transaction.atomic
def grant_consent(
    contact: Contact,
    *,
    channel: str,
    topic: Topic,
    actor: Membership,
    source: str,
    said_on: date,
    note: str,
    wording: str = "",
    now: datetime | None = None,
) -> Consent:
    """Keep a yes that the team has proof of: where it was given, on which day, and a note that says more.

    `wording` is what they agreed to where that is more than the topic and its promise.
    Never opens what the person closed: NotAllowed where they said no or their address is stopped.
    Invalid without proof. Publishes ConsentGranted.
    """
    now = now or clock.now()
    if source not in STAFF_SOURCES:
        raise Invalid("proof_source", _("Say where they said yes."), field="source")
    if not note.strip():
        raise Invalid("proof_note", _("Write a line of proof: where the paper lies, what was said."), field="note")
    said_at = datetime.combine(said_on, time(12), tzinfo=business_zone())
    if said_on > now.astimezone(said_at.tzinfo).date():
        raise Invalid("proof_date", _("That day has not come yet."), field="said_on")
    lock_contact(contact)
    address = address_of(contact, channel=channel)
    if not address:
        raise Invalid("no_address", _("Add an address for this channel first."), field="channel")
    refuse_what_they_closed(contact, address=address, channel=channel, topic=topic)
    consent = append_row(
        contact, Act.GRANTED, address=address, channel=channel, topic=topic, source=source,
        wording=wording or f"{topic.name}: {topic.promise}", actor=actor, evidence=Evidence(note=note.strip()),
        occurred_at=min(said_at, now), basis=STAFF_SOURCES[source],
    )  # fmt: skip
    keep_yes(consent)
    record_act("consent.granted", actor=actor, subject=contact, channel=channel, topic=str(topic.pk))
    _publish_grant(consent, contact, topic)
    return consent


@transaction.atomic
def withdraw_consent(
    contact: Contact,
    *,
    channel: str,
    topic: Topic | None,
    source: str,
    source_detail: str = "",
    actor: Membership | None = None,
    address: str = "",
    request_id: UUID | None = None,
    evidence: Evidence = NO_EVIDENCE,
    now: datetime | None = None,
) -> Withdrawal:
    """Record that a contact no longer wants to hear from us on a channel, for a topic or (None) at all.

    Takes effect at once, also for messages already queued, and stops every address they have on the channel, so
    that a list brought in later cannot bring the yes back. Withdrawing twice changes nothing.
    Publishes ConsentWithdrawn.
    """
    now = now or clock.now()
    lock_contact(contact)
    addresses = list(dict.fromkeys([*([address] if address else []), *addresses_of(contact, channel=channel)]))
    reason = Suppression.Reason.MANUAL if actor else Suppression.Reason.UNSUBSCRIBED
    is_new = [
        suppress_address(channel=channel, hashes=channel_hashes(channel, [each]), topic=topic, reason=reason, now=now)
        for each in addresses
    ]
    open_states = ConsentState.objects.filter(contact=contact, channel=channel).exclude(
        state=ConsentState.State.WITHDRAWN
    )
    if topic is not None:
        open_states = open_states.filter(topic=topic)
    before = dict(open_states.values_list("topic_id", "state"))
    if not any(is_new) and not before:
        return Withdrawal(consent=None, topic_ids=())
    consent = append_row(
        contact, Act.WITHDRAWN, address=addresses[0] if addresses else "", channel=channel, topic=topic, source=source,
        source_detail=source_detail, actor=actor, request_id=request_id, evidence=evidence, occurred_at=now,
    )  # fmt: skip
    keep_no(consent)
    if actor is not None:
        about = str(topic.pk) if topic else None
        record_act("consent.withdrawn", actor=actor, subject=contact, channel=channel, topic=about)
    publish_no(consent, channel_hashes(channel, addresses))
    said_yes_to = tuple(topic_id for topic_id, state in before.items() if state == ConsentState.State.GRANTED)
    return Withdrawal(consent=consent, topic_ids=said_yes_to)


@transaction.atomic
def withdraw_address(
    *,
    channel: str,
    hashes: list[str],
    topic: Topic | None,
    source: str,
    request_id: UUID | None = None,
    now: datetime | None = None,
) -> Consent | None:
    """Record a no from somebody of whom only the address's hash is left, and stop it.

    Twice changes nothing. Publishes ConsentWithdrawn.
    """
    now = now or clock.now()
    if not suppress_address(
        channel=channel, hashes=hashes, topic=topic, reason=Suppression.Reason.UNSUBSCRIBED, now=now
    ):
        return None
    consent = Consent.objects.create(
        contact=None, address_hash=hashes[0], channel=channel, topic=topic, act=Act.WITHDRAWN, source=source,
        request_id=request_id, occurred_at=now,
    )  # fmt: skip
    publish_no(consent, hashes)
    return consent


def _publish_grant(consent: Consent, contact: Contact, topic: Topic) -> None:
    publish(
        ConsentGranted(
            business_id=consent.business_id,
            contact_id=contact.id,
            channel=consent.channel,
            topic_id=topic.id,
            source=consent.source,
        )
    )
