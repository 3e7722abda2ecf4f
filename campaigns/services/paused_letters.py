"""Letters that a pause holds back in the queue, let go when it ends."""

from campaigns.models import Enrollment, Sequence
from campaigns.services.messages import queue_of
from ecosystem.base.sql import rows
from ecosystem.services.agenda import note_work

# The place in the queue before the record, as the gate locks them.
_RELEASE = """
WITH held AS MATERIALIZED (
    SELECT queued.id
      FROM campaigns_message AS message
      JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
     WHERE message.business_id = %(business_id)s AND WHOSE
       AND message.state = 'deferred' AND message.reason = %(reason)s
     ORDER BY queued.id FOR UPDATE OF queued
), freed AS (
    UPDATE campaigns_queuedmessage AS queued SET due_at = clock_timestamp() FROM held
     WHERE queued.business_id = %(business_id)s AND queued.id = held.id
), told AS (
    UPDATE campaigns_message AS message
       SET state = 'queued', reason = '', due_at = clock_timestamp(), updated_at = clock_timestamp()
      FROM held WHERE message.business_id = %(business_id)s AND message.id = held.id
    RETURNING message.lane
)
SELECT DISTINCT lane FROM told"""
_OF_SEQUENCE = _RELEASE.replace("WHOSE", "message.sequence_id = %(sequence_id)s")
# By the person: there is an index of their letters, and none of a walk's.
_OF_WALK = _RELEASE.replace("WHOSE", "message.contact_id = %(contact_id)s AND message.enrollment_id = %(walk_id)s")


def release_letters_of_sequence(sequence: Sequence) -> None:
    """Queue what the pause of a whole sequence held, and wake the workers of its lanes."""
    _wake(rows(_OF_SEQUENCE, {"sequence_id": sequence.id, "reason": "sequence_paused"}))


def release_letters_of_walk(walk: Enrollment) -> None:
    """Queue what the pause of one person's walk held, and wake the workers of its lanes."""
    _wake(rows(_OF_WALK, {"contact_id": walk.contact_id, "walk_id": walk.id, "reason": "walk_paused"}))


def _wake(released: list[dict[str, str]]) -> None:
    for row in released:
        note_work(queue_of(row["lane"]))
