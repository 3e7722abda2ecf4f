"""Telling the team that somebody answered."""

from collections.abc import Sequence

from django.urls import reverse

from contacts.models import Contact
from ecosystem.base.access import Role
from ecosystem.models import Membership
from ecosystem.queries.businesses import current_business
from ecosystem.services.notices import tell

MOST_TOLD = 20


def tell_of_reply(people: Sequence[Contact], *, key: str) -> int:
    """Tell whoever looks after the person who answered, or where nobody does, the owners and managers; once for a key.

    What was said is not in the notice: it stands on the person's page, for those who may read it.
    """
    told, slug = 0, current_business().slug
    people = people[:MOST_TOLD]
    owners = Membership.objects.in_bulk({person.owner_id for person in people if person.owner_id})
    leaders = Membership.objects.filter(role__in=[Role.OWNER, Role.MANAGER])
    for person in people:
        owner = owners.get(person.owner_id)
        page = reverse("contacts:contact_detail", kwargs={"slug": slug, "id": person.pk})
        told += tell("reply", [owner] if owner else leaders, key=f"{key}:{person.pk.hex}", about=str(person), url=page)
    return told
