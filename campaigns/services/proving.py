"""What a provider's word makes of a letter: one function, whichever order the words come in.

The graver word wins and the same word twice changes nothing, so all orders end the same: in the record, in the numbers
of the step, and in the timeline.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, QueuedMessage
from campaigns.services.second_tries import DELAYED, NUMBERS, call_off_tries, hold_places, is_counted, step_of
from contacts.models import Channel, Contact, Interaction
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Invalid
from ecosystem.services.tallies import count

State = Message.State

# What each kind of event makes of a letter.
STATES = {
    "accepted": State.ACCEPTED,
    "refused": State.FAILED,
    "delivered": State.DELIVERED,
    "bounced": State.BOUNCED,
    "complained": State.COMPLAINED,
}
# A letter in none of these is not spoken of by a provider; one that is about to go once more weighs as one not known.
_WEIGHT = {
    State.UNKNOWN: 0,
    State.LOST: 0,
    State.QUEUED: 0,
    State.DEFERRED: 0,
    State.ACCEPTED: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
    State.BOUNCED: 4,
    State.COMPLAINED: 5,
}
OPTED_OUT = "opted_out"
_LEFT = frozenset({State.ACCEPTED, State.DELIVERED, State.BOUNCED, State.COMPLAINED})
_ARRIVED = frozenset({State.DELIVERED, State.COMPLAINED})
# The lines that tell of it, beside the one that says it was sent.
_LINES = {State.BOUNCED: "message_bounced", State.COMPLAINED: "message_complained"}


@transaction.atomic
def prove_message(message_id: UUID, *, state: str, occurred_at: datetime, provider_id: str = "") -> bool:
    """The provider tells what became of a letter; True where that was news.

    Settles what is unknown or was given up, and what is about to go once more but has not been handed over: it left,
    and a second one would be a twin. What was refused and has arrived after all calls off the letter that was to take
    its place. `state` is accepted, refused, delivered, bounced or complained. A lighter word than the one that is known
    changes nothing.
    """
    if state not in STATES:
        raise Invalid("proof_unknown", _("That says nothing about whether a letter arrived."))
    # The place in the queue before the record, as the gate locks them.
    place = hold_places([message_id]).get(message_id)
    message = Message.objects.select_for_update().filter(id=message_id).first()
    if message is None:
        return False
    return settle_message(message, place, STATES[state], occurred_at=occurred_at, provider_id=provider_id)


def settle_message(
    message: Message,
    place: QueuedMessage | None,
    told: str,
    *,
    occurred_at: datetime,
    provider_id: str = "",
    reason: str = "",
) -> bool:
    """As prove_message, for a letter and its place in the queue that the caller holds; with the `reason` of a no."""
    was, becomes = State(message.state), State(told)
    # Once handed and handed back to wait: only what has been with a provider before can be proved by it.
    if place is not None and (place.handed_at is not None or message.handed_at is None):
        return False
    if place is None and was in (State.QUEUED, State.DEFERRED):
        return False
    if was == becomes and reason:
        _keep_reason(message, reason)
    if was not in _WEIGHT or _WEIGHT[becomes] <= _WEIGHT[was]:
        # What is outweighed is told all the same: a bounce of what was called unwanted, that it left before it was
        # refused.
        return _write_lines(message, was, becomes, occurred_at) if was in _WEIGHT else False
    if place is not None:
        place.delete()
    message.state, message.reason = becomes, reason or ("refused" if becomes == State.FAILED else "")
    message.provider_id = provider_id[:200] or message.provider_id
    if becomes in _LEFT:
        message.accepted_at = message.accepted_at or occurred_at
    if message.delayed_at is not None:
        message.delayed_at = None
        _recount(message, DELAYED, None)
    message.save(update_fields=["state", "reason", "provider_id", "accepted_at", "delayed_at", "updated_at"])
    _recount(message, None if place is not None else NUMBERS.get(was), NUMBERS[becomes])
    _write_lines(message, was, becomes, occurred_at)
    if message.is_replaced and becomes in _ARRIVED:
        call_off_tries(message)
    return True


def _keep_reason(message: Message, reason: str) -> None:
    """Of two reasons for the same no the same one is kept, whichever was told first."""
    kept = OPTED_OUT if OPTED_OUT in (reason, message.reason) else min(reason, message.reason or reason)
    if kept != message.reason:
        message.reason = kept
        message.save(update_fields=["reason", "updated_at"])


def settle_delay(message: Message, place: QueuedMessage | None, *, occurred_at: datetime) -> None:
    """The receiver does not take a letter yet and the provider, which has it, goes on trying: shown until it tells of
    an end. After an end it is old news."""
    settle_message(message, place, State.ACCEPTED, occurred_at=occurred_at)
    if message.state == State.ACCEPTED and message.delayed_at is None:
        message.delayed_at = occurred_at
        message.save(update_fields=["delayed_at", "updated_at"])
        _recount(message, None, DELAYED)


def _recount(message: Message, was: str | None, becomes: str | None) -> None:
    """Move a letter from one number of its step to another."""
    if not is_counted(message) or was == becomes:
        return
    step = step_of(message)
    if was:
        count(was, step, -1)
    if becomes:
        count(becomes, step)


def _write_lines(message: Message, was: State, becomes: State, occurred_at: datetime) -> bool:
    """Say in the timeline that a letter left, if nobody knew, that it came back, or that it was called unwanted; each
    once. False, for it changes no letter."""
    kinds = ["message_sent"] if was not in _LEFT and becomes in _LEFT else []
    if becomes in _LINES:
        kinds.append(_LINES[becomes])
    tell_of_letters([(message, kind, occurred_at) for kind in kinds])
    return False


def tell_of_letters(lines: list[tuple[Message, str, datetime]]) -> None:
    """Write lines about letters into the timelines of their people, each once; nobody's who was deleted."""
    wanted = [line for line in lines if line[0].contact_id is not None and not line[0].is_test]
    there = set(
        Contact.objects.filter(id__in=[line[0].contact_id for line in wanted]).values_list("id", flat=True)
        if wanted
        else ()
    )
    record_interactions(
        [
            NewInteraction(
                contact_id=message.contact_id,
                kind=kind,
                source="campaigns.message",
                external_id=str(message.id) if kind == "message_sent" else f"{message.id}:{kind}",
                occurred_at=occurred_at,
                channel=Channel(message.channel),
                direction=Interaction.Direction.OUT if kind == "message_sent" else Interaction.Direction.NONE,
                object_id=message.id,
            )
            for message, kind, occurred_at in wanted
            if message.contact_id in there and message.contact_id is not None
        ]
    )
