"""Telling the team that somebody answered, or may have asked us to stop."""

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
    slug = current_business().slug
    pages = [reverse("contacts:contact_detail", kwargs={"slug": slug, "id": person.pk}) for person in people]
    return _tell("reply", people, pages, key=key)


def tell_of_maybe_stop(people: Sequence[Contact], *, key: str) -> int:
    """Give the same members the question whether a text meant stop: the notice leads to where it is decided."""
    page = reverse("campaigns:text_list", kwargs={"slug": current_business().slug})
    return _tell("maybe_stop", people, [page] * len(people), key=key)


def _tell(kind: str, people: Sequence[Contact], pages: Sequence[str], *, key: str) -> int:
    told, people = 0, people[:MOST_TOLD]
    owners = Membership.objects.in_bulk({person.owner_id for person in people if person.owner_id})
    leaders = Membership.objects.filter(role__in=[Role.OWNER, Role.MANAGER])
    for person, page in zip(people, pages, strict=False):
        owner = owners.get(person.owner_id)
        told += tell(kind, [owner] if owner else leaders, key=f"{key}:{person.pk.hex}", about=str(person), url=page)
    return told
