"""What became of messages that were handed over: written down in bulk, by the worker whose token still fits."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import IntegrityError

from campaigns.gateways.base import Outcome, Refusal, Verdict
from campaigns.models import Message
from campaigns.services.address_stops import stop_address
from campaigns.services.delivery_claims import MOST_ATTEMPTS, ClaimedMessage, as_array
from campaigns.services.delivery_lookups import note_lookup
from campaigns.services.pressure import free_places
from campaigns.services.proving import OPTED_OUT, tell_of_letters
from campaigns.services.standing import judge_standing
from campaigns.services.text_stops import stop_after_second_failure, stop_number
from contacts.models import Channel, ContactPoint, Suppression
from contacts.services.interactions import WRITE_LINES_SQL, publish_lines
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now as clock_now
from ecosystem.base.masking import mask
from ecosystem.base.sql import array_text, rows
from ecosystem.base.tenancy import business_scope

log = structlog.get_logger(__name__)

# After a definite no: 1, 5, 30 minutes, 2, 8 hours, each a little earlier or later.
RETRY_SECONDS = (60, 300, 1_800, 7_200, 28_800)
FAULT_SECONDS = 60
# At the beginning of an answer, as RFC 2034 has it: further on such figures may be part of a network address.
NO_SUCH_ADDRESS = re.compile(r"\A\s*5\.(?:1\.(?:1|2|3|6|10)|2\.1)\b(?!\.\d)")

# What is over leaves the queue, and only the worker whose token still fits takes it out; the record is written once.
_RECORD_BEGIN = """
WITH given AS (
    SELECT id, reason, provider_id, is_free, clock_timestamp() + make_interval(secs => wait_seconds) AS again_at,
           CASE WHEN given.state = 'queued' AND EXISTS (
                     SELECT FROM campaigns_message AS message
                      WHERE message.business_id = %(business_id)s AND message.id = given.id
                        AND message.expires_at <= clock_timestamp() + make_interval(secs => given.wait_seconds))
                THEN 'expired' ELSE given.state END AS state
      FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[], %(provider_ids)s::text[],
                  %(waits)s::int[], %(free)s::bool[])
           AS given(id, state, reason, provider_id, wait_seconds, is_free)
), over AS (
    DELETE FROM campaigns_queuedmessage AS queued USING given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id
       AND queued.claim_token = %(token)s AND queued.handed_at IS NOT NULL AND given.state <> 'queued'
    RETURNING queued.id, queued.attempt, queued.handed_at, given.state, given.provider_id, given.again_at,
              CASE given.state WHEN 'expired' THEN 'too_late' ELSE given.reason END AS reason, given.is_free
), again AS (
    UPDATE campaigns_queuedmessage AS queued
       SET claim_token = NULL, handed_at = NULL, started_at = NULL, due_at = given.again_at,
           attempt = queued.attempt - CASE WHEN given.is_free THEN 1 ELSE 0 END
      FROM given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id
       AND queued.claim_token = %(token)s AND queued.handed_at IS NOT NULL AND given.state = 'queued'
    RETURNING queued.id, queued.attempt, NULL::timestamptz AS handed_at, given.state, given.provider_id,
              given.again_at, given.reason, given.is_free
), known AS MATERIALIZED (
    SELECT * FROM over UNION ALL SELECT * FROM again
), recorded AS (
    UPDATE campaigns_message AS message
       SET state = known.state, provider_id = known.provider_id, attempt = known.attempt, handed_at = known.handed_at,
           answered = message.answered + CASE WHEN known.state = 'queued' AND NOT known.is_free THEN 1 ELSE 0 END,
           reason = CASE WHEN message.reason = 'resent' AND known.state IN ('queued', 'unknown') THEN 'resent'
                         ELSE known.reason END,
           accepted_at = CASE known.state WHEN 'accepted' THEN clock_timestamp() END,
           due_at = CASE known.state WHEN 'queued' THEN known.again_at ELSE message.due_at END,
           updated_at = clock_timestamp()
      FROM known
     WHERE message.business_id = %(business_id)s AND message.id = known.id AND message.id = ANY (%(ids)s::uuid[])
    RETURNING message.id, message.state, message.reason, message.contact_id, message.sequence_id, message.step_key,
              message.is_test, message.is_replaced, message.accepted_at, message.channel
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), name, key, count(*)
      FROM (SELECT CASE state WHEN 'accepted' THEN 'step.sent' WHEN 'unknown' THEN 'step.unknown'
                              WHEN 'skipped' THEN 'step.skipped:' || reason WHEN 'expired' THEN 'step.skipped:too_late'
                              ELSE 'step.failed' END AS name,
                   sequence_id || ':' || step_key AS key
              FROM recorded
             WHERE state <> 'queued' AND sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced) AS changed
     GROUP BY name, key
), line AS (
    SELECT uuidv7() AS id, contact_id, 'message_sent' AS kind, channel, 'out' AS direction, accepted_at AS occurred_at,
           'campaigns.message' AS source, id::text AS external_id, NULL::uuid AS actor_id, id AS object_id,
           NULL::bigint AS value_minor, '' AS currency, '{}'::jsonb AS params
      FROM recorded WHERE state = 'accepted' AND contact_id IS NOT NULL AND NOT is_test AND %(tells)s
)"""
_RECORD_END = """
SELECT (SELECT count(*) FROM recorded) AS recorded,
       ARRAY (SELECT id::text FROM recorded WHERE state = 'bounced') AS bounced,
       ARRAY (SELECT id::text FROM recorded WHERE state = 'failed' AND reason = 'opted_out') AS opted_out,
       ARRAY (SELECT id::text FROM recorded WHERE state NOT IN ('accepted', 'unknown')) AS not_gone,
       ARRAY (SELECT id::text FROM written) AS line_ids, ARRAY (SELECT contact_id::text FROM written) AS contact_ids"""
RECORD = _RECORD_BEGIN + WRITE_LINES_SQL + _RECORD_END


@dataclass(frozen=True, slots=True)
class Result:
    """What is written down of one message. A free one does not count as an attempt."""

    message: ClaimedMessage
    state: str
    reason: str = ""
    provider_id: str = ""
    wait_seconds: int = 0
    is_free: bool = False


def result_of(message: ClaimedMessage, outcome: Outcome, *, keyed_by: str = "") -> Result:
    """An answer of the gateway, judged: sent, to be tried again, refused for good, or not known.

    What is not known at an account that can say so (`keyed_by`) keeps its name, to be asked for there and nowhere else.
    """
    if outcome.verdict == Verdict.ACCEPTED:
        return Result(message, "accepted", provider_id=outcome.provider_id)
    if outcome.verdict == Verdict.PERHAPS:
        return Result(message, "unknown", "no_answer", provider_id=keyed_by)
    # Providers repeat whom a letter was for; that stands with the letter, for those who may see it.
    words = mask(" ".join(f"{outcome.code or ''} {outcome.response}".split()))[:160]
    if outcome.retry_after_seconds is not None:
        return Result(message, "queued", words, wait_seconds=outcome.retry_after_seconds, is_free=True)
    if outcome.refusal == Refusal.OPTED_OUT:
        return Result(message, "failed", OPTED_OUT)
    if outcome.refusal == Refusal.NO_SUCH_ADDRESS:
        return Result(message, "bounced", words)
    if outcome.is_fault and not outcome.was_started:
        wait = round(FAULT_SECONDS * random.uniform(0.9, 1.3))  # noqa: S311 - jitter, no secret
        return Result(message, "queued", words, wait_seconds=wait, is_free=True)
    if not outcome.was_started and outcome.code is None:
        return Result(message, "queued", is_free=True)
    if outcome.verdict == Verdict.REFUSED_TEMPORARY:
        return _again(message, words)
    if NO_SUCH_ADDRESS.match(outcome.response):
        return Result(message, "bounced", words)
    return Result(message, "failed", words)


def record_results(business_id: int, results: Sequence[Result], *, token: UUID) -> int:
    """Write down what became of a sub-batch, with timelines and counts, in one transaction; how many were still ours.

    A message whose lease was taken away keeps what was decided about it meanwhile.
    """
    if not results:
        return 0
    try:
        with business_scope(business_id):
            recorded = _record(results, token, tells=True)
    except IntegrityError:
        # Somebody was erased in this very moment: what was sent must be known all the same.
        log.warning("results_without_timeline")
        with business_scope(business_id):
            recorded = _record(results, token, tells=False)
    if recorded < len(results):
        log.warning("late_results_rejected", count=len(results) - recorded)
    return recorded


def _again(message: ClaimedMessage, words: str) -> Result:
    # The answers alone climb the ladder, not the workers that died.
    answered = message.answered + 1
    if answered >= MOST_ATTEMPTS:
        return Result(message, "failed", words)
    wait = RETRY_SECONDS[answered - 1]
    return Result(message, "queued", words, wait_seconds=round(wait * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter


def _record(results: Sequence[Result], token: UUID, *, tells: bool) -> int:
    done = rows(
        RECORD,
        {
            "ids": as_array([result.message for result in results]),
            "states": array_text([result.state for result in results]),
            "reasons": array_text([result.reason for result in results]),
            "provider_ids": array_text([result.provider_id[:200] for result in results]),
            "waits": array_text([str(result.wait_seconds) for result in results]),
            "free": array_text(["t" if result.is_free else "f" for result in results]),
            "token": token,
            "tells": tells,
        },
        prepared="record_results",
        keeps_plan=True,
    )[0]
    lines = zip(done["line_ids"], done["contact_ids"], strict=True)
    publish_lines((line_id, person, "message_sent") for line_id, person in lines)
    if done["not_gone"]:
        # A definite no: nobody was written to, so the next letter may have the place.
        free_places(done["not_gone"])
    if any(result.state == "unknown" for result in results):
        note_lookup()
    if done["bounced"]:
        gone = set(done["bounced"])
        _stop_bounced([result.message for result in results if result.message.key in gone])
        judge_standing(clock_now())
    if done["opted_out"]:
        gone = set(done["opted_out"])
        for message in [result.message for result in results if result.message.key in gone]:
            stop_number(message.address, source="provider")
    return int(done["recorded"])


def _stop_bounced(messages: Sequence[ClaimedMessage]) -> None:
    """Never write again to an address that does not exist."""
    for message in messages:
        if message.channel == Channel.SMS:
            stop_after_second_failure(message.address)
            continue
        hashes = address_hashes(message.channel, message.address)
        stop_address(message.channel, hashes, Suppression.Reason.BOUNCED)
        ContactPoint.objects.filter(kind="email", value_norm=message.address, bounced_at=None).update(
            bounced_at=clock_now()
        )
    letters = [message.id for message in messages if message.channel != Channel.SMS]
    gone = Message.objects.filter(id__in=letters).only("id", "contact_id", "channel", "is_test") if letters else ()
    tell_of_letters([(letter, "message_bounced", clock_now()) for letter in gone])
