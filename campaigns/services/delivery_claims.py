"""Taking messages in hand: under a token, for a while, each counted as an attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from campaigns.services.pressure import free_places
from ecosystem.base.sql import array_text, execute, rows

LEASE_SECONDS = 60
# What is due for so long is looked at as if it were planned now: is this an hour to write to somebody?
LATE_SECONDS = 3_600
RECONCILIATION_SECONDS = 15 * 60
# The first try, and one after each of the five waits of the ladder.
MOST_ATTEMPTS = 6
# A message that was begun so often and never got an answer, at which workers died, is set aside: the others flow.
MOST_CRASHES = 5
# So often a message is begun together with others; from then on by itself, since it may take its worker down.
MOST_CRASHES_TOGETHER = 2

# What a worker must know of a message. Ids stay text where they only go back to PostgreSQL or name a letter: making a
# UUID of each costs more than reading the row.
_COLUMNS = """
       message.id::text AS key, message.channel, message.address, message.address_hash, message.template,
       message.content_version_id::text AS content_version_id, message.topic_id::text AS topic_id,
       message.signup_id::text AS signup_id, message.message_class, message.merge, message.answered,
       message.is_test"""

_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id, due_at, attempt FROM campaigns_queuedmessage
     WHERE business_id = %(business_id)s AND lane = %(lane)s AND due_at <= %(now)s AND claim_token IS NULL
     ORDER BY due_at LIMIT %(count)s FOR UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT message.*, due.due_at AS place, due.attempt AS tries,
           CASE WHEN message.expires_at <= %(now)s THEN 'expired'
                WHEN due.attempt - message.answered >= %(crashes)s THEN 'parked'
                ELSE '' END AS ending
      FROM campaigns_message AS message JOIN due ON due.id = message.id
     WHERE message.business_id = %(business_id)s AND message.id = ANY (ARRAY (SELECT id FROM due))
), met AS MATERIALIZED (
    -- What may be deadly is taken alone, once it is the oldest: a worker may die before it hands anything over.
    SELECT * FROM (
        SELECT judged.*, row_number() OVER oldest AS turn,
               count(*) FILTER (WHERE ending = '' AND tries - answered >= %(together)s) OVER oldest AS deadly
          FROM judged WINDOW oldest AS (ORDER BY place, id ROWS UNBOUNDED PRECEDING)) AS one
     WHERE deadly = 0 OR turn = 1
), taken AS (
    UPDATE campaigns_queuedmessage AS queued SET claim_token = %(token)s, attempt = queued.attempt + 1
      FROM met
     WHERE queued.business_id = %(business_id)s AND queued.id = met.id
       AND queued.id = ANY (ARRAY (SELECT id FROM due)) AND met.ending = ''
), claim AS (
    INSERT INTO campaigns_messageclaim (business_id, id, lane, lease_until, message_ids, keyed_by, marked_in_rows_by)
    SELECT %(business_id)s, %(token)s, %(lane)s, clock_timestamp() + make_interval(secs => %(lease)s), array_agg(id),
           %(keyed_by)s, CASE WHEN %(marks_rows)s THEN pg_postmaster_start_time() END
      FROM met WHERE ending = '' HAVING count(*) > 0
), ended AS (
    UPDATE campaigns_message AS message
       SET state = met.ending, attempt = met.tries, updated_at = clock_timestamp(),
           reason = CASE met.ending WHEN 'expired' THEN 'too_late' ELSE 'too_many_attempts' END
      FROM met
     WHERE message.business_id = %(business_id)s AND message.id = met.id AND met.ending <> ''
    RETURNING message.state, message.sequence_id, message.step_key, message.is_test, message.is_replaced
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING met
     WHERE queued.business_id = %(business_id)s AND queued.id = met.id AND met.ending <> ''
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), CASE state WHEN 'expired' THEN 'step.skipped:too_late' ELSE 'step.failed' END,
           sequence_id || ':' || step_key, count(*)
      FROM ended WHERE sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
     GROUP BY state, sequence_id, step_key
)
SELECT {_COLUMNS}, tries + 1 AS attempt,
       place < clock_timestamp() - make_interval(secs => %(late)s) AS is_late, ending
  FROM met AS message ORDER BY place, id"""  # noqa: S608

_HANDED = f"""
SELECT {_COLUMNS}, queued.attempt, false AS is_late
  FROM campaigns_queuedmessage AS queued
  JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = queued.id
 WHERE queued.business_id = %(business_id)s AND queued.id = ANY (%(ids)s::uuid[])
   AND queued.claim_token = %(token)s AND queued.handed_at IS NOT NULL"""  # noqa: S608

_GIVE_BACK = """
UPDATE campaigns_queuedmessage SET claim_token = NULL, attempt = attempt - 1
 WHERE business_id = %(business_id)s AND id = ANY (%(ids)s::uuid[]) AND claim_token = %(token)s AND handed_at IS NULL"""

_GIVE_BACK_FOR_LATER = """
UPDATE campaigns_queuedmessage AS queued
   SET claim_token = NULL, attempt = attempt - 1, due_at = clock_timestamp() + make_interval(secs => later.seconds)
  FROM unnest(%(ids)s::uuid[], %(seconds)s::float8[]) AS later(id, seconds)
 WHERE queued.business_id = %(business_id)s AND queued.id = later.id AND queued.claim_token = %(token)s
   AND queued.handed_at IS NULL"""

# What somebody needs and nobody knows to have arrived goes once more by itself. A text does not: it stays so until its
# provider tells or somebody decides.
GOES_AGAIN = """business_id = %(business_id)s AND rare_state = 'unknown' AND lane = %(lane)s
       AND message_class = 'transactional' AND channel <> 'sms' AND reason NOT IN ('resent', 'while_away')"""

_NEXT = f"""
SELECT least(
    (SELECT greatest(due_at, %(not_before)s) FROM campaigns_queuedmessage
      WHERE business_id = %(business_id)s AND lane = %(lane)s AND claim_token IS NULL ORDER BY due_at LIMIT 1),
    (SELECT min(lease_until) + interval '1 second' FROM campaigns_messageclaim
      WHERE business_id = %(business_id)s AND lane = %(lane)s),
    (SELECT min(handed_at) + make_interval(secs => %(wait)s) FROM campaigns_message
      WHERE {GOES_AGAIN})) AS due_at"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """What a worker must know of a message in its hand. `key` is its id as text, and so are the other ids."""

    id: UUID
    key: str
    channel: str
    address: str
    address_hash: str
    template: str
    content_version_id: str | None
    topic_id: str | None
    signup_id: str | None
    message_class: str
    merge: dict[str, Any]
    attempt: int
    answered: int
    is_test: bool
    is_late: bool


def claim_messages(
    lane: str, *, token: UUID, now: datetime, count: int, marks_rows: bool = True, keyed_by: str = ""
) -> list[ClaimedMessage]:
    """Take up to `count` due messages in hand under a token, for 60 s. The attempt counts from here.

    The oldest first, up to the first at which two workers may have died: such a one is taken by itself.
    What is past its time expires; what took down five workers is set aside, however often it was refused beside that; a
    place in their person's ring is free again.
    `marks_rows` says that the running mark will stand in the rows, and that a row without it has not begun. `keyed_by`
    names an account that can be asked later for what is in doubt.
    """
    given = {"lane": lane, "token": token, "now": now, "count": count, "lease": LEASE_SECONDS, "late": LATE_SECONDS}
    given |= {"crashes": MOST_CRASHES, "together": MOST_CRASHES_TOGETHER}
    found = rows(
        _CLAIM, {**given, "marks_rows": marks_rows, "keyed_by": keyed_by}, prepared="claim_messages", keeps_plan=True
    )
    claimed, ended = [], []
    for row in found:
        if row.pop("ending"):
            ended.append(row["key"])
        else:
            claimed.append(_claimed(row))
    if ended:
        # Another letter may have left them its place.
        free_places(ended)
    return claimed


def handed_messages(token: UUID, ids: list[UUID]) -> list[ClaimedMessage]:
    """Those of some messages that are handed over under a token and of which no end is written down."""
    return [_claimed(row) for row in rows(_HANDED, {"token": token, "ids": ids})]


def give_back(claimed: Sequence[ClaimedMessage], *, token: UUID) -> None:
    """Let go of messages for which there was no time; that was no attempt."""
    execute(_GIVE_BACK, {"ids": as_array(claimed), "token": token})


def give_back_for_later(claimed: Sequence[tuple[ClaimedMessage, float]], *, token: UUID) -> None:
    """Let go of messages that may leave after so many seconds each; that was no attempt."""
    seconds = array_text([f"{wait:.3f}" for _message, wait in claimed])
    ids = as_array([message for message, _wait in claimed])
    execute(_GIVE_BACK_FOR_LATER, {"ids": ids, "seconds": seconds, "token": token})


def next_due(lane: str, *, not_before: datetime | None = None) -> datetime | None:
    """When there is something to do next in a lane of the current business; what waits, waits until `not_before`."""
    given = {"lane": lane, "wait": RECONCILIATION_SECONDS, "not_before": not_before}
    found: datetime | None = rows(_NEXT, given)[0]["due_at"]
    return found


def as_array(messages: Sequence[ClaimedMessage]) -> str:
    """The ids as PostgreSQL writes an array: one value instead of many to be quoted."""
    return array_text([message.key for message in messages])


def _claimed(row: dict[str, Any]) -> ClaimedMessage:
    row["merge"] = orjson.loads(row["merge"])
    return ClaimedMessage(id=UUID(row["key"]), **row)
