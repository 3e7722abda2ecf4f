"""How somebody likes to hear from us, where a message could go either way."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import Channel, Contact
from ecosystem.base.errors import Invalid
from ecosystem.models import Membership
from ecosystem.services.audit import record_act

CHANNELS = (Channel.EMAIL, Channel.SMS)


@transaction.atomic
def prefer_channel(contact: Contact, channel: str, *, actor: Membership | None = None) -> Contact:
    """Keep what somebody prefers; empty where they never said. It allows nothing: only a yes does."""
    if channel and channel not in CHANNELS:
        raise Invalid("channel_unknown", _("Choose letters or texts."), field="channel")
    held = Contact.objects.select_for_update(no_key=True).get(id=contact.id)
    if held.preferred_channel != channel:
        held.preferred_channel = channel
        held.save(update_fields=["preferred_channel", "updated_at"])
        record_act("channel_preferred", actor=actor, subject=held)
    return held
