"""Letters of which nobody knows whether they arrived: decided for all of a sequence."""

from datetime import datetime

from django.db import transaction

from campaigns.models import Message, Sequence
from campaigns.services.messages import put_in_queue, queue_of
from ecosystem.base.clock import now as clock_now
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.tallies import count

MOST_AT_ONCE = 1_000


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


def _recount(message: Message, was: str | None, becomes: str | None) -> None:
    """Move a letter from one number of its step to another."""
    if message.sequence_id is None or message.is_test or was == becomes:
        return
    step = f"{message.sequence_id}:{message.step_key}"
    if was:
        count(was, step, -1)
    if becomes:
        count(becomes, step)
