"""Moves everything that hangs on one person to another, by the keys that tables have, and back again.

A table of a higher floor is found by its key to people, not by name: whatever is added there moves as well. What the
ledgers say stays where it was written; a page reads both.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, UniqueConstraint

from contacts.models import (
    BulkEditItem,
    ConsentEvidence,
    ConsentState,
    Contact,
    ContactStats,
    DuplicateCandidate,
    ImportChange,
    MergeOperation,
)
from contacts.moving import MOVING
from contacts.queries.touched import rows_that_tell_of
from ecosystem.base.models import LedgerModel

# Kept from other rows, the proof beside a ledger, or about what was done to that very record.
_STAY: tuple[type[Model], ...] = (
    BulkEditItem, ConsentEvidence, ConsentState, ContactStats, DuplicateCandidate, ImportChange, MergeOperation,
)  # fmt: skip


def moving_tables() -> list[tuple[Any, str]]:
    """Every table whose rows go with a person, with the name of its key."""
    return [
        (table, name)
        for table, name in rows_that_tell_of(Contact)
        if not issubclass(table, LedgerModel) and table not in _STAY
    ]


def rows_to_move(winner: Contact, loser: Contact) -> Iterator[tuple[Any, str, QuerySet[Any]]]:
    """The rows of the loser that the winner has no place for yet filled; what both have stays with the loser."""
    for table, name in moving_tables():
        rows = table.objects.filter(**{name: loser})
        if table._meta.label in MOVING:
            rows = MOVING.get(table._meta.label)(rows)
        for constraint in table._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and name in constraint.fields and not _is_primary(constraint):
                rows = rows.exclude(_both_have(table, name, constraint, winner))
        yield table, name, rows


def move_rows(winner: Contact, loser: Contact) -> list[dict[str, Any]]:
    """Move them; what was moved, by table and key."""
    moved = []
    for table, name, rows in rows_to_move(winner, loser):
        ids = list(rows.values_list("pk", flat=True))
        if ids:
            table.objects.filter(pk__in=ids).update(**{name: winner})
            moved.append({"table": table._meta.label, "key": name, "ids": [str(pk) for pk in ids]})
    return moved


def move_back(winner: Contact, loser: Contact, moved: list[dict[str, Any]], *, since: datetime) -> int:
    """Move rows back that are still the winner's and were not touched since; how many stayed."""
    stayed = 0
    for part in moved:
        table: Any = apps.get_model(part["table"])
        rows = table.objects.filter(pk__in=[UUID(pk) for pk in part["ids"]], **{part["key"]: winner})
        if hasattr(table, "updated_at"):
            stayed += rows.filter(updated_at__gt=since).count()
            rows = rows.filter(updated_at__lte=since)
        rows.update(**{part["key"]: loser})
    return stayed


def count_to_move(winner: Contact, loser: Contact) -> Mapping[str, int]:
    """How many rows of which table would move, for a look before it is done."""
    counts = {table._meta.label: rows.count() for table, _name, rows in rows_to_move(winner, loser)}
    return {label: count for label, count in counts.items() if count}


def _is_primary(constraint: UniqueConstraint) -> bool:
    """The one first address of each kind: the second one becomes a further address instead."""
    return constraint.name == "contact_point_one_primary"


def _both_have(table: Any, name: str, constraint: UniqueConstraint, winner: Contact) -> Q:
    """A row of the loser beside which the winner has one that would be the same."""
    others = [field for field in constraint.fields if field not in (name, "business_id")]
    theirs = table.objects.filter(**{name: winner}, **{field: OuterRef(field) for field in others})
    condition = constraint.condition or Q()
    return condition & Q(Exists(theirs.filter(condition)))
