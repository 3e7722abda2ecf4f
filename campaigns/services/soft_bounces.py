"""Letters that came back for now: an address that never takes one is stopped like one that does not exist.

Five letters that came back for now, over a week or more, with none that arrived after the first of them. A letter that
arrives takes it all back, also where it is told late: what is kept says the same whatever order it was told in.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from campaigns.models import AddressTrouble, Message
from contacts.models import Suppression
from contacts.services.suppression import release_bounce, suppress_address
from ecosystem.base.addresses import address_hashes

LETTERS = 5
OVER = timedelta(days=7)
MOST_KEPT = 20
# What is told of a letter that has arrived, and the states of it.
ARRIVED = frozenset({"delivered", "opened", "complained"})
_HAVE_ARRIVED = (Message.State.DELIVERED, Message.State.COMPLAINED)


@transaction.atomic
def hear_soft_bounce(channel: str, hashes: Sequence[str], *, letter: UUID, occurred_at: datetime) -> None:
    """Count a letter that came back for now; each once, by the first word of it."""
    trouble = _held(channel, hashes, makes=True)
    if trouble is None:
        return
    known = dict(trouble.letters)
    earlier = known.get(letter.hex)
    known[letter.hex] = min(occurred_at.isoformat(), earlier) if earlier else occurred_at.isoformat()
    newest = sorted(known.items(), key=lambda one: (one[1], one[0]))[-MOST_KEPT:]
    trouble.letters = dict(newest)
    _judge(trouble, channel, hashes)


@transaction.atomic
def hear_arrival(message: Message) -> None:
    """A letter arrived: what came back before it was sent counts no more."""
    hashes = address_hashes(message.channel, message.address)
    trouble = _held(message.channel, hashes, makes=False)
    if trouble is None or message.accepted_at is None:
        return
    trouble.arrived_at = max(message.accepted_at, trouble.arrived_at or message.accepted_at)
    _judge(trouble, message.channel, hashes)


def leave_to_lasting_bounce(channel: str, hashes: Sequence[str]) -> None:
    """The address does not exist: no letter that arrived earlier opens it any more."""
    AddressTrouble.objects.filter(channel=channel, address_hash__in=list(hashes), is_stopped=True).update(
        is_stopped=False
    )


def is_given_up(letters: dict[str, str], arrived_at: datetime | None) -> bool:
    """Whether an address has taken nothing for so long that no more is tried."""
    moments = sorted(datetime.fromisoformat(moment) for moment in letters.values())
    since = [moment for moment in moments if arrived_at is None or moment > arrived_at]
    return len(since) >= LETTERS and since[-1] - since[0] >= OVER


def _judge(trouble: AddressTrouble, channel: str, hashes: Sequence[str]) -> None:
    gives_up = is_given_up(trouble.letters, trouble.arrived_at)
    if gives_up and not trouble.is_stopped:
        trouble.is_stopped = suppress_address(
            channel=channel, hashes=hashes, topic=None, reason=Suppression.Reason.BOUNCED
        )
    elif trouble.is_stopped and not gives_up:
        release_bounce(channel=channel, hashes=hashes)
        trouble.is_stopped = False
    trouble.save()


def _held(channel: str, hashes: Sequence[str], *, makes: bool) -> AddressTrouble | None:
    troubles = AddressTrouble.objects.select_for_update(no_key=True).filter(channel=channel)
    found = troubles.filter(address_hash__in=list(hashes)).first()
    if found is None and makes:
        # Rows are kept of troubled addresses alone: what arrived before the first trouble stands with the letters.
        arrived = Message.objects.filter(address_hash__in=list(hashes), channel=channel, state__in=_HAVE_ARRIVED)
        arrived_at = arrived.aggregate(at=Max("accepted_at"))["at"]
        AddressTrouble.objects.bulk_create(
            [AddressTrouble(channel=channel, address_hash=hashes[0], arrived_at=arrived_at)], ignore_conflicts=True
        )
        found = troubles.filter(address_hash=hashes[0]).first()
    return found
