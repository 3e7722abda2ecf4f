"""People: one of them, or a page of the list of everyone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from contacts.models import (
    Affiliation,
    Channel,
    ConsentState,
    Contact,
    ContactPoint,
    ContactTag,
    Interaction,
)
from contacts.queries.granted import granted, holds_for
from contacts.queries.people_filter import PeopleFilter, open_roles
from contacts.queries.people_pages import page_of
from ecosystem.base.errors import Moved, NotFound

PAGE_LENGTH = 50


@dataclass(frozen=True)
class Person:
    """A line of the list, or a card: everything that stands in it, read in the statement of its page.

    Where `is_address_beside` the name stands an address, which is for those alone who may see addresses.
    """

    contact: Contact
    kinds: tuple[str, ...]
    tags: tuple[str, ...]
    beside_name: str
    is_address_beside: bool
    last_kind: str
    last_at: datetime | None
    may_reach_by: tuple[str, ...]

    @property
    def may_email(self) -> bool:
        return Channel.EMAIL in self.may_reach_by


@dataclass(frozen=True)
class PeoplePage:
    """Some of the people, and where the next and the former ones begin."""

    people: list[Person]
    next_cursor: str | None
    previous_cursor: str | None


def get_contact(contact_id: UUID, *, is_deleted: bool = False) -> Contact:
    """A person of the current business; NotFound for every other id, and for deleted ones unless asked for.

    Moved for the id of a record that was made one with another one.
    """
    people = Contact.objects.select_related("owner__user")
    found = people.filter(pk=contact_id, deleted_at__isnull=not is_deleted).first()
    if found is None:
        refuse_merged(contact_id)
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    return found


def refuse_merged(contact_id: UUID) -> None:
    """Raise Moved where a record was made one with somebody who is there."""
    stub = Contact.objects.filter(pk=contact_id, merged_into__deleted_at=None, merged_into__isnull=False)
    new_id = stub.values_list("merged_into_id", flat=True).first()
    if new_id is not None:
        sentence = _("This person was made one with another one, and stands there now.")
        raise Moved("contact_merged", sentence, old_id=contact_id, new_id=new_id)


def find_deleted(contact_id: UUID) -> Contact | None:
    """A person who was taken off the lists and can be brought back, or None."""
    return Contact.objects.filter(pk=contact_id, deleted_at__isnull=False, erased_at=None, merged_into=None).first()


def find_contact_by_email(email: str) -> Contact | None:
    """The person who holds a normalised address as their own, deleted or not."""
    point = ContactPoint.objects.select_related("contact").filter(
        kind=ContactPoint.Kind.EMAIL, value_norm=email, is_shared=False, contact__isnull=False
    )
    found = point.first()
    return found.contact if found else None


def people_page(wanted: PeopleFilter, *, cursor: str | None, now: datetime) -> PeoplePage:
    """A page of the list in one statement (see `page_of`); a cursor that we did not make raises Invalid."""
    page = page_of(wanted, now=now, cursor=cursor, limit=PAGE_LENGTH, read=partial(with_facts, now=now))
    return PeoplePage(as_people(page.items, now=now), page.next_cursor, page.previous_cursor)


def with_facts(people: QuerySet[Contact], *, now: datetime) -> QuerySet[Contact]:
    """People with what lists show beside the name: kinds, tags, last line, where they belong, what they allow."""
    lines = Interaction.objects.filter(contact=OuterRef("pk")).order_by("-occurred_at", "-id")
    tags = ContactTag.objects.filter(contact=OuterRef("pk")).order_by("tag__name_norm")
    places = Affiliation.objects.filter(contact=OuterRef("pk"), ended_on=None).order_by("id")
    return people.annotate(
        shown_roles=ArraySubquery(open_roles().filter(contact=OuterRef("pk")).order_by("kind").values("kind")),
        shown_tags=ArraySubquery(tags.values("tag__name")),
        shown_yeses=ArraySubquery(_yeses(now)),
        shown_place=Subquery(places.values("organization__name")[:1]),
        last_kind=Subquery(lines.values("kind")[:1]),
        last_at=Subquery(lines.values("occurred_at")[:1]),
    )


def as_people(contacts: Sequence[Contact], *, now: datetime) -> list[Person]:
    """The lines of people that were read by `with_facts`."""
    return [_as_person(contact, now) for contact in contacts]


def _as_person(contact: Contact, now: datetime) -> Person:
    facts = vars(contact)
    yeses = [tuple(one.split(" ", 1)) for one in facts["shown_yeses"]]
    held = zip(yeses, holds_for(contact, yeses, now=now), strict=True)
    kinds = ([contact.stage] if contact.stage else []) + facts["shown_roles"]
    return Person(
        contact=contact,
        kinds=tuple(kinds),
        tags=tuple(facts["shown_tags"]),
        beside_name=facts["shown_place"] or contact.source_detail or contact.primary_email or contact.primary_phone,
        is_address_beside=not (facts["shown_place"] or contact.source_detail),
        last_kind=facts["last_kind"] or "",
        last_at=facts["last_at"],
        may_reach_by=tuple(dict.fromkeys(channel for (channel, _hash), holds in held if holds)),
    )


def _yeses(now: datetime) -> QuerySet[ConsentState, Any]:
    """The permissions of the outer contact that were granted and hold, each as its channel and the hash it is for."""
    held = ConsentState.objects.filter(granted(now), contact=OuterRef("pk"))
    return held.values_list(Concat("channel", Value(" "), "address_hash"), flat=True).distinct()
