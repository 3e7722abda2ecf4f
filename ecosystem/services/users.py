"""What belongs to a login rather than to one business."""

from ecosystem.base.tenancy import business_scope
from ecosystem.models import User
from ecosystem.queries.businesses import businesses_of
from ecosystem.queries.memberships import get_membership
from ecosystem.services.api_keys import end_keys_of
from ecosystem.services.invitations import revoke_invitations_of


def end_everything_opened_by(user: User) -> None:
    """End the keys a user made and the invitations they sent, in each of their businesses.

    Whoever changes a password may have lost the old one: nothing it opened stays open.
    """
    for business in businesses_of(user):
        with business_scope(business.id, user):
            member = get_membership(business.membership_id)
            end_keys_of(member, actor=member)
            revoke_invitations_of(member, actor=member)


def choose_theme(user: User, theme: str) -> None:
    """Keep whether pages are light, dark or as the device."""
    user.theme = User.Theme(theme)
    user.save(update_fields=["theme"])
