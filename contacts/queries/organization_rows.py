"""Firms and other bodies, and who belongs to them, row by row as programs read them."""

from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Affiliation, Contact, Organization, RoleAssignment
from ecosystem.base.addresses import fold
from ecosystem.base.errors import NotFound

BY_NAME = ("sort_name", "id")
NEWEST = ("-id",)
SHOWN = (
    "id",
    "name",
    "sort_name",
    "website",
    "is_context",
    "main_contact_id",
    "created_at",
    "updated_at",
    "version",
    "kinds",
)
PLACE = ("id", "contact_id", "organization_id", "title", "started_on", "ended_on", "created_at")


def organization_rows(*, begins: str = "") -> QuerySet[Organization, Any]:
    """The organizations with what they are to the business, to be paged BY_NAME; those alone whose names begin so."""
    roles = RoleAssignment.objects.filter(organization=OuterRef("pk"), ended_at=None).order_by("kind")
    live = Organization.objects.filter(deleted_at=None)
    if first := fold(begins):
        live = live.filter(sort_name__gte=first, sort_name__lt=first + "\U0010ffff")
    return live.annotate(kinds=ArraySubquery(roles.values("kind"))).values_list(*SHOWN, named=True)


def organization_row(organization_id: UUID) -> Any:
    """One organization; NotFound for every other id."""
    found = organization_rows().filter(pk=organization_id).first()
    if found is None:
        raise NotFound("organization_not_found", _("There is no such organization."))
    return found


def places_in(organization: Organization) -> QuerySet[Affiliation, Any]:
    """Who belongs to an organization now, to be paged by NEWEST."""
    return _places().filter(organization=organization, ended_on=None, contact__deleted_at=None)


def places_of(contact: Contact) -> QuerySet[Affiliation, Any]:
    """Where a person belongs now, to be paged by NEWEST."""
    return _places().filter(contact=contact, ended_on=None, organization__deleted_at=None)


def place_row(affiliation_id: UUID) -> Any:
    """One place that was just written down."""
    return _places().get(pk=affiliation_id)


def _places() -> QuerySet[Affiliation, Any]:
    named = Affiliation.objects.annotate(
        contact_name=F("contact__display_name"), organization_name=F("organization__name")
    )
    return named.values_list(*PLACE, "contact_name", "organization_name", named=True)
