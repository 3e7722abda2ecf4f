"""Keeping what is unique about a business, in words that everybody can repeat."""

from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import Conflict
from ecosystem.models import BusinessProfile, Membership
from ecosystem.services.audit import record_act


def change_core_message(
    *, core_message: str, core_unique: str, core_audience: str, version: int, actor: Membership
) -> BusinessProfile:
    """Keep the one sentence, what stands behind it and who should care.

    An edit made on an old page raises Conflict, code `stale`, and changes nothing.
    """
    profile = BusinessProfile.objects.select_for_update().get()
    if profile.version != version:
        raise Conflict("stale", _("Somebody else changed this meanwhile. Here is how it is now; please look again."))
    profile.core_message = " ".join(core_message.split())
    profile.core_unique = core_unique.strip()
    profile.core_audience = core_audience.strip()
    profile.version += 1
    profile.save()
    record_act("core_message_changed", actor=actor, subject=profile)
    return profile
