"""Who is an associate, vendor or partner, from when until when."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import RoleAssigned, RoleEnded
from contacts.models import Contact, ContactStats, Organization, RoleAssignment
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import KindSetting, Membership


@transaction.atomic
def assign_role(
    kind: str,
    *,
    now: datetime,
    actor: Membership | None,
    contact: Contact | None = None,
    organization: Organization | None = None,
    note: str = "",
) -> RoleAssignment:
    """Make a person, or an organization by its main contact, an associate, vendor or partner.

    Who is one already stays one, and that role is returned. A person may be several at once, and stand on the ladder
    as well. A kind that is switched off is refused, but for who joins the team. Publishes RoleAssigned.
    """
    if kind not in RoleAssignment.Kind.values:
        raise Invalid("role_unknown", _("Choose what they are to you."), field="kind")
    contact_id = contact.pk if contact else _main_contact_of(organization)
    _hold(contact_id)
    standing = RoleAssignment.objects.filter(contact_id=contact_id, kind=kind, ended_at=None).first()
    if standing is not None:
        _refuse_other_organization(standing, organization)
        return standing
    _refuse_switched_off(kind, contact)
    fed = ContactStats.objects.filter(contact_id=contact_id).values_list("last_fed_at", flat=True).first()
    role = RoleAssignment.objects.create(
        kind=kind,
        contact_id=contact_id,
        organization=organization,
        started_at=now,
        fed_at=fed or now,
        started_by=actor,
        note=note[:200],
    )
    _tell(role, "began", actor, now)
    publish(
        RoleAssigned(
            business_id=current_business_id(),
            contact_id=contact_id,
            role_id=role.pk,
            kind=kind,
            organization_id=organization.pk if organization else None,
        )
    )
    return role


@transaction.atomic
def end_role(role: RoleAssignment, *, now: datetime, actor: Membership | None) -> RoleAssignment:
    """Write down that somebody is an associate, vendor or partner no longer. Ending twice changes nothing.

    Publishes RoleEnded.
    """
    _hold(role.contact_id, also_gone=True)
    if not RoleAssignment.objects.filter(pk=role.pk, ended_at=None).update(ended_at=now):
        return role
    role.ended_at = now
    _tell(role, "ended", actor, now)
    publish(RoleEnded(business_id=current_business_id(), contact_id=role.contact_id, role_id=role.pk, kind=role.kind))
    return role


@transaction.atomic
def reopen_role(role: RoleAssignment, *, now: datetime, actor: Membership | None) -> RoleAssignment:
    """Take the end of a role back. Nothing happens where it is open, or where another one of its kind is."""
    _hold(role.contact_id)
    open_ones = RoleAssignment.objects.filter(contact_id=role.contact_id, kind=role.kind, ended_at=None)
    if open_ones.exists() or not RoleAssignment.objects.filter(pk=role.pk).update(ended_at=None):
        return role
    role.ended_at = None
    _tell(role, "reopened", actor, now)
    publish(
        RoleAssigned(
            business_id=current_business_id(),
            contact_id=role.contact_id,
            role_id=role.pk,
            kind=role.kind,
            organization_id=role.organization_id,
        )
    )
    return role


def _main_contact_of(organization: Organization | None) -> UUID:
    if organization is None:
        raise Invalid("role_of_nobody", _("Choose a person or an organization."), field="contact")
    if organization.is_context:
        raise Invalid("organization_is_context", _("This one is only context. It has no part in what you do."))
    if organization.main_contact is None or organization.main_contact.deleted_at is not None:
        sentence = _("Choose a main contact first: people are fed, firms are not.")
        raise Invalid("organization_without_main_contact", sentence, field="main_contact")
    return UUID(str(organization.main_contact_id))


def _refuse_other_organization(standing: RoleAssignment, organization: Organization | None) -> None:
    if organization is not None and standing.organization_id not in (None, organization.pk):
        sentence = _("The main contact stands for another organization in this already. Choose another main contact.")
        raise Conflict("role_taken", sentence, field="main_contact")


def _hold(contact_id: UUID, *, also_gone: bool = False) -> None:
    """Lock the person, so that two clicks come one after the other and counts stay right."""
    people = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id)
    people = people if also_gone else people.filter(deleted_at=None)
    if people.values_list("pk").first() is None:
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))


def _tell(role: RoleAssignment, act: str, actor: Membership | None, now: datetime) -> None:
    line = NewInteraction(
        contact_id=role.contact_id,
        kind="role_change",
        source="role",
        occurred_at=now,
        actor_id=actor.pk if actor else None,
        object_id=role.pk,
        params={"kind": role.kind, "act": act},
    )
    record_interactions([line])


def _refuse_switched_off(kind: str, contact: Contact | None) -> None:
    """Raise where nobody is made this any more; the team is counted among the associates whatever pages show."""
    if contact is not None and contact.membership_id is not None:
        return
    if KindSetting.objects.filter(kind=kind, is_on=False).exists():
        raise Invalid("role_off", _("That kind is switched off in your settings."), field="kind")
