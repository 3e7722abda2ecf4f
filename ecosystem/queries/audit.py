"""Reading the audit trail."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from ecosystem.acts import ACT_SUBJECTS
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.base.sql import rows
from ecosystem.models import AuditEntry, Membership, User

PAGE_LENGTH = 50


@dataclass(frozen=True)
class AuditLine:
    """One act with the names of who did it and of what it was about; empty where nobody, nothing or gone."""

    entry: AuditEntry
    who: str
    what: str


def audit_page(cursor: str | None, *, actor_user_id: int | None = None) -> tuple[list[AuditLine], Page[AuditEntry]]:
    """A page of what was done in the current business, newest first, perhaps by one person only."""
    entries = AuditEntry.objects.all()
    if actor_user_id is not None:
        entries = entries.filter(actor_user_id=actor_user_id)
    page = keyset_page(entries, ("-id",), cursor, PAGE_LENGTH)
    whos = _names_of_people({entry.actor_user_id for entry in page.items})
    whats = _names_of_things(page.items)
    lines = [
        AuditLine(entry, whos.get(entry.actor_user_id, ""), whats.get((entry.object_kind, entry.object_id), ""))
        for entry in page.items
    ]
    return lines, page


def people_in_audit() -> list[Membership]:
    """Whose acts can be picked out: the team of today."""
    return list(Membership.objects.select_related("user").order_by("user__name", "id"))


def _names_of_people(user_ids: Iterable[int | None]) -> dict[int | None, str]:
    known = {user_id for user_id in user_ids if user_id is not None}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=known)} if known else {}


def _names_of_things(entries: Sequence[AuditEntry]) -> dict[tuple[str, str], str]:
    """The names of what acts were about, by kind and id, in one statement."""
    ids = {entry.object_id for entry in entries if entry.object_kind in ACT_SUBJECTS and _is_id(entry.object_id)}
    kinds = {entry.object_kind for entry in entries if entry.object_id in ids}
    if not kinds:
        return {}
    query = " UNION ALL ".join(ACT_SUBJECTS.get(kind).names for kind in sorted(kinds))
    found = rows(query, {"ids": [UUID(one) for one in ids]})
    return {(row["kind"], UUID(str(row["id"])).hex): row["name"] for row in found}


def _is_id(text: str) -> bool:
    return len(text) == 32
