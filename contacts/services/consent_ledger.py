"""The ledger of permission: every yes and no is a new row with its proof; none is ever changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.events import ConsentWithdrawn
from contacts.models import Act, Consent, ConsentEvidence, ConsentState, Contact, Topic
from contacts.queries.consent import channel_hashes, find_state, is_suppressed
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash
from ecosystem.base.errors import NotAllowed
from ecosystem.base.events import publish
from ecosystem.models import Membership


@dataclass(frozen=True)
class Evidence:
    """Personal proof of a row: where it was given and from which machine. Deleted on erasure."""

    ip: str | None = None
    user_agent: str = ""
    page: str = ""
    note: str = ""


NO_EVIDENCE = Evidence()


def append_row(
    contact: Contact | None,
    act: Act,
    *,
    address: str,
    channel: str,
    topic: Topic | None,
    source: str,
    wording: str = "",
    source_detail: str = "",
    basis: str = "",
    actor: Membership | None = None,
    request_id: UUID | None = None,
    evidence: Evidence,
    occurred_at: datetime | None,
) -> Consent:
    """Write the ledger row, its proof and, for a contact, the line in the timeline."""
    consent = Consent.objects.create(
        contact=contact, address_hash=address_hash(channel, address) if address else "", channel=channel, topic=topic,
        act=act, basis=basis, wording=wording, source=source, source_detail=source_detail[:160], actor=actor,
        request_id=request_id, occurred_at=occurred_at or clock.now(),
    )  # fmt: skip
    ConsentEvidence.objects.create(
        consent=consent, contact=contact, address=address, ip=evidence.ip, user_agent=evidence.user_agent[:300],
        page=evidence.page[:300], note=evidence.note[:300],
    )  # fmt: skip
    if contact is not None:
        tell_of_rows([consent], is_their_own=actor is None)
    return consent


def tell_of_rows(rows: Sequence[Consent], *, is_their_own: bool = False) -> None:
    """Write the lines of the timeline that tell of rows of the ledger, each once: theirs, or written down for them."""
    record_interactions(
        [
            NewInteraction(
                contact_id=row.contact_id,  # type: ignore[arg-type]
                kind="consent_change",
                channel=row.channel,
                direction="in" if is_their_own else "none",
                source="consent",
                occurred_at=row.occurred_at,
                external_id=row.pk.hex,
                actor_id=row.actor_id,
                object_id=row.pk,
                params={"act": row.act},
            )
            for row in rows
        ]
    )


def publish_no(row: Consent, hashes: Iterable[str] = ()) -> None:
    """Say that a no holds, by the addresses that it is for (that of the row where none are given)."""
    publish(
        ConsentWithdrawn(
            business_id=row.business_id,
            contact_id=row.contact_id,
            channel=row.channel,
            topic_id=row.topic_id,
            address_hashes=tuple(hashes) or ((row.address_hash,) if row.address_hash else ()),
        )
    )


def lock_contact(contact: Contact | None) -> None:
    """Hold the contact until the end of the transaction, so that two answers come one after the other."""
    if contact is not None:
        Contact.objects.select_for_update(no_key=True).only("id").get(id=contact.id)


def refuse_what_they_closed(contact: Contact, *, address: str, channel: str, topic: Topic) -> None:
    """Raise NotAllowed where the person said no or the address is stopped: nobody else's word opens that again."""
    state = find_state(contact, channel=channel, topic=topic)
    said_no = state is not None and state.state == ConsentState.State.WITHDRAWN
    if said_no or is_suppressed(channel, channel_hashes(channel, [address]), topic=topic):
        raise NotAllowed("only_their_own_yes", _("They said stop. Only their own new yes opens this again."))
