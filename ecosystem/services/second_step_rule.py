"""A business may want that nobody enters it with a password alone."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.models import BusinessProfile, Membership
from ecosystem.second_step import has_second_step
from ecosystem.services.audit import record_act


def want_second_step(days: int | None, *, actor: Membership) -> BusinessProfile:
    """Let only those in who sign in with a second step, from so many days on; None lets everybody in again.

    Raises Invalid where the actor has none: they would lock themselves out. A date that is set already is kept unless
    another one is asked for.
    """
    if days is not None and not has_second_step(actor.user):
        raise Invalid("own_second_step_missing", _("Turn on two-step sign-in for yourself first."), "days")
    profile = BusinessProfile.objects.select_for_update().get()
    profile.second_step_from = None if days is None else now() + timedelta(days=days)
    profile.version += 1
    profile.save()
    act = "second_step_not_wanted" if days is None else "second_step_wanted"
    record_act(act, actor=actor, subject=profile, days=days)
    return profile
