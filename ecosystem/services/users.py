"""What belongs to a login rather than to one business."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.db.models import F
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from ecosystem.account_mail import letter_html
from ecosystem.base.tenancy import business_scope
from ecosystem.models import User
from ecosystem.queries.businesses import businesses_of
from ecosystem.queries.memberships import get_membership
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.api_keys import end_keys_of
from ecosystem.services.invitations import revoke_invitations_of
from ecosystem.services.security_events import record_security_event


def end_everything_opened_by(user: User) -> None:
    """End the keys a user made and the invitations they sent, in each of their businesses.

    Whoever changes a password may have lost the old one: nothing it opened stays open.
    """
    for business in businesses_of(user):
        with business_scope(business.id, user):
            member = get_membership(business.membership_id)
            end_keys_of(member, actor=member)
            revoke_invitations_of(member, actor=member)


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """End every session of a user but the one that asks; each is out at its next request."""
    User.objects.filter(pk=user.pk).update(sessions_epoch=F("sessions_epoch") + 1)
    user.refresh_from_db(fields=["sessions_epoch"])
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def turn_off_second_step(user: User) -> bool:
    """Take the second step off a login whose phone and codes are gone, and end what it opened; False without one."""
    if not Authenticator.objects.filter(user=user).exists():
        return False
    Authenticator.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(sessions_epoch=F("sessions_epoch") + 1)
    end_everything_opened_by(user)
    record_security_event("second_step_off_by_operator", user_id=user.pk)
    subject = _("Two-step sign-in was turned off")
    text = render_to_string("emails/second_step_off.txt", {"PRODUCT_NAME": settings.PRODUCT_NAME, "user": user})
    queue_account_email(user.email, subject, text.strip(), letter_html(subject, text.strip()))
    return True


def describe_self(user: User, *, name: str, time_zone: str, theme: str) -> User:
    """Keep what somebody says of themselves: the name their team sees, the time their pages show, their colours."""
    user.name, user.time_zone, user.theme = " ".join(name.split()), time_zone, User.Theme(theme)
    user.save(update_fields=["name", "time_zone", "theme"])
    return user


def choose_theme(user: User, theme: str) -> None:
    """Keep whether pages are light, dark or as the device."""
    user.theme = User.Theme(theme)
    user.save(update_fields=["theme"])
