"""Which permissions hold: the gate's own rule, for lists and counts, as far as it is about people and not letters."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from contacts.models import Basis, Channel, ConsentState, Contact, Suppression
from contacts.queries.consent import address_of, channel_hashes

# On these nothing goes out but to an address that stands beside the person.
_BY_ADDRESS = (Channel.EMAIL, Channel.SMS, Channel.PHONE)


def granted(now: datetime) -> Q:
    """What makes a permission hold: granted, not run out, in writing for texts, and no stop against its address.

    Whether its address is still that of the person, and whether they may be written to at all, is asked beside by
    `holds_for`, since the database keeps no hash of today's addresses.
    """
    stops = Suppression.objects.filter(
        Q(topic=None) | Q(topic_id=OuterRef("topic_id")),
        channel=OuterRef("channel"),
        address_hash=OuterRef("address_hash"),
        lifted_at=None,
    )
    lasts = Q(expires_at=None) | Q(expires_at__gt=now)
    in_writing = ~Q(channel=Channel.SMS) | Q(basis=Basis.EXPRESS_WRITTEN)
    return lasts & in_writing & ~Exists(stops) & Q(state=ConsentState.State.GRANTED)


def holds_for(contact: Contact, yeses: Iterable[tuple[str, str]], *, now: datetime) -> list[bool]:
    """Of the granted permissions of a person (channel and hash), which let us write to them today: they were given for
    the address that the person has, who is not at rest, and not never to be contacted.
    """
    may_be_met = not contact.do_not_contact and (contact.paused_until is None or contact.paused_until <= now)
    known: dict[str, list[str]] = {}
    found = []
    for channel, address_hash in yeses:
        if channel in _BY_ADDRESS and channel not in known:
            address = address_of(contact, channel=channel)
            known[channel] = channel_hashes(channel, [address]) if address else []
        found.append(may_be_met and (channel not in known or address_hash in known[channel]))
    return found
