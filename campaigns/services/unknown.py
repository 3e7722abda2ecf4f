"""Letters of which nobody knows whether they arrived: decided for all of a sequence, or proved by the provider."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, QueuedMessage, Sequence
from campaigns.services.messages import put_in_queue, queue_of
from contacts.services.interactions import record_interaction
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Invalid
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.tallies import count

MOST_AT_ONCE = 1_000
ARRIVED = frozenset({Message.State.ACCEPTED, Message.State.DELIVERED, Message.State.COMPLAINED})
PROOFS = ARRIVED | {Message.State.BOUNCED}


@transaction.atomic
def decide_all_unknown(
    sequence: Sequence, *, sends_again: bool, seen_at: datetime, actor: Membership | None = None
) -> int:
    """Decide at once about every unknown letter of a sequence; how many that were, at most a thousand.

    Only what was unknown when somebody looked (`seen_at`): what came to it since is not decided unseen. A second click
    finds none. Each letter that goes again keeps its Message-ID and passes the gate.
    """
    unknown = Message.objects.select_for_update().filter(
        sequence=sequence, rare_state=Message.State.UNKNOWN, is_test=False, updated_at__lte=seen_at
    )
    found = list(unknown.order_by("id")[:MOST_AT_ONCE])
    if not found:
        return 0
    state, due_at = (Message.State.QUEUED if sends_again else Message.State.LOST), clock_now()
    for message in found:
        message.state, message.reason, message.attempt, message.due_at = state, "", 0, due_at
        message.updated_at = due_at
        _recount(message, "step.unknown", None if sends_again else "step.failed")
    Message.objects.bulk_update(found, ["state", "reason", "attempt", "due_at", "updated_at"])
    if sends_again:
        put_in_queue(found)
        for lane in {message.lane for message in found}:
            note_work(queue_of(lane))
    action = "messages_sent_again" if sends_again else "messages_given_up"
    record_act(action, actor=actor, subject=sequence, number=len(found))
    return len(found)


@transaction.atomic
def prove_message(message_id: UUID, *, state: str, occurred_at: datetime, provider_id: str = "") -> bool:
    """The provider tells what became of a letter that nobody knew about; True where that settled it.

    Settles what is unknown or was given up, and what is about to go once more but has not been handed over: it arrived,
    and a second one would be a twin. `state` is accepted, delivered, bounced or complained. Anything else keeps what it
    is; the same proof twice changes nothing.
    """
    if state not in PROOFS:
        raise Invalid("proof_unknown", _("That says nothing about whether a letter arrived."))
    # The place in the queue before the record, as the gate locks them.
    place = QueuedMessage.objects.select_for_update().filter(id=message_id).first()
    message = Message.objects.select_for_update().filter(id=message_id).first()
    if message is None:
        return False
    if place is not None:
        # Once handed and handed back to wait: only what has been with a provider before can be proved by it.
        if place.handed_at is not None or message.handed_at is None:
            return False
        place.delete()
    elif message.state not in (Message.State.UNKNOWN, Message.State.LOST):
        return False
    was = {Message.State.UNKNOWN: "step.unknown", Message.State.LOST: "step.failed"}.get(Message.State(message.state))
    message.state, message.reason = Message.State(state), ""
    message.provider_id = provider_id[:200] or message.provider_id
    if state in ARRIVED:
        message.accepted_at = occurred_at
    message.save(update_fields=["state", "reason", "provider_id", "accepted_at", "updated_at"])
    _recount(message, was, "step.sent" if state in ARRIVED else "step.failed")
    if state in ARRIVED and message.contact is not None and not message.is_test:
        record_interaction(
            message.contact,
            kind="message_sent",
            source="campaigns.message",
            external_id=str(message.id),
            occurred_at=occurred_at,
            channel=message.channel,
            direction="out",
            object_id=message.id,
        )
    return True


def _recount(message: Message, was: str | None, becomes: str | None) -> None:
    """Move a letter from one number of its step to another."""
    if message.sequence_id is None or message.is_test or was == becomes:
        return
    step = f"{message.sequence_id}:{message.step_key}"
    if was:
        count(was, step, -1)
    if becomes:
        count(becomes, step)
