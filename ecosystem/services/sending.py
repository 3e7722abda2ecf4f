"""Stopping everything that a business sends, and letting it go on."""

from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecosystem.account_mail import letter_html
from ecosystem.base.access import Role
from ecosystem.base.errors import NotAllowed
from ecosystem.base.tenancy import current_business_id
from ecosystem.manners import team_tongue_of
from ecosystem.models import Business, BusinessProfile, Membership, SendingStop
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.audit import record_act
from ecosystem.services.notices import tell


@transaction.atomic
def pause_sending(*, reason: str, actor: Membership | None, now: datetime) -> bool:
    """Let nothing leave any more; what is in a worker's hand already may still go. True where it was not paused yet.

    `reason` is the sentence that the team reads. Where no member did it, the owners are told by mail, once.
    """
    profile = BusinessProfile.objects.select_for_update().get()
    if profile.sending_paused_at is not None:
        return False
    BusinessProfile.objects.update(sending_paused_at=now, sending_paused_reason=reason[:200])
    record_act("sending_paused", actor=actor, subject=profile)
    if actor is None:
        _tell_owners(profile, reason)
        leaders = Membership.objects.filter(role__in=[Role.OWNER, Role.MANAGER])
        page = reverse("ecosystem:sending", args=[Business.objects.get(pk=current_business_id()).slug])
        tell("sending_stopped", leaders, key=now.isoformat(), about=reason, url=page)
    return True


@transaction.atomic
def resume_sending(*, actor: Membership | None, now: datetime) -> bool:
    """Let letters go again, judged anew from here on; False where they were not paused.

    Raises NotAllowed while the business is being closed.
    """
    profile = BusinessProfile.objects.select_for_update().get()
    if profile.sending_paused_at is None:
        return False
    if Business.objects.get(pk=current_business_id()).is_closing:
        raise NotAllowed("is_closing", gettext_lazy("This account is being closed: nothing is sent any more."))
    BusinessProfile.objects.update(sending_paused_at=None, sending_paused_reason="", sending_resumed_at=now)
    record_act("sending_resumed", actor=actor, subject=profile)
    return True


@transaction.atomic
def stop_all_sending(*, reason: str) -> bool:
    """Let nothing of any business leave any more, within five seconds; False where it is so already.

    Sign-in mails still go: they are the installation's own.
    """
    _stop, is_new = SendingStop.objects.get_or_create(pk=1, defaults={"reason": reason[:200]})
    return is_new


def resume_all_sending() -> bool:
    """Let all businesses send again that are not stopped themselves; False where nothing was stopped."""
    return bool(SendingStop.objects.filter(pk=1).delete()[0])


def find_sending_stop() -> SendingStop | None:
    """Why and since when nothing leaves the installation; None while all may send."""
    return SendingStop.objects.filter(pk=1).first()


def _tell_owners(profile: BusinessProfile, reason: str) -> None:
    business = Business.objects.get(pk=current_business_id())
    page = urljoin(settings.PUBLIC_URL, reverse("ecosystem:sending", args=[business.slug]))
    with translation.override(team_tongue_of(profile)):
        subject = _("%(business)s sends nothing for now") % {"business": business.name}
        text = render_to_string("emails/sending_paused.txt", {"business": business, "reason": reason, "page": page})
    for owner in Membership.objects.filter(role=Role.OWNER).select_related("user"):
        queue_account_email(owner.user.email, subject, text, letter_html(subject, text))
