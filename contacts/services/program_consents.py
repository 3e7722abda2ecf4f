"""A yes that another program took, such as the shop's till or the website's own form, kept with its proof."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import ConsentGranted
from contacts.models import Act, Basis, Consent, Contact, Topic
from contacts.queries.consent import address_of
from contacts.services.consent_ledger import Evidence, append_row, lock_contact, refuse_what_they_closed
from contacts.services.consent_states import keep_yes
from contacts.services.interactions import CLOCK_SLACK
from ecosystem.base.errors import Invalid
from ecosystem.base.events import publish
from ecosystem.models import Membership
from ecosystem.services.audit import record_act

PROGRAM = "api"


@transaction.atomic
def keep_program_yes(
    contact: Contact,
    *,
    channel: str,
    topic: Topic,
    said_at: datetime,
    said_where: str,
    wording: str,
    proof: str = "",
    actor: Membership,
    now: datetime,
) -> Consent:
    """Keep a yes with where it was said, when, and the exact words that were agreed to.

    Never opens what the person closed: NotAllowed where they said no or their address is stopped.
    Invalid without proof or address. Publishes ConsentGranted.
    """
    for field, text in (("source", said_where), ("wording", wording)):
        if not text.strip():
            raise Invalid("proof_missing", _("A yes needs where it was said, when, and its exact words."), field)
    if said_at > now + CLOCK_SLACK:
        raise Invalid("proof_date", _("That day has not come yet."), "occurred_at")
    lock_contact(contact)
    address = address_of(contact, channel=channel)
    if not address:
        raise Invalid("no_address", _("Add an address for this channel first."), "channel")
    refuse_what_they_closed(contact, address=address, channel=channel, topic=topic)
    consent = append_row(
        contact,
        Act.GRANTED,
        address=address,
        channel=channel,
        topic=topic,
        wording=wording.strip(),
        source=PROGRAM,
        source_detail=said_where.strip(),
        basis=Basis.EXPRESS,
        actor=actor,
        evidence=Evidence(note=proof.strip()),
        occurred_at=min(said_at, now),
    )
    keep_yes(consent)
    record_act("consent.granted", actor=actor, subject=contact, channel=channel, topic=str(topic.pk))
    publish(
        ConsentGranted(
            business_id=consent.business_id,
            contact_id=contact.id,
            channel=channel,
            topic_id=topic.id,
            source=PROGRAM,
        )
    )
    return consent
