"""What follows when an address takes nothing more, or a provider tells that its reader wants nothing more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from campaigns.services.enrollments import exit_enrollments, exit_text_only
from contacts.models import Channel, ConsentState, Contact, Suppression
from contacts.queries.consent import people_of_hashes, said_yes_since
from contacts.services.consent import withdraw_address, withdraw_consent
from contacts.services.suppression import suppress_address


def stop_address(channel: str, hashes: Sequence[str], reason: Suppression.Reason) -> None:
    """Write to an address no more, and end the ways of whoever is written to there. Twice changes nothing."""
    suppress_address(channel=channel, hashes=hashes, topic=None, reason=reason)
    end_ways(channel, _readers_of(channel, hashes), reason)


def end_ways(channel: str, people: Sequence[UUID], reason: str) -> None:
    """End the ways of people whom a channel reaches no more; where that is texts, those that letters may not go on."""
    if channel == Channel.SMS:
        for person in people:
            exit_text_only(contact_id=person, topic_id=None, reason=reason)
    elif people:
        exit_enrollments(contact_ids=people, reason=reason)


def stop_as_told(
    channel: str, hashes: Sequence[str], reason: Suppression.Reason, *, first_told_at: datetime, request_id: UUID
) -> None:
    """Stop an address because its provider says so. A yes that its reader gave since we were first told stands.

    A leaving goes into the ledger, in the name of everybody whose address it is.
    """
    if said_yes_since(channel, hashes, first_told_at):
        return
    if reason != Suppression.Reason.UNSUBSCRIBED:
        stop_address(channel, hashes, reason)
        return
    for person in Contact.objects.filter(pk__in=_readers_of(channel, hashes), deleted_at=None).order_by("pk"):
        withdraw_consent(person, channel=channel, topic=None, source="provider", request_id=request_id)
    withdraw_address(channel=channel, hashes=list(hashes), topic=None, source="provider", request_id=request_id)


def _readers_of(channel: str, hashes: Sequence[str]) -> list[UUID]:
    """Whose answers on a channel stand for this address; somebody who has moved to another one is none of them."""
    known = ConsentState.objects.filter(contact__in=people_of_hashes(hashes), channel=channel, address_hash__in=hashes)
    return sorted(set(known.values_list("contact_id", flat=True)))
