"""Letters of which nobody knows whether they arrived: decided, one or all of a sequence, and that undone."""

from collections import Counter
from collections.abc import Sequence as Many
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When

from campaigns.models import Message, QueuedMessage, Sequence
from campaigns.services.messages import put_in_queue, queue_of
from campaigns.services.quiet_hours import plan_hours
from campaigns.services.second_tries import is_counted, step_of
from ecosystem.base.clock import now as clock_now
from ecosystem.models import Membership
from ecosystem.queries.businesses import get_profile
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.tallies import count_all

MOST_AT_ONCE = 1_000
NO_ANSWER = "no_answer"


@transaction.atomic
def decide_unknown(message_id: UUID, *, sends_again: bool, actor: Membership | None = None) -> Message:
    """Somebody decides about a message that nobody knows to have arrived: send it once more, or give it up.

    Sent again it carries the same Message-ID, keeps the hours of its reader and passes the gate like any other. What is
    no longer unknown stays as it is: a second click changes nothing.
    """
    message = Message.objects.select_for_update().get(id=message_id)
    if message.state != Message.State.UNKNOWN:
        return message
    _decide([message], sends_again=sends_again, decided_at=clock_now())
    record_act("message_sent_again" if sends_again else "message_given_up", actor=actor, subject=message)
    message.refresh_from_db()
    return message


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
    finds none. Each letter that goes again keeps its Message-ID and the hours of its reader, and passes the gate.
    `decided_at` is the word by which it can be undone.
    """
    unknown = Message.objects.select_for_update().filter(
        sequence=sequence, rare_state=Message.State.UNKNOWN, is_test=False, is_replaced=False, updated_at__lte=seen_at
    )
    found = list(unknown.order_by("id")[:MOST_AT_ONCE])
    if not found:
        return 0
    _decide(found, sends_again=sends_again, decided_at=decided_at or clock_now())
    action = "messages_sent_again" if sends_again else "messages_given_up"
    record_act(action, actor=actor, subject=sequence or get_profile(), number=len(found))
    return len(found)


@transaction.atomic
def undo_decision(sequence: Sequence | None, *, decided_at: datetime, actor: Membership | None = None) -> int:
    """Take back what was decided at a moment about unknown letters of a sequence; how many are unknown again.

    What was given up can always be asked about again. What was to go once more only while no worker has it in hand:
    what is on its way cannot be called back, and is not counted. Each is unknown for the reason for which it was: what
    had gone once more by itself, or may have left while we were away, does not go by itself.
    """
    decided = Message.objects.filter(sequence=sequence, is_test=False, updated_at=decided_at).order_by("id")
    again = list(decided.filter(state=Message.State.QUEUED).values_list("id", flat=True)[:MOST_AT_ONCE])
    # The place in the queue before the record, as the gate locks them.
    waiting = QueuedMessage.objects.select_for_update().filter(id__in=again, claim_token=None, handed_at=None)
    ids = [place.id for place in waiting.order_by("id")]
    QueuedMessage.objects.filter(id__in=ids).delete()
    ids += decided.filter(rare_state=Message.State.LOST).values_list("id", flat=True)[:MOST_AT_ONCE]
    found = list(Message.objects.select_for_update().filter(id__in=ids).order_by("id"))
    if not found:
        return 0
    lost = [message for message in found if message.state == Message.State.LOST]
    count_all(_numbers(lost, "step.failed", -1) | _numbers(found, "step.unknown", 1))
    Message.objects.filter(id__in=[message.id for message in found]).update(
        state=Message.State.UNKNOWN,
        reason=Case(When(reason="", then=Value(NO_ANSWER)), default=F("reason")),
        updated_at=clock_now(),
    )
    record_act("unknown_decision_undone", actor=actor, subject=sequence or get_profile(), number=len(found))
    return len(found)


def _decide(found: Many[Message], *, sends_again: bool, decided_at: datetime) -> None:
    """Write a decision down. Why they were unknown stays in them, for an Undo."""
    letters = Message.objects.filter(id__in=[message.id for message in found])
    numbers = _numbers(found, "step.unknown", -1)
    if not sends_again:
        count_all(numbers | _numbers(found, "step.failed", 1))
        letters.update(state=Message.State.LOST, updated_at=decided_at)
        return
    for held_by in {message.held_by for message in found} - {""}:
        numbers |= _numbers([message for message in found if message.held_by == held_by], f"step.held:{held_by}", -1)
    count_all(numbers)
    # As if it had not been tried: an old wait is over, and the hours are looked at from now on.
    letters.update(
        state=Message.State.QUEUED,
        attempt=0,
        answered=0,
        due_at=decided_at,
        held_by="",
        wanted_at=None,
        wall_time="",
        zone="",
    )
    put_in_queue(letters)
    if keep_hours := [one.id for one in found if one.message_class != Message.MessageClass.TRANSACTIONAL]:
        plan_hours(keep_hours)
    # The moment by which an Undo finds them, whatever the hours moved.
    letters.update(updated_at=decided_at)
    for lane in {message.lane for message in found}:
        note_work(queue_of(lane))


def _numbers(letters: Many[Message], name: str, amount: int) -> dict[tuple[str, str], int]:
    """What changes in a number of the steps that letters are of."""
    steps = Counter(step_of(message) for message in letters if is_counted(message))
    return {(name, step): number * amount for step, number in steps.items()}
