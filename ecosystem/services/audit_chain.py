"""A chain over the audit trail: what was changed, taken out or slipped in afterwards is noticed.

Every link holds the digest of the link before it and of the entries since, in order. Links are made in batches by a
worker, never while something is written down: two who act at once do not wait for each other.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from django.db.models import QuerySet

from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, AuditSeal

QUEUE = "audit_chain"
PAUSE = timedelta(hours=1)
# No transaction lives that long, so nothing comes in below an entry that is sealed.
SETTLED = timedelta(minutes=10)
BATCH = 5_000
NOTHING = UUID(int=0)


@dataclass(frozen=True)
class Chain:
    """What a check of one business's chain found: how much it covers, its head, and the first broken link, if any."""

    links: int
    entries: int
    head: str
    broken_at: int | None


def work_audit_chain(business_id: int, now: datetime) -> datetime:
    """Seal what has settled in a business, and say when to look again: at once while much waits."""
    with business_scope(business_id):
        is_more = seal_audit(now=now)
    return now if is_more else now + PAUSE


def seal_audit(*, now: datetime) -> bool:
    """Add one link over the entries of the current business that have settled; True while more wait.

    Two that seal at once do not both add the same link: the number of a link is unique.
    """
    last = AuditSeal.objects.order_by("-number").first()
    since = last.until_id if last else NOTHING
    found = list(_entries_after(since).filter(created_at__lt=now - SETTLED)[: BATCH + 1])
    entries = found[:BATCH]
    if entries:
        digest = _digest(last.digest if last else "", entries)
        number = last.number + 1 if last else 1
        AuditSeal.objects.create(number=number, until_id=entries[-1].pk, count=len(entries), digest=digest)
    return len(found) > BATCH


def verify_audit() -> Chain:
    """Recompute the chain of the current business from its first link on."""
    before, since, links, covered = "", NOTHING, 0, 0
    for seal in AuditSeal.objects.order_by("number").iterator():
        entries = list(_entries_after(since).filter(id__lte=seal.until_id))
        links += 1
        is_whole = seal.number == links and seal.count == len(entries) and seal.digest == _digest(before, entries)
        if not is_whole:
            return Chain(links, covered, before, broken_at=links)
        before, since, covered = seal.digest, seal.until_id, covered + len(entries)
    return Chain(links, covered, before, broken_at=None)


def _entries_after(entry_id: UUID) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(id__gt=entry_id).order_by("id")


def _digest(before: str, entries: list[AuditEntry]) -> str:
    found = hashlib.sha256(before.encode())
    for line in _lines(entries):
        found.update(line)
    return found.hexdigest()


def _lines(entries: list[AuditEntry]) -> Iterator[bytes]:
    """Each entry with everything that it says, in one fixed form."""
    for entry in entries:
        said = [
            entry.pk.hex,
            entry.created_at.astimezone(UTC).isoformat(),
            entry.actor_user_id,
            entry.actor_kind,
            entry.action,
            entry.object_kind,
            entry.object_id,
            entry.details,
        ]
        yield orjson.dumps(said, option=orjson.OPT_SORT_KEYS) + b"\n"
