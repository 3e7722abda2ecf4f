"""Letters of which nobody knows whether they arrived: decided for all of a sequence, and that undone."""

from datetime import datetime

from django.db import transaction

from campaigns.models import Message, QueuedMessage, Sequence
from campaigns.services.messages import put_in_queue, queue_of
from ecosystem.base.clock import now as clock_now
from ecosystem.models import Membership
from ecosystem.queries.businesses import get_profile
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.tallies import count

MOST_AT_ONCE = 1_000


@transaction.atomic
def decide_all_unknown(
    sequence: Sequence | None,
    *,
    sends_again: bool,
    seen_at: datetime,
    decided_at: datetime | None = None,
    actor: Membership | None = None,
) -> int:
    """Decide at once about every unknown letter of a sequence (None: of none); how many that were, at most a thousand.

    Only what was unknown when somebody looked (`seen_at`): what came to it since is not decided unseen. A second click
    finds none. Each letter that goes again keeps its Message-ID and passes the gate. `decided_at` is the word by which
    it can be undone.
    """
    unknown = Message.objects.select_for_update().filter(
        sequence=sequence, rare_state=Message.State.UNKNOWN, is_test=False, updated_at__lte=seen_at
    )
    found = list(unknown.order_by("id")[:MOST_AT_ONCE])
    if not found:
        return 0
    state, due_at = (Message.State.QUEUED if sends_again else Message.State.LOST), decided_at or clock_now()
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
    record_act(action, actor=actor, subject=sequence or get_profile(), number=len(found))
    return len(found)


@transaction.atomic
def undo_decision(sequence: Sequence | None, *, decided_at: datetime, actor: Membership | None = None) -> int:
    """Take back what was decided at a moment about unknown letters of a sequence; how many are unknown again.

    What was given up can always be asked about again. What was to go once more only while no worker has it in hand:
    what is on its way cannot be called back, and is not counted.
    """
    decided = Message.objects.filter(sequence=sequence, is_test=False, updated_at=decided_at).order_by("id")
    again = list(decided.filter(state=Message.State.QUEUED).values_list("id", flat=True)[:MOST_AT_ONCE])
    # The place in the queue before the record, as the gate locks them.
    waiting = QueuedMessage.objects.select_for_update().filter(id__in=again, claim_token=None, handed_at=None)
    ids = [place.id for place in waiting.order_by("id")]
    QueuedMessage.objects.filter(id__in=ids).delete()
    ids += decided.filter(rare_state=Message.State.LOST).values_list("id", flat=True)[:MOST_AT_ONCE]
    found = list(Message.objects.select_for_update().filter(id__in=ids).order_by("id"))
    now = clock_now()
    for message in found:
        _recount(message, "step.failed" if message.state == Message.State.LOST else None, "step.unknown")
        message.state, message.reason, message.updated_at = Message.State.UNKNOWN, "no_answer", now
    Message.objects.bulk_update(found, ["state", "reason", "updated_at"])
    if found:
        record_act("unknown_decision_undone", actor=actor, subject=sequence or get_profile(), number=len(found))
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
