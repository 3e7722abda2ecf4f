"""What contacts lends to the palette: people, organizations, tags."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.queries.search import (
    FoundPerson,
    people_of_late,
    search_organizations,
    search_people,
    search_tags,
)
from ecosystem.base.access import Action, may
from ecosystem.finding import Found, FoundGroup

MOST_PEOPLE = 8
MOST_OTHERS = 5


def find_people(request: HttpRequest, text: str) -> list[FoundGroup]:
    """People by any word of them, organizations and tags; without a text those who were touched last.

    Who may not see addresses finds by names alone.
    """
    slug = request.business.slug  # type: ignore[attr-defined]
    by_address = may(request.membership, Action.SEE_ADDRESSES)  # type: ignore[attr-defined]
    if not text:
        return [
            FoundGroup(
                _("Of late"),
                [_line(slug, person) for person in people_of_late(most=MOST_PEOPLE, by_address=by_address)],
            )
        ]
    people = [_line(slug, person) for person in search_people(text, most=MOST_PEOPLE, by_address=by_address)]
    firms = [
        Found(one.name, reverse("contacts:organization_detail", kwargs={"slug": slug, "id": one.id}), "building-2")
        for one in search_organizations(text, most=MOST_OTHERS, by_address=by_address)
    ]
    everyone = reverse("contacts:contact_list", kwargs={"slug": slug})
    tags = [
        Found(one.name, f"{everyone}?{urlencode({'tag': one.id})}", "tag")
        for one in search_tags(text, most=MOST_OTHERS)
    ]
    return [FoundGroup(_("People"), people), FoundGroup(_("Organizations"), firms), FoundGroup(_("Tagged"), tags)]


def _line(slug: str, person: FoundPerson) -> Found:
    url = reverse("contacts:contact_detail", kwargs={"slug": slug, "id": person.id})
    return Found(person.name, url, beside=person.beside, kind=person.stage)
