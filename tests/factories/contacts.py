"""People, organizations and what happens with them, made by our own services."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import count

from contacts.models import Contact, Interaction, Organization, RoleAssignment
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.organizations import add_organization
from contacts.services.roles import assign_role
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, Membership

_numbers = count(1)


def make_contact(
    business: Business,
    name: str = "",
    *,
    email: str = "",
    phone: str = "",
    stage: str | None = "prospect",
    roles: Collection[str] = (),
    tags: Collection[str] = (),
    actor: Membership | None = None,
    at: datetime | None = None,
) -> Contact:
    """A person of a business, as if added by the team."""
    given, _, family = (name or f"Person {next(_numbers):04}").partition(" ")
    details = ContactDetails(given_name=given, family_name=family, email=email, phone=phone)
    with business_scope(business):
        return add_contact(details, stage=stage, roles=roles, tags=tags, source="staff", actor=actor, now=at or now())


def make_contacts(business: Business, how_many: int, **said: object) -> list[Contact]:
    """Some people, each with tags, a part beside the ladder and a talk, so that pages have something to read."""
    people = [
        make_contact(business, tags=["regular", f"tag {number % 3}"], roles=["vendor"] if number % 2 else [], **said)
        for number in range(how_many)
    ]
    for person in people:
        make_talk(business, person, days_ago=1)
    return people


def make_talk(business: Business, contact: Contact, *, kind: str = "call", days_ago: float = 0) -> Interaction:
    """A talk some days ago."""
    line = NewInteraction(
        contact_id=contact.pk, kind=kind, source="staff", occurred_at=now() - timedelta(days=days_ago), direction="both"
    )
    with business_scope(business):
        record_interactions([line])
        return Interaction.objects.get(pk=line.id)


def make_organization(
    business: Business, name: str = "Harbor Mill", *, main_contact: Contact | None = None, is_context: bool = False
) -> Organization:
    """A firm of a business."""
    with business_scope(business):
        return add_organization(name=name, main_contact=main_contact, is_context=is_context, actor=None)


def make_role(business: Business, contact: Contact, kind: str = "vendor") -> RoleAssignment:
    """A part beside the ladder."""
    with business_scope(business):
        return assign_role(kind, contact=contact, actor=None, now=now())
