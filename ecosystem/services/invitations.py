"""Asking somebody into the team: a link in a mail, bound to its address, used once, for seven days."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import TextChoices
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ecosystem.account_mail import letter_html
from ecosystem.base.addresses import normalise_email
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, LimitReached, NotAllowed, NotFound
from ecosystem.base.links import INVITATION, BadLink, read_link, sign_link
from ecosystem.base.ratelimit import take
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Business, Invitation, Membership, User
from ecosystem.queries.businesses import current_business
from ecosystem.queries.memberships import may_grant, open_invitations, team
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.audit import record_act

LASTS = timedelta(days=7)
MAILS_A_DAY = 50
SECRET_BYTES = 32


class WhyOver(TextChoices):
    """Why a link of an invitation opens nothing, in words for whoever holds it."""

    UNKNOWN = "unknown", _("This link is not whole. Open it from the letter again, or ask to be invited anew.")
    LATE = "late", _("It is older than seven days. Ask the person who invited you to send it again.")
    USED = "used", _("It was used already. Sign in with the address it came to, and you are in.")
    REVOKED = "revoked", _("It was taken back. Ask the person who invited you if you think that is a mistake.")
    REPLACED = "replaced", _("A newer letter was sent to you after this one. Use the link in that one.")


@dataclass(frozen=True)
class InvitationLink:
    """What the link of an invitation says: which business, which row, and the secret that opens it."""

    business_id: int
    invitation_id: UUID
    secret: bytes


def read_invitation_link(token: str) -> InvitationLink:
    """Take the link apart; NotFound for one that we did not make or whose seven days are over."""
    try:
        link = read_link(INVITATION, token)
    except BadLink as error:
        raise _over(WhyOver.LATE if error.is_expired else WhyOver.UNKNOWN) from error
    if len(link.payload) != 16 + SECRET_BYTES:
        raise _over(WhyOver.UNKNOWN)
    return InvitationLink(link.business_id, UUID(bytes=link.payload[:16]), link.payload[16:])


def invite(*, email: str, role: str, actor: Membership) -> Invitation:
    """Send somebody an invitation. An open one to the same address is replaced, so that one link works.

    Raises NotAllowed for a role with more rights than the inviter has, Conflict for somebody in the team.
    """
    address = normalise_email(email)
    if not may_grant(actor, role):
        raise NotAllowed("role_too_high", _("You cannot invite somebody with more rights than you have."), "role")
    if team().filter(user__email=address).exists():
        raise Conflict("already_member", _("They are in your team already."), "email")
    for former in open_invitations(at=now()).filter(email=address):
        revoke_invitation(former, actor=actor)
    invitation = Invitation(email=address, role=role, invited_by=actor)
    _send(invitation, actor)
    record_act("invitation_sent", actor=actor, subject=invitation, role=role)
    return invitation


def resend_invitation(invitation: Invitation, *, actor: Membership) -> Invitation:
    """Send an open invitation again, with a new link and seven new days. The old link stops working."""
    if invitation.accepted_at or invitation.revoked_at:
        raise Conflict("invitation_over", _("That invitation is over; send a new one."))
    if not may_grant(actor, invitation.role):
        raise NotAllowed("role_too_high", _("You cannot invite somebody with more rights than you have."))
    _send(invitation, actor)
    record_act("invitation_resent", actor=actor, subject=invitation)
    return invitation


def revoke_invitation(invitation: Invitation, *, actor: Membership) -> None:
    """Take an invitation back; its link stops working at once. Doing it twice changes nothing."""
    if invitation.revoked_at or invitation.accepted_at:
        return
    invitation.revoked_at = now()
    invitation.save()
    record_act("invitation_revoked", actor=actor, subject=invitation)


def revoke_invitations_of(member: Membership, *, actor: Membership) -> None:
    """Take back whatever a member has sent and nobody has accepted."""
    for invitation in open_invitations(at=now()).filter(invited_by=member):
        revoke_invitation(invitation, actor=actor)


def find_open_invitation(link: InvitationLink, *, at: datetime, lock: bool = False) -> Invitation:
    """The invitation that a link opens now, in the business that is entered.

    NotFound when it is over, with a WhyOver as its code; only whoever holds the right link is told why.
    """
    rows = Invitation.objects.select_related("invited_by__user").filter(pk=link.invitation_id)
    invitation = rows.select_for_update(of=("self",)).first() if lock else rows.first()
    if invitation is None:
        raise _over(WhyOver.UNKNOWN)
    if not hmac.compare_digest(invitation.secret_hash, _hash(link.secret)):
        raise _over(WhyOver.REPLACED)
    if invitation.accepted_at:
        raise _over(WhyOver.USED)
    inviter = invitation.invited_by
    if invitation.revoked_at or (inviter is not None and not inviter.user.is_active):
        raise _over(WhyOver.REVOKED)
    if invitation.expires_at <= at:
        raise _over(WhyOver.LATE)
    return invitation


def _over(why: WhyOver) -> NotFound:
    return NotFound(why.value, why.label)


def _send(invitation: Invitation, actor: Membership) -> None:
    """Give the invitation a fresh secret and queue its mail."""
    business = current_business()
    if not take(("invitation_mails", business.pk), MAILS_A_DAY, 24 * 3600):
        raise LimitReached("too_many_invitations", _("That is a lot of invitations for one day. Go on tomorrow."))
    secret = secrets.token_bytes(SECRET_BYTES)
    invitation.secret_hash = _hash(secret)
    invitation.expires_at = now() + LASTS
    invitation.save()
    token = sign_link(INVITATION, current_business_id(), invitation.pk.bytes + secret)
    _queue_mail(invitation, business, actor.user, token)


def _queue_mail(invitation: Invitation, business: Business, inviter: User, token: str) -> None:
    context = {
        "business": business,
        "inviter": inviter,
        "role": invitation.get_role_display(),
        "link": settings.PUBLIC_URL + reverse("ecosystem:invitation", kwargs={"token": token}),
        "days": LASTS.days,
        "PRODUCT_NAME": settings.PRODUCT_NAME,
    }
    subject = _now("%(person)s invites you to %(business)s") % {"person": inviter, "business": business.name}
    text = render_to_string("ecosystem/team/invitation_mail.txt", context).strip()
    queue_account_email(invitation.email, subject, text, letter_html(subject, text), worth_sending=LASTS)


def _hash(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()
