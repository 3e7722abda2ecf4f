"""What letters tell of their readers: by the choice of the business, and for nobody who does not want it."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from campaigns.models import Message
from contacts.models import Contact
from ecosystem.models import BusinessProfile, Membership
from ecosystem.services.audit import record_act


class Measuring(NamedTuple):
    """What a letter tells when it is read: which links were followed, and that it was opened."""

    follows_links: bool = True
    sees_opens: bool = False


NOTHING = Measuring(follows_links=False, sees_opens=False)


@transaction.atomic
def set_measuring(chosen: Measuring, *, actor: Membership) -> None:
    """Say what letters tell from now on. What is on its way already keeps what it was made with."""
    profile = BusinessProfile.objects.select_for_update().get()
    if (profile.follows_links, profile.sees_opens) == chosen:
        return
    profile.follows_links, profile.sees_opens = chosen
    profile.save(update_fields=["follows_links", "sees_opens", "updated_at"])
    record_act("measuring_changed", actor=actor, subject=profile)


@transaction.atomic
def keep_unmeasured(message: Message, *, is_unmeasured: bool, now: datetime) -> bool:
    """Tell nothing of what the reader of a letter opens and follows from now on, or tell it again.

    Counts for letters that were sent before as well: what comes of them is not written down. False for nobody we know.
    """
    contact = message.contact
    if contact is None or contact.deleted_at is not None:
        return False
    Contact.objects.filter(id=contact.id).update(is_unmeasured=is_unmeasured, updated_at=now)
    contact.is_unmeasured = is_unmeasured
    return True
