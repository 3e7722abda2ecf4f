"""Who was touched since a moment: something that tells of them was written later, on this floor or above it."""

from collections.abc import Collection
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q

from contacts.models import (
    ConsentState,
    Contact,
    ContactPoint,
    ContactStats,
    ImportChange,
    Organization,
)

# Kept from other rows, which tell by themselves; or told by the version of the person.
_DERIVED: tuple[type[models.Model], ...] = (ConsentState, ContactPoint, ContactStats, ImportChange)


def touched_people(contact_ids: Collection[UUID], *, since: datetime) -> set[UUID]:
    """Those of some people of whom anything was written after a moment: a note, a letter, a step, a change in bulk."""
    return _touched(Contact, contact_ids, since)


def touched_organizations(organization_ids: Collection[UUID], *, since: datetime) -> set[UUID]:
    """The same for organizations."""
    return _touched(Organization, organization_ids, since)


def rows_that_tell_of(model: type[models.Model]) -> list[tuple[Any, str]]:
    """Every table with a key to people (or organizations), with the name of that key."""
    relations: list[Any] = [
        relation for relation in model._meta.get_fields(include_hidden=True) if relation.auto_created
    ]
    return [(relation.related_model, relation.field.name) for relation in relations if relation.one_to_many]


def _touched(model: Any, ids: Collection[UUID], since: datetime) -> set[UUID]:
    if not ids:
        return set()
    told: list[Q] = [
        Q(Exists(table.objects.filter(**{name: OuterRef("pk")}, created_at__gt=since)))
        for table, name in rows_that_tell_of(model)
        if table not in _DERIVED
    ]
    return set(model.objects.filter(reduce(or_, told), pk__in=ids).values_list("pk", flat=True))


__all__ = ["rows_that_tell_of", "touched_organizations", "touched_people"]
