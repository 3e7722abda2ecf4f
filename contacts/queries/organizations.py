"""Firms and other bodies, their people, and what they are to the business."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Affiliation, Contact, Organization, RoleAssignment
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page

PAGE_LENGTH = 50
MOST_PEOPLE = 200


@dataclass(frozen=True)
class OrganizationLine:
    """A line of the list: the organization, whom one talks to there, and what it is to the business."""

    organization: Organization
    kinds: tuple[str, ...]


def get_organization(organization_id: UUID, *, is_deleted: bool = False) -> Organization:
    """An organization of the current business; NotFound for every other id."""
    found = Organization.objects.select_related("main_contact").filter(
        pk=organization_id, deleted_at__isnull=not is_deleted
    )
    organization = found.first()
    if organization is None:
        raise NotFound("organization_not_found", _("There is no such organization."))
    return organization


def find_deleted_organization(organization_id: UUID) -> Organization | None:
    """An organization that was taken off the list, or None."""
    return Organization.objects.filter(pk=organization_id, deleted_at__isnull=False).first()


def organizations_page(cursor: str | None) -> tuple[list[OrganizationLine], Page[Organization]]:
    """A page of organizations by name, in one statement."""
    roles = RoleAssignment.objects.filter(organization=OuterRef("pk"), ended_at=None).order_by("kind")
    live = Organization.objects.filter(deleted_at=None).select_related("main_contact")
    found: QuerySet[Organization] = live.annotate(shown_roles=ArraySubquery(roles.values("kind")))
    page = keyset_page(found, order=("sort_name", "id"), cursor=cursor, limit=PAGE_LENGTH)
    return [OrganizationLine(item, tuple(vars(item)["shown_roles"])) for item in page.items], page


def people_of(organization: Organization) -> list[Affiliation]:
    """Who belongs to an organization now, by name, as many as a page can bear."""
    found = Affiliation.objects.filter(organization=organization, ended_on=None, contact__deleted_at=None)
    return list(found.select_related("contact").order_by("contact__sort_name", "id")[:MOST_PEOPLE])


def roles_of_organization(organization: Organization) -> list[RoleAssignment]:
    """What an organization is to the business now."""
    return list(RoleAssignment.objects.filter(organization=organization, ended_at=None).order_by("kind"))


def get_affiliation(affiliation_id: UUID) -> Affiliation:
    """A person's place in an organization; NotFound for every other id."""
    found = Affiliation.objects.select_related("contact", "organization").filter(pk=affiliation_id).first()
    if found is None:
        raise NotFound("affiliation_not_found", _("There is no such entry."))
    return found


def get_affiliation_of(contact: Contact, affiliation_id: UUID) -> Affiliation:
    """A place of this person in an organization; NotFound for every other id."""
    found = get_affiliation(affiliation_id)
    if found.contact_id != contact.pk:
        raise NotFound("affiliation_not_found", _("There is no such entry."))
    return found
