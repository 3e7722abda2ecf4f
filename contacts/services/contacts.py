"""Adding, editing, deleting and bringing back people."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.events import ContactAdded, ContactDeleted, ContactEdited, ContactRestored
from contacts.models import Contact, ContactPoint, StageChange
from contacts.models.sort_names import LONGEST_NAME
from contacts.services.points import EmailTaken, Points, add_points, keep_points, read_points, refuse_taken_email
from contacts.services.roles import assign_role
from contacts.services.stages import change_stage
from contacts.services.stale_edits import Difference, merge_edits
from contacts.services.tags import tag_contact
from ecosystem.base.addresses import fold
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.events import publish
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Membership
from ecosystem.places import ZONES
from ecosystem.services.audit import record_act
from ecosystem.services.quotas import hold_places, note_use

# Who said yes on an opt-in page, and who joined the team, is known even where there is no more room: what they gave us
# would be lost otherwise. The business is told.
NEVER_REFUSED = frozenset({Contact.Source.SIGNUP, Contact.Source.TEAM})


@dataclass(frozen=True)
class ContactDetails:
    """What somebody writes about a person: as typed, before it is checked."""

    given_name: str = ""
    family_name: str = ""
    display_name: str = ""
    email: str = ""
    phone: str = ""
    postal: str = ""
    source_detail: str = ""
    do_not_contact: bool = False
    owner_id: UUID | None = None


class StaleEdit(Conflict):
    """Somebody else saved the same fields meanwhile; nothing of either is lost."""

    def __init__(self, differences: Collection[Difference], current: ContactDetails, version: int) -> None:
        self.differences = tuple(differences)
        self.current = current
        self.version = version
        super().__init__("stale_edit", _("Somebody else saved this person while you were typing."))
        self.extra = {"version": version, "current": asdict(current)}


@transaction.atomic
def add_contact(
    details: ContactDetails,
    *,
    source: str,
    actor: Membership | None,
    now: datetime,
    stage: str | None = None,
    roles: Collection[str] = (),
    tags: Collection[str] = (),
    membership: Membership | None = None,
    contact_id: UUID | None = None,
    actor_kind: str = StageChange.Actor.MEMBER,
) -> Contact:
    """Make a person known to the business, on a rung or beside the ladder or both.

    `contact_id` is the id they will have: the same one again (a second click) returns the first. Raises EmailTaken,
    which names the person who has the address already; QuotaFull where the business holds as many people as it may,
    which stops nobody who comes by themselves. Publishes ContactAdded, and StagesChanged and RoleAssigned.
    """
    points = read_points(email=details.email, phone=details.phone, postal=details.postal)
    wanted = contact_id or uuid7()
    if contact_id and (standing := Contact.objects.filter(pk=contact_id).first()):
        return standing
    refuse_taken_email(points.email)
    _make_room(is_refused=source not in NEVER_REFUSED)
    contact = Contact(
        id=wanted,
        **_names(details, points),
        owner_id=details.owner_id,
        membership=membership,
        primary_email=points.email,
        primary_phone=points.phone,
        source=source,
        source_detail=details.source_detail.strip(),
        do_not_contact=details.do_not_contact,
        fed_at=now,
    )
    try:
        with transaction.atomic():
            contact.save(force_insert=True)
            add_points(contact, points)
    except IntegrityError:
        # Somebody was quicker by a moment: the same form, or the same address.
        if standing := Contact.objects.filter(pk=wanted).first():
            return standing
        refuse_taken_email(points.email)
        raise
    if stage:
        change_stage(contact, stage, actor=actor, reason=_reason(contact), now=now, actor_kind=actor_kind)
    for kind in roles:
        assign_role(kind, contact=contact, actor=actor, now=now)
    tag_contact(contact, tags)
    publish(
        ContactAdded(
            business_id=current_business_id(),
            contact_id=contact.pk,
            source=source,
            stage=stage or None,
            actor_id=actor.pk if actor else None,
        )
    )
    return contact


@transaction.atomic
def edit_contact(
    contact: Contact,
    details: ContactDetails,
    *,
    version: int,
    actor: Membership | None,
    now: datetime,
    before: ContactDetails | None = None,
) -> Contact:
    """Write a person's details anew.

    `version` is the one that was read. Where it has risen since, `before` (what was read) tells what changed here and
    what there: both are kept, and only a field that both changed raises StaleEdit. Without `before` any other version
    does. Publishes ContactEdited with the names of the changed fields.
    """
    held = hold_contact(contact.pk)
    current = details_of(held)
    if version != held.version:
        details, both = merge_edits(before, current, details)
        if both:
            raise StaleEdit(both, current, held.version)
    points = read_points(email=details.email, phone=details.phone, postal=details.postal)
    details = replace(details, postal=points.postal_typed)
    refuse_taken_email(points.email, besides=held)
    changed = tuple(
        field.name for field in fields(ContactDetails) if getattr(current, field.name) != getattr(details, field.name)
    )
    if not changed:
        return held
    for name, value in _names(details, points).items():
        setattr(held, name, value)
    held.owner_id = details.owner_id
    held.primary_email, held.primary_phone = points.email, points.phone
    held.source_detail = details.source_detail.strip()
    held.do_not_contact = details.do_not_contact
    held.version += 1
    try:
        with transaction.atomic():
            held.save(force_update=True)
            keep_points(held, points)
    except IntegrityError:
        refuse_taken_email(points.email, besides=held)
        raise
    publish(
        ContactEdited(
            business_id=current_business_id(),
            contact_id=held.pk,
            changed=changed,
            actor_id=actor.pk if actor else None,
        )
    )
    return held


def hold_contact(contact_id: UUID) -> Contact:
    """A live person, held until the transaction ends: what is read of them now is still so when it is changed.

    Raises NotFound for every other id.
    """
    held = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id, deleted_at=None).first()
    if held is None:
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    return held


@transaction.atomic
def set_contact_zone(contact: Contact, zone: str, *, actor: Membership | None, now: datetime) -> None:
    """Note by which clock a person lives, as they said; nothing takes the note away. Publishes ContactEdited."""
    if zone and zone not in ZONES:
        raise Invalid("zone_unknown", _("There is no such time zone."), field="zone")
    live = Contact.objects.filter(pk=contact.pk, deleted_at=None).exclude(timezone=zone)
    if not live.update(timezone=zone, updated_at=now, version=F("version") + 1):
        return
    publish(
        ContactEdited(
            business_id=current_business_id(),
            contact_id=contact.pk,
            changed=("timezone",),
            actor_id=actor.pk if actor else None,
        )
    )


@transaction.atomic
def delete_contact(contact: Contact, *, actor: Membership | None, now: datetime) -> None:
    """Take a person off every list and out of every count. Nothing of them is lost; deleting twice changes nothing.

    Publishes ContactDeleted.
    """
    live = Contact.objects.filter(pk=contact.pk, deleted_at=None)
    if not live.update(deleted_at=now, updated_at=now, version=F("version") + 1):
        return
    record_act("contact.deleted", actor=actor, subject=contact)
    publish(
        ContactDeleted(business_id=current_business_id(), contact_id=contact.pk, actor_id=actor.pk if actor else None)
    )


@transaction.atomic
def restore_contact(contact: Contact, *, actor: Membership | None, now: datetime) -> None:
    """Bring a deleted person back as they were; nothing happens where they are there, or were erased.

    Raises QuotaFull where a member asks and there is no more room; whoever comes back by themselves is let in.
    Publishes ContactRestored.
    """
    deleted = Contact.objects.filter(pk=contact.pk, deleted_at__isnull=False, erased_at=None, merged_into=None)
    if not deleted.exists():
        return
    _make_room(is_refused=actor is not None)
    if not deleted.update(deleted_at=None, updated_at=now, version=F("version") + 1):
        return
    record_act("contact.restored", actor=actor, subject=contact)
    publish(
        ContactRestored(business_id=current_business_id(), contact_id=contact.pk, actor_id=actor.pk if actor else None)
    )


def details_of(contact: Contact) -> ContactDetails:
    """What stands about a person now, addresses as typed; no display name where it follows from the rest."""
    typed = dict(ContactPoint.objects.filter(contact=contact, is_primary=True).values_list("kind", "value"))
    email, phone = typed.get(ContactPoint.Kind.EMAIL, ""), typed.get(ContactPoint.Kind.PHONE, "")
    by_itself = f"{contact.given_name} {contact.family_name}".strip() or email or phone
    return ContactDetails(
        given_name=contact.given_name,
        family_name=contact.family_name,
        display_name="" if contact.display_name == by_itself else contact.display_name,
        email=email,
        phone=phone,
        postal=typed.get(ContactPoint.Kind.POSTAL, ""),
        source_detail=contact.source_detail,
        do_not_contact=contact.do_not_contact,
        owner_id=contact.owner_id,
    )


def _make_room(*, is_refused: bool) -> None:
    """Count somebody who is about to be one of the people."""
    if is_refused:
        hold_places("people")
    else:
        note_use("people")


def _names(details: ContactDetails, points: Points) -> dict[str, str]:
    """The names to keep: shown as wished, else first and last name, else by what we know them."""
    given, family = " ".join(details.given_name.split()), " ".join(details.family_name.split())
    shown = " ".join(details.display_name.split()) or f"{given} {family}".strip() or details.email.strip()
    shown = shown or points.phone_typed
    if not shown:
        raise Invalid("contact_nameless", _("Write a name, an email or a phone number."), field="given_name")
    shown = shown[:LONGEST_NAME]
    return {
        "given_name": given,
        "family_name": family,
        "display_name": shown,
        "sort_name": fold(shown)[:LONGEST_NAME],
    }


def _reason(contact: Contact) -> str:
    return str(Contact.Source(contact.source).label)


__all__ = [
    "ContactDetails",
    "EmailTaken",
    "StaleEdit",
    "add_contact",
    "delete_contact",
    "details_of",
    "edit_contact",
    "hold_contact",
    "restore_contact",
]
