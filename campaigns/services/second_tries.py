"""Letters that take the place of one that was refused, and which of them counts.

In the numbers of a step one letter stands for its reader: the newest try, whatever becomes of it, so that refused and
then sent is one sent. Where an earlier one arrived after all it stands again, and what was to take its place is called
off as long as it has not been handed over. Those that do not stand (`is_replaced`) count in no number.
"""

from collections.abc import Iterable
from uuid import UUID

from campaigns.models import Message, QueuedMessage
from campaigns.queries.sequences import ARRIVED_AFTER_ALL
from campaigns.queries.undelivered import again_key
from campaigns.services.pressure import free_places
from ecosystem.services.tallies import count_all

State = Message.State

# In which number of its step a letter counts by its state; what waits counts in none.
NUMBERS = {
    State.UNKNOWN: "step.unknown",
    State.LOST: "step.failed",
    State.FAILED: "step.failed",
    State.BOUNCED: "step.failed",
    State.PARKED: "step.failed",
    State.ACCEPTED: "step.sent",
    State.DELIVERED: "step.sent",
    State.COMPLAINED: "step.sent",
}
DELAYED = "step.delayed"
_SKIPPED = (State.SKIPPED, State.CANCELLED, State.EXPIRED)
_SENT = (State.ACCEPTED, State.DELIVERED, State.COMPLAINED)


def is_counted(message: Message) -> bool:
    """Whether a letter counts in the numbers of its step."""
    return message.sequence_id is not None and not message.is_test and not message.is_replaced


def step_of(message: Message) -> str:
    """By which key the numbers of its step are kept."""
    return f"{message.sequence_id}:{message.step_key}"


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


def stand_aside(message: Message) -> None:
    """Let a letter count no more: another one of the same words stands for it."""
    _count(message, -1)
    message.is_replaced = True
    # When it ended is no matter of this.
    Message.objects.filter(id=message.id).update(is_replaced=True)


def call_off_tries(message: Message) -> None:
    """A letter that was tried again has arrived after all: it counts, and what was to take its place does not go.

    Takes effect with this transaction, also for what a worker holds already but has not handed over. What is on its way
    may arrive too, and counts no more; one that was sent already goes on to stand for both.
    """
    tries = later_tries([message.id])
    places = QueuedMessage.objects.filter(id__in=tries, handed_at=None).order_by("id").select_for_update()
    waiting = {place.id: place.attempt for place in places}
    letters = Message.objects.filter(id__in=tries, is_replaced=False).order_by("id").select_for_update(no_key=True)
    standing = letters.first()
    if standing is None or standing.state in _SENT:
        return
    stand_aside(standing)
    if standing.id in waiting or standing.state == State.PLANNED:
        standing.state, standing.reason = State.CANCELLED, ARRIVED_AFTER_ALL
        standing.attempt = waiting.get(standing.id, standing.attempt)
        standing.save(update_fields=["state", "reason", "attempt", "updated_at"])
        QueuedMessage.objects.filter(id=standing.id).delete()
        free_places([standing.id])
    message.is_replaced = False
    message.save(update_fields=["is_replaced", "updated_at"])
    _count(message, 1)


def _count(message: Message, amount: int) -> None:
    """Add to all numbers that a letter counts in, or take away."""
    if not is_counted(message):
        return
    state = State(message.state)
    marks = {"step.clicked": message.clicked_at, "step.opened": message.opened_at, DELAYED: message.delayed_at}
    names = [name for name, moment in marks.items() if moment is not None]
    if message.held_by:
        names.append(f"step.held:{message.held_by}")
    if state in NUMBERS or state in _SKIPPED:
        names.append(NUMBERS.get(state) or f"step.skipped:{message.reason}")
    count_all({(name, step_of(message)): amount for name in names})
