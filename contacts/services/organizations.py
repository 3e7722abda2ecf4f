"""Firms and other bodies, and who belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from contacts.events import OrganizationAdded
from contacts.models import Affiliation, Contact, ContactStats, Organization, RoleAssignment
from contacts.services.stale_edits import Difference, merge_edits
from ecosystem.base.addresses import fold
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership
from ecosystem.queries.zones import date_of_business
from ecosystem.services.audit import record_act
from ecosystem.services.once import made_before


@transaction.atomic
def add_organization(
    *,
    name: str,
    actor: Membership | None,
    website: str = "",
    is_context: bool = False,
    main_contact: Contact | None = None,
    organization_id: UUID | None = None,
) -> Organization:
    """Make a firm or other body known. Its main contact belongs to it from then on.

    `organization_id` is the id it will have: the same one again (a second click) returns the first.
    Publishes OrganizationAdded.
    """
    if standing := made_before(Organization, organization_id):
        return standing
    organization = Organization.objects.create(
        id=organization_id or uuid7(), website=website, is_context=is_context, main_contact=main_contact, **_names(name)
    )
    if main_contact is not None:
        affiliate(main_contact, organization)
    record_act("organization.added", actor=actor, subject=organization)
    publish(OrganizationAdded(business_id=current_business_id(), organization_id=organization.pk))
    return organization


def hold_organization(organization_id: UUID) -> Organization:
    """An organization that is not deleted, held until the transaction ends. Raises NotFound for every other id."""
    held = Organization.objects.select_for_update(no_key=True).filter(pk=organization_id, deleted_at=None).first()
    if held is None:
        raise NotFound("organization_not_found", _("There is no such organization."))
    return held


@dataclass(frozen=True)
class OrganizationDetails:
    """What somebody writes about an organization."""

    name: str
    website: str
    is_context: bool
    main_contact_id: UUID | None


class StaleOrganization(Conflict):
    """Somebody else saved the same fields meanwhile; nothing of either is lost."""

    def __init__(self, differences: Sequence[Difference], current: OrganizationDetails, version: int) -> None:
        self.differences = tuple(differences)
        self.current = current
        self.version = version
        super().__init__("stale_edit", _("Somebody else saved this organization while you were typing."))


def organization_details(organization: Organization) -> OrganizationDetails:
    """An organization as somebody would write it down."""
    one = organization
    return OrganizationDetails(one.name, one.website, one.is_context, one.main_contact_id)


@transaction.atomic
def edit_organization(
    organization: Organization,
    *,
    name: str,
    website: str,
    is_context: bool,
    main_contact: Contact | None,
    version: int,
    now: datetime,
    before: OrganizationDetails | None = None,
) -> Organization:
    """Write an organization anew. Its open roles follow to the new main contact.

    `version` is the one that was read. Where it has risen since, `before` (what was read) tells what changed here and
    what there: both are kept, and only a field that both changed raises StaleOrganization. Raises Conflict where its
    roles would lose their person.
    """
    held = hold_organization(organization.pk)
    if held.version != version:
        ours = OrganizationDetails(name, website, is_context, main_contact.pk if main_contact else None)
        merged, both = merge_edits(before, organization_details(held), ours)
        if both:
            raise StaleOrganization(both, organization_details(held), held.version)
        name, website, is_context = merged.name, merged.website, merged.is_context
        if merged.main_contact_id == held.main_contact_id:
            main_contact = held.main_contact
    roles = list(RoleAssignment.objects.filter(organization=held, ended_at=None))
    if roles and (main_contact is None or is_context):
        sentence = ngettext_lazy(
            "It is something to you now. End that first.",
            "It is %(count)d things to you now. End those first.",
            len(roles),
        ) % {"count": len(roles)}
        raise Conflict(
            "organization_has_roles", sentence, field="main_contact" if main_contact is None else "is_context"
        )
    if main_contact is not None and main_contact.pk != held.main_contact_id:
        affiliate(main_contact, held)
        _hand_over(roles, main_contact, now)
    held.website, held.is_context, held.main_contact = website, is_context, main_contact
    for field, value in _names(name).items():
        setattr(held, field, value)
    held.version += 1
    held.save(force_update=True)
    return held


@transaction.atomic
def delete_organization(organization: Organization, *, actor: Membership | None, now: datetime) -> None:
    """Take an organization off the lists; its people stay. Refused while it is something to the business."""
    if RoleAssignment.objects.filter(organization=organization, ended_at=None).exists():
        raise Conflict("organization_has_roles", _("It is still something to you. End that first, then delete it."))
    live = Organization.objects.filter(pk=organization.pk, deleted_at=None)
    if live.update(deleted_at=now, updated_at=now, version=F("version") + 1):
        record_act("organization.deleted", actor=actor, subject=organization)


@transaction.atomic
def restore_organization(organization: Organization, *, actor: Membership | None, now: datetime) -> None:
    """Bring a deleted organization back; nothing happens where it is there."""
    deleted = Organization.objects.filter(pk=organization.pk, deleted_at__isnull=False)
    if deleted.update(deleted_at=None, updated_at=now, version=F("version") + 1):
        record_act("organization.restored", actor=actor, subject=organization)


@transaction.atomic
def affiliate(contact: Contact, organization: Organization, *, title: str = "") -> Affiliation:
    """Write down that a person belongs to an organization; once however often it is said.

    The first one becomes its main contact.
    """
    people = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk)
    people.values_list("pk").first()
    Organization.objects.filter(pk=organization.pk, main_contact=None).update(main_contact=contact)
    standing = Affiliation.objects.filter(contact=contact, organization=organization, ended_on=None).first()
    if standing is None:
        return Affiliation.objects.create(contact=contact, organization=organization, title=title.strip())
    if title.strip() and standing.title != title.strip():
        standing.title = title.strip()
        standing.save(force_update=True)
    return standing


@transaction.atomic
def join_organization(contact: Contact, name: str, *, title: str, actor: Membership | None) -> Affiliation:
    """Have a person belong to the organization of that name, which is made where it is not known yet."""
    names = _names(name)
    known = Organization.objects.filter(sort_name=names["sort_name"], deleted_at=None).order_by("id").first()
    return affiliate(contact, known or add_organization(name=name, actor=actor), title=title)


@transaction.atomic
def end_affiliation(affiliation: Affiliation, *, now: datetime) -> None:
    """Write down that a person belongs there no longer. Refused for the main contact."""
    organization = Organization.objects.get(pk=affiliation.organization_id)
    if organization.main_contact_id == affiliation.contact_id:
        raise Conflict("main_contact_stays", _("They are the main contact. Choose another one first."))
    Affiliation.objects.filter(pk=affiliation.pk, ended_on=None).update(ended_on=date_of_business(now))


def _names(name: str) -> dict[str, str]:
    shown = " ".join(name.split())
    if not shown:
        raise Invalid("organization_nameless", _("Write its name."), field="name")
    return {"name": shown, "sort_name": fold(shown)[:170]}


def _hand_over(roles: list[RoleAssignment], person: Contact, now: datetime) -> None:
    """Have an organization's roles name their new person, with that person's own hunger."""
    taken = set(
        RoleAssignment.objects.filter(contact=person, ended_at=None)
        .exclude(pk__in=[role.pk for role in roles])
        .values_list("kind", flat=True)
    )
    if any(role.kind in taken for role in roles):
        sentence = _("%(name)s stands for somebody else in this already. Choose another main contact.")
        raise Conflict("role_taken", sentence % {"name": person.display_name}, field="main_contact")
    fed = ContactStats.objects.filter(contact=person).values_list("last_fed_at", flat=True).first()
    RoleAssignment.objects.filter(pk__in=[role.pk for role in roles]).update(contact=person, fed_at=fed or now)
