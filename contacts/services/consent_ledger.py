"""The ledger of permission: every yes and no is a new row with its proof; none is ever changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import IMPORT_UNDONE, Act, Consent, ConsentEvidence, ConsentState, Contact, Topic
from contacts.queries.consent import channel_hashes, find_state, is_suppressed
from contacts.services.interactions import record_interaction
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash
from ecosystem.base.errors import NotAllowed
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
        record_interaction(
            contact, kind="consent_change", channel=channel, direction="none" if actor else "in",
            occurred_at=consent.occurred_at, source="consent", external_id=consent.id.hex, actor=actor,
            object_id=consent.id, params={"act": act.value},
        )  # fmt: skip
    return consent


def lock_contact(contact: Contact | None) -> None:
    """Hold the contact until the end of the transaction, so that two answers come one after the other."""
    if contact is not None:
        Contact.objects.select_for_update(no_key=True).only("id").get(id=contact.id)


def refuse_what_they_closed(contact: Contact, *, address: str, channel: str, topic: Topic) -> None:
    """Raise NotAllowed where the person said no or the address is stopped: nobody else's word opens that again."""
    state = find_state(contact, channel=channel, topic=topic)
    said_no = (
        state is not None
        and state.state == ConsentState.State.WITHDRAWN
        and not Consent.objects.filter(pk=state.consent_id, source=IMPORT_UNDONE).exists()
    )
    if said_no or is_suppressed(channel, channel_hashes(channel, [address]), topic=topic):
        raise NotAllowed("only_their_own_yes", _("They said stop. Only their own new yes opens this again."))
