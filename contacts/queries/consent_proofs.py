"""The whole proof of one person's permission: every row of the ledger with what shows it."""

import hashlib
from dataclasses import dataclass, fields

from contacts.models import Channel, Consent, ConsentEvidence, Contact
from contacts.queries.consent import addresses_of, channel_hashes, where_of
from contacts.queries.merged import lines_of


@dataclass(frozen=True)
class ProofLine:
    """Who said what, when, how, to which words, from which page and machine; empty where it was not kept."""

    id: str
    contact_id: str
    said_at: str
    written_at: str
    act: str
    channel: str
    topic: str
    basis: str
    wording: str
    wording_version: str
    source: str
    where: str
    address: str
    page: str
    ip: str
    user_agent: str
    note: str
    kept_by: str
    request_id: str

    @classmethod
    def names(cls) -> list[str]:
        """The columns, in order."""
        return [field.name for field in fields(cls)]


def proof_lines(contact: Contact) -> list[ProofLine]:
    """Every yes, no and asking of a person, the oldest first; what was asked of their address before is theirs too."""
    hashes = [
        address_hash
        for channel in (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST)
        for address_hash in channel_hashes(channel, addresses_of(contact, channel=channel))
    ]
    # Two questions, each with its own index: an OR of them would read the whole ledger.
    kept = Consent.objects.select_related("topic")
    rows = [*kept.filter(lines_of(contact)), *kept.filter(contact=None, address_hash__in=hashes)]
    proofs = {proof.consent_id: proof for proof in ConsentEvidence.objects.filter(consent__in=[row.id for row in rows])}
    return [_line(row, proofs.get(row.id)) for row in sorted(rows, key=lambda row: row.id)]


def version_of(wording: str) -> str:
    """Which words were agreed to, in short: the same for everybody who saw the same, and of none nothing."""
    return hashlib.sha256(wording.encode()).hexdigest()[:16] if wording else ""


def _line(row: Consent, proof: ConsentEvidence | None) -> ProofLine:
    return ProofLine(
        id=str(row.id),
        contact_id=str(row.contact_id or ""),
        said_at=row.occurred_at.isoformat(),
        written_at=row.created_at.isoformat(),
        act=row.act,
        channel=row.channel,
        topic=row.topic.name if row.topic else "",
        basis=row.basis,
        wording=row.wording,
        wording_version=version_of(row.wording),
        source=row.source,
        where=row.source_detail or where_of(row.source),
        address=proof.address if proof else "",
        page=proof.page if proof else "",
        ip=(proof.ip or "") if proof else "",
        user_agent=proof.user_agent if proof else "",
        note=proof.note if proof else "",
        kept_by=str(row.actor_id or ""),
        request_id=str(row.request_id or ""),
    )
