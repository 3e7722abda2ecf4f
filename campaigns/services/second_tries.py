"""Letters that are to take the place of one that was refused: called off where that one arrived after all."""

from collections.abc import Iterable
from uuid import UUID

from campaigns.models import Message, QueuedMessage
from campaigns.queries.sequences import ARRIVED_AFTER_ALL
from campaigns.queries.undelivered import again_key
from campaigns.services.pressure import free_places
from ecosystem.services.tallies import count

State = Message.State


def hold_places(ids: Iterable[UUID]) -> dict[UUID, QueuedMessage]:
    """Lock the places that letters have in the queue, and those of their second tries, in the order of the gate.

    What a provider tells of the first may call off the others: so nobody waits for one while he holds another.
    """
    letters = set(ids)
    wanted = letters | set(later_tries(letters))
    places = QueuedMessage.objects.filter(id__in=wanted).order_by("id").select_for_update()
    return {place.id: place for place in places}


def later_tries(ids: Iterable[UUID]) -> list[UUID]:
    """The letters that took the place of some, those that took the place of these, and so on."""
    found: list[UUID] = []
    newest = list(ids)
    while newest:
        keys = [again_key(one) for one in newest]
        newest = list(Message.objects.filter(idem_key__in=keys).values_list("id", flat=True))
        found += newest
    return found


def call_off_tries(message: Message) -> None:
    """A letter that was refused has arrived after all: what was to take its place does not go, unless it is on its way.

    Takes effect with this transaction, also for what a worker holds already but has not handed over.
    """
    tries = later_tries([message.id])
    if not tries:
        return
    places = QueuedMessage.objects.filter(id__in=tries, handed_at=None).order_by("id").select_for_update()
    attempts = {place.id: place.attempt for place in places}
    held = Message.objects.filter(id__in=tries, rare_state=State.PLANNED).values_list("id", "attempt")
    attempts |= dict(held)
    for one in Message.objects.filter(id__in=attempts).order_by("id").select_for_update():
        one.state, one.reason, one.attempt = State.CANCELLED, ARRIVED_AFTER_ALL, attempts[one.id]
        one.save(update_fields=["state", "reason", "attempt", "updated_at"])
        if one.sequence_id is not None:
            count(f"step.skipped:{ARRIVED_AFTER_ALL}", f"{one.sequence_id}:{one.step_key}")
    QueuedMessage.objects.filter(id__in=attempts).delete()
    free_places(attempts)
