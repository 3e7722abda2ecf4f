"""What contacts does when something has happened."""

from contacts.models import Contact, RoleAssignment
from contacts.queries.contacts import find_contact_by_email
from contacts.services.contacts import ContactDetails, add_contact, restore_contact
from contacts.services.owners import hand_over
from contacts.services.roles import assign_role, end_role
from ecosystem.base import clock
from ecosystem.base.addresses import normalise_email
from ecosystem.base.events import on
from ecosystem.events import MembershipCreated, MembershipEnded
from ecosystem.models import Membership


@on(MembershipCreated)
def make_associate(event: MembershipCreated) -> None:
    """Whoever joins the team is one of its people too: an associate, who is fed like everybody."""
    now = clock.now()
    membership = Membership.objects.get(pk=event.membership_id)
    contact = find_contact_by_email(normalise_email(event.email))
    if contact is None:
        details = ContactDetails(display_name=event.name, email=event.email)
        contact = add_contact(
            details, source=Contact.Source.TEAM, actor=None, now=now, membership=membership, actor_kind="rule"
        )
    elif contact.deleted_at is not None:
        restore_contact(contact, actor=None, now=now)
    Contact.objects.filter(pk=contact.pk).update(membership=membership)
    contact.membership = membership
    assign_role(RoleAssignment.Kind.ASSOCIATE, contact=contact, actor=None, now=now)


@on(MembershipEnded)
def end_associate(event: MembershipEnded) -> None:
    """Whoever leaves the team is an associate no longer; the person stays known, and who they looked after too."""
    hand_over(event.membership_id, to=event.heir_id)
    roles = RoleAssignment.objects.filter(
        kind=RoleAssignment.Kind.ASSOCIATE,
        ended_at=None,
        contact__membership_id=event.membership_id,
        contact__deleted_at=None,
    )
    for role in roles:
        end_role(role, now=clock.now(), actor=None)
