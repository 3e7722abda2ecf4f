"""People as the rows of a file, in the words by which the same file can be brought in again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from contacts.models import Channel, ConsentState, Contact, ContactPoint
from contacts.queries.contacts import as_people, with_facts
from contacts.queries.granted import granted, holds_for
from contacts.queries.people_filter import PeopleFilter, matching
from ecosystem.models import KindSetting
from ecosystem.queries.zones import date_of_business

REACHED = ("email", "phone", "postal")


def next_people(wanted: PeopleFilter, *, below: UUID, now: datetime, limit: int) -> list[Contact]:
    """The next people who pass a filter, newest first, with what stands beside their names."""
    people = with_facts(matching(replace(wanted, sort="newest"), now=now), now=now)
    return list(people.filter(pk__lt=below).order_by("-pk")[:limit])


def export_header(*, shows_addresses: bool) -> list[str]:
    """The first line."""
    reached = [_("Email"), _("Phone"), _("Postal address")] if shows_addresses else []
    return [
        _("First name"), _("Last name"), _("Name"), *reached, _("Firm"), _("Tags"), _("Stage"), _("Also"),
        _("May be emailed about"), _("Never to be written to"), _("Added on"), _("Last touched on"), _("Id"),
    ]  # fmt: skip


def export_rows(people: Sequence[Contact], *, shows_addresses: bool, now: datetime) -> list[list[str]]:
    """Each person as a line, in a fixed number of statements."""
    labels = dict(KindSetting.objects.values_list("kind", "label"))
    topics = _topics(people, now)
    typed = _typed(people) if shows_addresses else {}
    rows = []
    for person in as_people(people, now=now):
        contact = person.contact
        reached = [typed.get((contact.pk, kind), "") for kind in REACHED] if shows_addresses else []
        roles = person.kinds[1:] if contact.stage else person.kinds
        place = vars(contact)["shown_place"] or ""
        rows.append(
            [
                contact.given_name,
                contact.family_name,
                contact.display_name,
                *reached,
                place,
                "; ".join(person.tags),
                labels.get(contact.stage or "", ""),
                "; ".join(labels.get(kind, kind) for kind in roles),
                "; ".join(topics.get(contact.pk, [])),
                _("yes") if contact.do_not_contact else "",
                date_of_business(contact.created_at).isoformat(),
                date_of_business(contact.last_touch_at).isoformat() if contact.last_touch_at else "",
                str(contact.pk),
            ]
        )
    return rows


def _typed(people: Sequence[Contact]) -> dict[tuple[UUID | None, str], str]:
    points = ContactPoint.objects.filter(contact__in=[person.pk for person in people], is_primary=True)
    return {(pk, kind): value for pk, kind, value in points.values_list("contact_id", "kind", "value")}


def _topics(people: Sequence[Contact], now: datetime) -> dict[UUID, list[str]]:
    """What each may be written to about by email, as it holds now."""
    found: dict[UUID, list[str]] = {}
    states = ConsentState.objects.filter(granted(now), contact__in=[person.pk for person in people])
    states = states.filter(channel=Channel.EMAIL).order_by("topic__name")
    by_id = {person.pk: person for person in people}
    for pk, name, address_hash in states.values_list("contact_id", "topic__name", "address_hash"):
        if all(holds_for(by_id[pk], [(Channel.EMAIL, address_hash)], now=now)):
            found.setdefault(pk, []).append(name)
    return found
