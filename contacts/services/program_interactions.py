"""What another program tells of a person: a purchase at the till, a call of the phone system."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import PurchaseTold
from contacts.models import Channel, Contact, Interaction, Note
from contacts.services.interactions import CLOCK_SLACK, TALK_KINDS, NewInteraction, record_interactions
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.events import publish
from ecosystem.base.tenancy import current_business_id

PURCHASE = "purchase"
# What a program may tell of. Our own book-keeping, such as letters and consents, has its own services.
PROGRAM_KINDS: dict[str, Channel] = {**TALK_KINDS, PURCHASE: Channel.NONE}
# Sources of programs stand apart from ours: nobody's external id can take the place of a line of our own.
PREFIX = "api:"


@transaction.atomic
def tell_interaction(
    contact: Contact,
    *,
    kind: str,
    source: str,
    occurred_at: datetime,
    now: datetime,
    channel: str = "",
    direction: str = "",
    external_id: str | None = None,
    value_minor: int | None = None,
    currency: str = "",
    note: str = "",
) -> tuple[Interaction, bool]:
    """Write a line that a program tells of, with its words as a Note; and whether it is new.

    The same (source, external id) again returns the first line and changes nothing. Raises Conflict where that one
    tells of somebody else, Invalid for a kind that is not a program's to tell, and for a time to come. Publishes
    PurchaseTold where somebody bought.
    """
    if kind not in PROGRAM_KINDS:
        raise Invalid("kind_unknown", _("A program cannot tell of this."), "kind")
    if occurred_at > now + CLOCK_SLACK:
        raise Invalid("talk_in_future", _("That is still to come. Choose a time that has passed."), "occurred_at")
    if value_minor is not None and (kind != PURCHASE or not currency):
        raise Invalid("value_needs_currency", _("A value belongs to a purchase, with its currency."), "value_minor")
    line = NewInteraction(
        contact_id=contact.pk,
        kind=kind,
        source=f"{PREFIX}{source}",
        occurred_at=min(occurred_at, now),
        channel=channel or PROGRAM_KINDS[kind],
        direction=direction or _usual_direction(kind),
        external_id=external_id,
        value_minor=value_minor,
        currency=currency,
    )
    if record_interactions([line]):
        if note.strip():
            Note.objects.create(contact=contact, interaction_id=line.id, body=note.strip())
        if kind == PURCHASE:
            publish(PurchaseTold(current_business_id(), contact.pk, line.id))
        return Interaction.objects.get(pk=line.id), True
    standing = Interaction.objects.get(source=line.source, external_id=external_id)
    if standing.contact_id != contact.pk:
        raise Conflict("external_id_taken", _("This external id tells of somebody else already."), "external_id")
    return standing, False


def _usual_direction(kind: str) -> str:
    if kind == PURCHASE:
        return Interaction.Direction.IN
    return Interaction.Direction.BOTH if kind in {"call", "visit", "meeting"} else Interaction.Direction.OUT
