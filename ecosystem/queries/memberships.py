"""Who is in the team, and who has been asked to join it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import PERMISSIONS, Role
from ecosystem.base.errors import NotFound
from ecosystem.models import Invitation, Membership


def team() -> QuerySet[Membership]:
    """Everybody of the current business's team with their login, the longest in it first."""
    return Membership.objects.select_related("user").order_by("created_at", "id")


def get_membership(membership_id: UUID) -> Membership:
    """A member of the current business; NotFound for every other id."""
    found = team().filter(pk=membership_id).first()
    if found is None:
        raise NotFound("membership_not_found", _("There is nobody like that in your team."))
    return found


def find_membership(user_id: int, *, at: datetime) -> Membership | None:
    """The membership by which a user may enter the current business at that moment, if any."""
    return Membership.objects.filter(Q(expires_at=None) | Q(expires_at__gt=at), user_id=user_id).first()


def find_longest_owner(*, but: Membership) -> Membership | None:
    """The owner who has been in the team longest, somebody left out; None where there is no other."""
    return team().filter(role=Role.OWNER).exclude(pk=but.pk).first()


def possible_heirs(member: Membership, *, at: datetime) -> list[Membership]:
    """Who could take over the people that a member looks after: everybody else whose last day has not come."""
    return list(team().filter(Q(expires_at=None) | Q(expires_at__gt=at)).exclude(pk=member.pk))


def lock_owners() -> list[UUID]:
    """The owners of the current business, locked until the transaction ends: two of them cannot leave at once."""
    owners = Membership.objects.select_for_update().filter(role=Role.OWNER).order_by("id")
    return list(owners.values_list("pk", flat=True))


def open_invitations(*, at: datetime) -> QuerySet[Invitation]:
    """Invitations that could still be accepted, newest first."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=at).order_by("-id")


def get_invitation(invitation_id: UUID) -> Invitation:
    """An invitation of the current business; NotFound for every other id."""
    found = Invitation.objects.filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("invitation_not_found", _("There is nobody like that in your team."))
    return found


def may_grant(actor: Membership, role: str) -> bool:
    """Whether a member may make somebody that: nobody hands out more rights than they have."""
    return PERMISSIONS[Role(role)] <= PERMISSIONS[Role(actor.role)]


def grantable_roles(actor: Membership) -> list[Role]:
    """The roles a member may give, highest first."""
    return [role for role in Role if may_grant(actor, role)]
