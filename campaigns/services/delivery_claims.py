"""Taking messages in hand, and taking them back from workers that died."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.services.delivery_marks import begun_under, drop_old_marks
from ecosystem.base import faults
from ecosystem.base.sql import execute, rows

LEASE_SECONDS = 60
RECONCILIATION_SECONDS = 15 * 60
# A message that was begun so often and never got an answer is set aside, so that the others flow.
MOST_ATTEMPTS = 6

_CLAIM = """
WITH due AS (
    SELECT id FROM campaigns_message
     WHERE business_id = %(business_id)s AND lane = %(lane)s AND state IN ('queued', 'deferred') AND due_at <= %(now)s
     ORDER BY due_at LIMIT %(count)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE campaigns_message AS message
       SET state = CASE WHEN message.expires_at <= %(now)s THEN 'expired'
                        WHEN message.attempt >= %(most)s THEN 'parked' ELSE 'claimed' END,
           reason = CASE WHEN message.expires_at <= %(now)s THEN 'too_late'
                         WHEN message.attempt >= %(most)s THEN 'too_many_attempts'
                         WHEN message.reason = 'resent' THEN 'resent' ELSE '' END,
           attempt = message.attempt + 1, claim_token = %(token)s,
           lease_until = clock_timestamp() + make_interval(secs => %(lease)s), updated_at = clock_timestamp()
      FROM due
     WHERE message.business_id = %(business_id)s AND message.id = due.id
       AND message.id = ANY (ARRAY (SELECT id FROM due))
    RETURNING message.id, message.channel, message.address, message.template, message.content_version_id,
              message.topic_id, message.contact_id, message.signup_id, message.message_class, message.merge,
              message.attempt, message.is_test, message.state, message.sequence_id, message.step_key, message.due_at
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), CASE state WHEN 'expired' THEN 'step.skipped:too_late' ELSE 'step.failed' END,
           sequence_id || ':' || step_key, count(*)
      FROM taken WHERE state <> 'claimed' AND sequence_id IS NOT NULL AND NOT is_test
     GROUP BY state, sequence_id, step_key
)
SELECT id, channel, address, template, content_version_id, topic_id, contact_id, signup_id, message_class, merge,
       attempt, is_test
  FROM taken WHERE state = 'claimed' ORDER BY due_at, id"""

_LEFT_HANDED = """
SELECT id, claim_token FROM campaigns_message
 WHERE business_id = %(business_id)s AND lane = %(lane)s AND state = 'handed' AND lease_until < clock_timestamp()
   AND postmaster_started_at IS NULL"""

# A mark in the row may only make unknowns fewer: it is believed while the PostgreSQL that took it is still the same.
_SWEEP = """
WITH left_behind AS (
    SELECT id, state = 'claimed' OR (id = ANY (%(untouched)s::uuid[]) AND claim_token = ANY (%(tokens)s::uuid[]))
               OR (started_at IS NULL AND postmaster_started_at IS NOT DISTINCT FROM pg_postmaster_start_time())
               AS is_untouched
      FROM campaigns_message
     WHERE business_id = %(business_id)s AND lane = %(lane)s AND state IN ('claimed', 'handed')
       AND lease_until < statement_timestamp()
     ORDER BY id FOR UPDATE SKIP LOCKED
), swept AS (
    UPDATE campaigns_message AS message
       SET state = CASE WHEN left_behind.is_untouched THEN 'queued' ELSE 'unknown' END,
           reason = CASE WHEN message.reason = 'resent' THEN 'resent'
                         WHEN left_behind.is_untouched THEN '' ELSE 'no_answer' END,
           due_at = clock_timestamp() + random() * make_interval(secs => message.attempt - 1),
           claim_token = NULL, lease_until = NULL, updated_at = clock_timestamp()
      FROM left_behind
     WHERE message.business_id = %(business_id)s AND message.id = left_behind.id
    RETURNING message.state, message.sequence_id, message.step_key, message.is_test
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.unknown', sequence_id || ':' || step_key, count(*)
      FROM swept WHERE state = 'unknown' AND sequence_id IS NOT NULL AND NOT is_test GROUP BY sequence_id, step_key
)
SELECT count(*) AS swept FROM swept"""

_RESEND = """
UPDATE campaigns_message
   SET state = 'queued', reason = 'resent', due_at = clock_timestamp(), updated_at = clock_timestamp()
 WHERE business_id = %(business_id)s AND lane = %(lane)s AND state = 'unknown' AND message_class = 'transactional'
   AND reason <> 'resent' AND handed_at < statement_timestamp() - make_interval(secs => %(wait)s)"""

_NEXT = """
SELECT least(
    (SELECT min(due_at) FROM campaigns_message
      WHERE business_id = %(business_id)s AND lane = %(lane)s AND state IN ('queued', 'deferred')),
    (SELECT min(lease_until) + interval '1 second' FROM campaigns_message
      WHERE business_id = %(business_id)s AND lane = %(lane)s AND state IN ('claimed', 'handed')),
    (SELECT min(handed_at) + make_interval(secs => %(wait)s) FROM campaigns_message
      WHERE business_id = %(business_id)s AND lane = %(lane)s AND state = 'unknown' AND message_class = 'transactional'
        AND reason <> 'resent')) AS due_at"""


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """What a worker must know of a message in its hand."""

    id: UUID
    channel: str
    address: str
    template: str
    content_version_id: UUID | None
    topic_id: UUID | None
    contact_id: UUID | None
    signup_id: UUID | None
    message_class: str
    merge: dict[str, Any]
    attempt: int
    is_test: bool


def claim_messages(lane: str, *, token: UUID, now: datetime, count: int) -> list[ClaimedMessage]:
    """Take up to `count` due messages in hand under a token, for 60 s. The attempt counts from here.

    What is past its time expires; what was tried too often is set aside.
    """
    given = {"lane": lane, "token": token, "now": now, "count": count, "lease": LEASE_SECONDS, "most": MOST_ATTEMPTS}
    return [
        ClaimedMessage(**{**row, "merge": json.loads(row["merge"])})
        for row in rows(_CLAIM, given, prepared="claim_messages", keeps_plan=True)
    ]


def sweep_messages(lane: str) -> int:
    """Judge what dead workers left behind: back to the queue if nothing can have left, else not known; how many."""
    faults.hit("in_sweeper")
    left = rows(_LEFT_HANDED, {"lane": lane})
    begun = {token: begun_under(token) for token in {row["claim_token"] for row in left}}
    told = {token: ids for token, ids in begun.items() if ids is not None}
    untouched = [row["id"] for row in left if row["id"] not in told.get(row["claim_token"], {row["id"]})]
    swept = rows(_SWEEP, {"lane": lane, "untouched": untouched, "tokens": list(told)})
    if swept[0]["swept"]:
        drop_old_marks()
    return int(swept[0]["swept"])


def resend_unknown(lane: str) -> int:
    """Queue once more, with the same Message-ID, what somebody needs and nobody knows to have arrived; how many."""
    faults.hit("before_requeue")
    return execute(_RESEND, {"lane": lane, "wait": RECONCILIATION_SECONDS})


def next_due(lane: str) -> datetime | None:
    """When there is something to do next in a lane of the current business."""
    found: datetime | None = rows(_NEXT, {"lane": lane, "wait": RECONCILIATION_SECONDS})[0]["due_at"]
    return found
