"""Where a person can be reached: checked, in one spelling, and never twice the same mailbox."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, ContactPoint
from contacts.postal import read_postal
from ecosystem.base.addresses import normalise_email, normalise_phone
from ecosystem.base.errors import Conflict
from ecosystem.models import BusinessProfile


@dataclass(frozen=True)
class Points:
    """A person's first email, phone and postal address, as compared and as typed; empty where there is none."""

    email: str = ""
    email_typed: str = ""
    phone: str = ""
    phone_typed: str = ""
    postal: str = ""
    postal_typed: str = ""


class EmailTaken(Conflict):
    """The address belongs to somebody the business knows already: `contact`, who may be deleted."""

    def __init__(self, point: ContactPoint) -> None:
        self.contact: Contact | None = point.contact
        holder = point.contact.display_name if point.contact else str(point.organization)
        sentence = _("%(name)s has this address already.")
        if point.contact and point.contact.deleted_at:
            sentence = _("%(name)s had this address and was deleted. Bring them back instead.")
        super().__init__("email_taken", sentence % {"name": holder}, field="email")
        if point.contact and not point.contact.deleted_at:
            self.extra = {"contact_id": point.contact.pk}


def read_points(*, email: str, phone: str, postal: str = "") -> Points:
    """Each in one spelling; Invalid with a kind sentence at the field that is not right."""
    email, phone = email.strip(), phone.strip()
    postal_typed, postal_norm = read_postal(postal)
    return Points(
        email=normalise_email(email) if email else "",
        email_typed=email,
        phone=normalise_phone(phone, _region()) if phone else "",
        phone_typed=phone,
        postal=postal_norm,
        postal_typed=postal_typed,
    )


def refuse_taken_email(email: str, *, besides: Contact | None = None) -> None:
    """Raise EmailTaken where somebody else holds the address; a shared one belongs to nobody."""
    if not email:
        return
    points = ContactPoint.objects.select_related("contact", "organization")
    taken = points.filter(kind=ContactPoint.Kind.EMAIL, value_norm=email, is_shared=False).first()
    if taken is not None and (besides is None or taken.contact_id != besides.pk):
        raise EmailTaken(taken)


def add_points(contact: Contact, points: Points) -> None:
    """Write down the first email, phone and postal address of a person who is new and has none yet."""
    given = (
        (ContactPoint.Kind.EMAIL, points.email_typed, points.email),
        (ContactPoint.Kind.PHONE, points.phone_typed, points.phone),
        (ContactPoint.Kind.POSTAL, points.postal_typed, points.postal),
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=contact, kind=kind, value=typed, value_norm=norm, is_primary=True)
        for kind, typed, norm in given
        if norm
    )


def keep_points(contact: Contact, points: Points) -> None:
    """Have the first email, phone and postal address of a person be these; an empty one is taken away.

    Another address is no longer known to be good or bad: what was verified or bounced was the former one.
    """
    _keep(contact, ContactPoint.Kind.EMAIL, points.email_typed, points.email)
    _keep(contact, ContactPoint.Kind.PHONE, points.phone_typed, points.phone)
    _keep(contact, ContactPoint.Kind.POSTAL, points.postal_typed, points.postal)


def keep_number(contact: Contact, number: str, *, now: datetime) -> None:
    """Have a number that has just proved to be theirs be a person's first one."""
    points = ContactPoint.objects.filter(contact=contact, kind=ContactPoint.Kind.PHONE)
    if contact.primary_phone != number:
        points.filter(value_norm=number).delete()
        points.filter(is_primary=True).update(is_primary=False, updated_at=now)
        ContactPoint.objects.create(
            contact=contact, kind=ContactPoint.Kind.PHONE, value=number, value_norm=number, is_primary=True
        )
        contact.primary_phone = number
        contact.save(update_fields=["primary_phone", "updated_at"])
    points.filter(value_norm=number).update(verified_at=now, bounced_at=None, updated_at=now)


def _keep(contact: Contact, kind: str, typed: str, norm: str) -> None:
    standing = ContactPoint.objects.filter(contact=contact, kind=kind, is_primary=True).first()
    if standing is None:
        if norm:
            ContactPoint.objects.create(contact=contact, kind=kind, value=typed, value_norm=norm, is_primary=True)
        return
    if not norm:
        standing.delete()
        return
    if standing.value_norm != norm:
        ContactPoint.objects.filter(contact=contact, kind=kind, value_norm=norm).delete()
        standing.verified_at = standing.bounced_at = None
    standing.value, standing.value_norm = typed, norm
    standing.save(force_update=True)


def _region() -> str:
    """The country whose phone habits count in this business."""
    return BusinessProfile.objects.values_list("country", flat=True).first() or "US"
