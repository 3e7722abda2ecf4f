"""Who is in the team and as what."""

from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, Invalid, NotAllowed, NotFound
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id
from ecosystem.events import MembershipChanged, MembershipCreated, MembershipEnded
from ecosystem.models import Membership, User
from ecosystem.queries.businesses import current_business, end_of_day
from ecosystem.queries.memberships import find_longest_owner, lock_owners, may_grant
from ecosystem.queries.users import has_verified_address
from ecosystem.services.api_keys import end_keys_of
from ecosystem.services.audit import record_act
from ecosystem.services.invitations import (
    InvitationLink,
    find_open_invitation,
    revoke_invitations_of,
)
from ecosystem.services.notices import tell


def add_membership(user: User, *, role: str, expires_at: datetime | None = None) -> Membership:
    """Let a user into the current business. Raises Conflict for somebody who is in the team already.

    Publishes MembershipCreated.
    """
    if Membership.objects.filter(user=user).exists():
        raise Conflict("already_member", _("You are in this team already."))
    membership = Membership.objects.create(user=user, role=role, expires_at=expires_at)
    record_act("member_joined", actor=membership, subject=membership, role=role)
    publish(MembershipCreated(current_business_id(), membership.pk, user.pk, user.name, user.email))
    return membership


def accept_invitation(link: InvitationLink, *, user: User) -> Membership:
    """Join the current business by an invitation's link, once.

    Needs the invited address to be one that the user has verified, so that a forwarded mail lets nobody in. What the
    inviter may not give any more is not given. Raises NotFound, NotAllowed or Conflict.
    """
    invitation = find_open_invitation(link, at=now(), lock=True)
    inviter = invitation.invited_by
    if inviter is None or inviter.has_ended(now()) or not may_grant(inviter, invitation.role):
        sentence = _("Whoever invited you may not do so any more. Ask an owner of the business to invite you.")
        raise NotFound("inviter_gone", sentence)
    if not has_verified_address(user, invitation.email):
        sentence = _("This invitation was sent to another address. Log in with the address it came to.")
        raise NotAllowed("other_address", sentence)
    membership = add_membership(user, role=invitation.role)
    invitation.accepted_at = now()
    invitation.save()
    record_act("invitation_accepted", actor=membership, subject=invitation, role=invitation.role)
    page = reverse("ecosystem:team", args=[current_business().slug])
    tell("invitation_accepted", [inviter], key=invitation.pk.hex, about=str(user), url=page)
    return membership


def change_membership(member: Membership, *, role: str, until: date | None, actor: Membership) -> Membership:
    """Give a member another role, or a last day. Counts from their next request on.

    The last owner stays owner; nobody gives or takes more rights than they have. Keys made under more rights
    shrink by themselves. Publishes MembershipChanged.
    """
    _check_reach(actor, member)
    if not may_grant(actor, role):
        raise NotAllowed("role_too_high", _("You cannot give somebody more rights than you have."), "role")
    expires_at = end_of_day(until)
    if role == Role.OWNER and expires_at is not None:
        raise Invalid("owner_expires", _("An owner has no last day. Choose another role first."), "until")
    if expires_at is not None and expires_at <= now():
        raise Invalid("day_is_past", _("That day is over. Choose a later one, or remove them now."), "until")
    if role != Role.OWNER:
        _check_not_last_owner(member)
    member.role = role
    member.expires_at = expires_at
    member.version += 1
    member.save()
    record_act("member_changed", actor=actor, subject=member, role=role, until=until.isoformat() if until else None)
    publish(MembershipChanged(current_business_id(), member.pk, role))
    return member


def note_seen(member: Membership) -> None:
    """Keep that a member is here now."""
    Membership.objects.filter(pk=member.pk).update(seen_at=now())


def remove_membership(member: Membership, *, actor: Membership, heir: Membership | None = None) -> None:
    """Take somebody out of the team: their next request is a stranger's.

    Their keys and the invitations they sent end with it; whom they looked after goes to `heir`, or else to the actor,
    or, where they go by themselves, to the owner who has been here longest. The last owner cannot go.
    Raises NotAllowed, Conflict or Invalid. Publishes MembershipEnded.
    """
    _check_reach(actor, member)
    _check_not_last_owner(member)
    heir = heir or (actor if actor.pk != member.pk else find_longest_owner(but=member))
    if heir is not None and (heir.pk == member.pk or heir.has_ended(now())):
        raise Invalid("heir_is_leaving", _("Choose somebody who stays."), "heir")
    end_keys_of(member, actor=actor)
    revoke_invitations_of(member, actor=actor)
    act = "member_left" if actor.pk == member.pk else "member_removed"
    record_act(
        act, actor=actor, subject=member, role=member.role, user_id=member.user_id, heir=heir.pk.hex if heir else None
    )
    publish(MembershipEnded(current_business_id(), member.pk, member.user_id, heir.pk if heir else None))
    member.delete()


def _check_reach(actor: Membership, member: Membership) -> None:
    if actor.pk != member.pk and not may_grant(actor, member.role):
        raise NotAllowed("member_too_high", _("They have more rights than you; ask an owner."))


def _check_not_last_owner(member: Membership) -> None:
    if member.role == Role.OWNER and set(lock_owners()) == {member.pk}:
        raise Conflict("last_owner", _("A business needs an owner. Make somebody else owner first."), "role")
