"""What dead workers left behind: finished by the word of their running mark, taken back, or not known."""

from typing import Any
from uuid import UUID

from campaigns.services.delivery_claims import GOES_AGAIN, RECONCILIATION_SECONDS, handed_messages
from campaigns.services.delivery_lookups import note_lookup
from campaigns.services.delivery_marks import Told, drop_old_marks, told_under
from campaigns.services.delivery_results import record_results, result_of
from ecosystem.base import faults
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import current_business_id

_LEFT = """
SELECT id AS token, marked_in_rows_by IS NULL AS has_file, keyed_by FROM campaigns_messageclaim
 WHERE business_id = %(business_id)s AND lane = %(lane)s AND lease_until < clock_timestamp()
 ORDER BY lease_until LIMIT 100"""

# Only the handful in which a worker died counts an attempt, or all it had in hand where it had handed nothing over;
# what died twice with others is claimed by itself next time.
# A mark in the row may only make unknowns fewer: it is believed while the PostgreSQL that took it is still the same.
_SWEEP = """
WITH left_behind AS MATERIALIZED (
    SELECT queued.id, claim.keyed_by, claim.id AS token, queued.handed_at,
           queued.handed_at IS NULL
               OR (claim.id = ANY (%(told)s::uuid[]) AND NOT queued.id = ANY (%(begun)s::uuid[]))
               OR (queued.started_at IS NULL
                   AND claim.marked_in_rows_by IS NOT DISTINCT FROM pg_postmaster_start_time())
               AS is_untouched
      FROM campaigns_messageclaim AS claim
     CROSS JOIN LATERAL unnest(claim.message_ids) AS held(id)
      JOIN campaigns_queuedmessage AS queued
        ON queued.business_id = %(business_id)s AND queued.id = held.id AND queued.claim_token = claim.id
     WHERE claim.business_id = %(business_id)s AND claim.id = ANY (%(tokens)s::uuid[])
       AND claim.lease_until < statement_timestamp()
     ORDER BY queued.id FOR UPDATE OF queued SKIP LOCKED
), charged AS (
    SELECT id, handed_at IS NOT NULL OR count(handed_at) OVER (PARTITION BY token) = 0 AS is_charged, is_untouched
      FROM left_behind
), back AS (
    UPDATE campaigns_queuedmessage AS queued
       SET claim_token = NULL, handed_at = NULL, started_at = NULL,
           attempt = queued.attempt - CASE WHEN is_charged THEN 0 ELSE 1 END,
           due_at = clock_timestamp() + random() * make_interval(secs => queued.attempt - 1)
      FROM charged
     WHERE queued.business_id = %(business_id)s AND queued.id = charged.id AND is_untouched
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING left_behind
     WHERE queued.business_id = %(business_id)s AND queued.id = left_behind.id AND NOT left_behind.is_untouched
    RETURNING queued.id, queued.handed_at, queued.attempt, left_behind.keyed_by
), unknown AS (
    UPDATE campaigns_message AS message
       SET state = 'unknown', reason = CASE message.reason WHEN 'resent' THEN 'resent' ELSE 'no_answer' END,
           handed_at = gone.handed_at, attempt = gone.attempt, provider_id = gone.keyed_by,
           updated_at = clock_timestamp()
      FROM gone
     WHERE message.business_id = %(business_id)s AND message.id = gone.id
    RETURNING message.sequence_id, message.step_key, message.is_test, message.is_replaced
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.unknown', sequence_id || ':' || step_key, count(*)
      FROM unknown WHERE sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
     GROUP BY sequence_id, step_key
)
SELECT count(*) AS swept FROM left_behind"""

_CLOSE = """
DELETE FROM campaigns_messageclaim AS claim
 WHERE claim.business_id = %(business_id)s AND claim.id = ANY (%(tokens)s::uuid[])
   AND claim.lease_until < clock_timestamp()
   AND NOT EXISTS (SELECT FROM unnest(claim.message_ids) AS held(id)
                     JOIN campaigns_queuedmessage AS queued
                       ON queued.business_id = %(business_id)s AND queued.id = held.id
                    WHERE queued.claim_token = claim.id)"""

_RESEND = f"""
WITH again AS (
    UPDATE campaigns_message
       SET state = 'queued', reason = 'resent', due_at = clock_timestamp(), updated_at = clock_timestamp()
     WHERE {GOES_AGAIN} AND handed_at < statement_timestamp() - make_interval(secs => %(wait)s)
    RETURNING id, lane, due_at, attempt
)
INSERT INTO campaigns_queuedmessage (business_id, id, lane, due_at, attempt)
SELECT %(business_id)s, id, lane, due_at, attempt FROM again"""  # noqa: S608


def sweep_messages(lane: str) -> int:
    """Judge what dead workers left behind in a lane of the current business; how many messages that were.

    What a worker heard before it died is written down as it would have done. What it had not begun waits again. What it
    had begun without an answer is not known.
    """
    faults.hit("in_sweeper")
    left = rows(_LEFT, {"lane": lane})
    if not left:
        return 0
    told = {row["token"]: words for row in left if row["has_file"] and (words := told_under(row["token"])) is not None}
    keyed = {row["token"]: row["keyed_by"] for row in left}
    finished = sum(_finish(token, words, keyed[token]) for token, words in told.items())
    begun = [message_id for words in told.values() for message_id in words.begun]
    given: dict[str, Any] = {"tokens": [row["token"] for row in left], "told": list(told), "begun": begun}
    swept = int(rows(_SWEEP, given)[0]["swept"])
    execute(_CLOSE, given)
    if swept:
        note_lookup()
    drop_old_marks()
    return finished + swept


def resend_unknown(lane: str) -> int:
    """Queue once more, with the same Message-ID, what somebody needs and nobody knows to have arrived; how many.

    Letters alone: a text that is not known stays so until its provider tells or somebody decides.
    """
    faults.hit("before_requeue")
    return execute(_RESEND, {"lane": lane, "wait": RECONCILIATION_SECONDS})


def _finish(token: UUID, told: Told, keyed_by: str) -> int:
    """Write down the answers that a dead worker got and had no time to write down; how many that were."""
    if not told.answers:
        return 0
    handed = {message.id: message for message in handed_messages(token, list(told.answers))}
    results = [
        result_of(message, told.answers[message_id], keyed_by=keyed_by) for message_id, message in handed.items()
    ]
    return record_results(current_business_id(), results, token=token)
