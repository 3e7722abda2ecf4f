"""Registry of personal data: for every table of a business, whose rows tell of a person, and what is done with them.

A copy of somebody's data and their erasure walk this list and nothing else, and a test fails for a table that does not
stand in it: what is added to the house later can be neither left out of a copy nor forgotten by an erasure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.base.registry import Registry

# What the house keeps about a row and not about a person.
HOUSEKEEPING = frozenset({"business_id", "version"})


@dataclass(frozen=True)
class Subject:
    """Somebody whose data is meant: their contact's id, their addresses as compared, and the keyed hashes of these."""

    contact_id: UUID
    addresses: tuple[str, ...]
    hashes: tuple[str, ...]


class About(TextChoices):
    """The headings under which people read what is kept of them, in their order."""

    YOU = "you", _("About you")
    BETWEEN = "between", _("Between us")
    SENT = "sent", _("What we sent you")
    SAID = "said", _("What you allowed and asked for")
    LISTS = "lists", _("Lists and files of the team")


@dataclass(frozen=True)
class PersonalTable:
    """A table with rows about people.

    `rows` finds those of one person. `forget` takes them away, or what is personal in them; a table without it is kept
    as it is, and `kept` says why. Every column is part of a copy but for those in `withheld`.
    """

    model: type[Model]
    about: About
    title: str | Promise
    rows: Callable[[Subject], QuerySet[Any]]
    forget: Callable[[Subject], object] | None = None
    kept: str | Promise = ""
    withheld: frozenset[str] = frozenset()

    @property
    def columns(self) -> list[str]:
        """The columns that a copy holds."""
        hidden = HOUSEKEEPING | self.withheld
        return [field.attname for field in self.model._meta.concrete_fields if field.attname not in hidden]


def of_contact(model: type[Model]) -> Callable[[Subject], QuerySet[Any]]:
    """The rows of a table that name the person by their contact."""
    return lambda who: model._default_manager.filter(contact_id=who.contact_id)


def whole_table(
    model: type[Model],
    about: About,
    title: str | Promise,
    *,
    rows: Callable[[Subject], QuerySet[Any]] | None = None,
    withheld: frozenset[str] = frozenset(),
) -> PersonalTable:
    """A table whose rows about a person are theirs alone, so that an erasure deletes them; by contact unless told."""
    theirs = rows or of_contact(model)
    return PersonalTable(model, about, title, theirs, lambda who: theirs(who).delete(), withheld=withheld)


@dataclass(frozen=True)
class NotPersonal:
    """A table that holds nothing of any person the business writes to, and why that is so."""

    reason: str


# By the model as `app.Model`. What is forgotten last has the highest order.
PERSONAL: Registry[PersonalTable | NotPersonal] = Registry("personal data")


def add_personal(table: PersonalTable, *, order: int = 0) -> None:
    """Put a table with rows about people into the list."""
    PERSONAL.add(table.model._meta.label, table, order)


def add_not_personal(**reasons: str) -> None:
    """Put tables into the list that tell of nobody; two underscores in a name stand for a dot."""
    for name, reason in reasons.items():
        PERSONAL.add(name.replace("__", "."), NotPersonal(reason))


def personal_tables() -> list[PersonalTable]:
    """The tables with rows about people, in the order in which they are forgotten."""
    return [table for table in PERSONAL if isinstance(table, PersonalTable)]
