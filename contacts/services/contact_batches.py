"""People that a program sends row by row: each row is taken or refused by itself, in the order of the rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, StageChange
from contacts.queries.contacts import find_contact_by_email
from contacts.services.contacts import ContactDetails, add_contact, details_of, edit_contact, hold_contact
from contacts.services.points import EmailTaken
from contacts.services.tags import tag_contact
from ecosystem.base.addresses import normalise_email
from ecosystem.base.errors import DomainError, Invalid
from ecosystem.models import Membership
from ecosystem.queries.memberships import get_membership

MOST_ROWS = 100
# What is said of somebody new; people who are known have calls of their own for it.
FOR_NEW = ("stage", "roles")


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class WhenKnown(StrEnum):
    """What to do with a row without an id whose address somebody has."""

    REFUSE = "refuse"
    UPDATE = "update"


@dataclass(frozen=True)
class RowResult:
    """What became of one row, and of whom it speaks; `error` says why it was refused."""

    outcome: Outcome
    contact_id: UUID | None = None
    error: DomainError | None = None


@transaction.atomic
def save_rows(
    rows: Sequence[Mapping[str, Any]], *, when_known: str, actor: Membership | None, now: datetime
) -> list[RowResult]:
    """Add or change a person for each row, in order; a row that is refused changes nothing and stops no other.

    A row with an `id` changes that person's fields that it names (from an older `version`: refused), one without adds
    somebody. Tags are put on beside those that are there.
    """
    _hold_in_order(row["id"] for row in rows if row.get("id"))
    return [_save(dict(row), when_known, actor, now) for row in rows]


def _hold_in_order(ids: Iterable[UUID]) -> None:
    """Hold all whom the rows name, the oldest first: two calls with the same people do not block each other."""
    held = Contact.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")
    list(held.values_list("pk"))


def _save(row: dict[str, Any], when_known: str, actor: Membership | None, now: datetime) -> RowResult:
    contact_id, version = row.pop("id", None), row.pop("version", None)
    try:
        with transaction.atomic():
            if row.get("owner_id"):
                get_membership(row["owner_id"])
            if contact_id is not None:
                if found := [name for name in FOR_NEW if name in row]:
                    sentence = _("That is for people who are new. Use its own call for somebody you have.")
                    raise Invalid("only_for_new", sentence, found[0])
                return _change(contact_id, row, version, actor, now)
            known = _known_by_address(row) if when_known == WhenKnown.UPDATE else None
            if known is not None:
                mine = {name: value for name, value in row.items() if name not in FOR_NEW}
                return _change(known.pk, mine, version, actor, now)
            return _add(row, actor, now)
    except DomainError as error:
        taken = error.contact if isinstance(error, EmailTaken) else None
        holder = taken.pk if taken is not None and taken.deleted_at is None else None
        return RowResult(Outcome.REFUSED, contact_id or holder, error)


def _known_by_address(row: Mapping[str, Any]) -> Contact | None:
    """The live person who has the address of a row."""
    email = str(row.get("email", "")).strip()
    found = find_contact_by_email(normalise_email(email)) if email else None
    return found if found is not None and found.deleted_at is None else None


def _add(row: dict[str, Any], actor: Membership | None, now: datetime) -> RowResult:
    beside = {name: row.pop(name) for name in (*FOR_NEW, "tags") if name in row}
    contact = add_contact(
        ContactDetails(**row),
        source=Contact.Source.API,
        actor=actor,
        actor_kind=StageChange.Actor.API,
        now=now,
        **beside,
    )
    return RowResult(Outcome.CREATED, contact.pk)


def _change(
    contact_id: UUID, row: dict[str, Any], version: int | None, actor: Membership | None, now: datetime
) -> RowResult:
    tags, held = row.pop("tags", []), hold_contact(contact_id)
    details = details_of(held)
    changed = edit_contact(held, replace(details, **row), version=version or held.version, actor=actor, now=now)
    had = held.contact_tags.count()
    tag_contact(held, tags)
    is_same = changed.version == held.version and held.contact_tags.count() == had
    return RowResult(Outcome.UNCHANGED if is_same else Outcome.UPDATED, contact_id)
