"""What became of messages that were handed over: written down in bulk, by the worker whose token still fits."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from campaigns.gateways.base import Outcome, Verdict
from campaigns.services.delivery_claims import MOST_ATTEMPTS, ClaimedMessage
from contacts.models import Channel, ContactPoint, Interaction, Suppression
from contacts.services.interactions import NewInteraction, add_interactions
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope

log = structlog.get_logger(__name__)

# After a definite no: 1, 5, 30 minutes, 2, 8 hours, each a little earlier or later.
RETRY_SECONDS = (60, 300, 1_800, 7_200, 28_800)
FAULT_SECONDS = 60
NO_SUCH_ADDRESS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")

# The rows are named by id. The state is compared so that no index by state is taken for it: such a one holds what has
# long left the state.
_RECORD = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[], %(provider_ids)s::text[],
                         %(waits)s::int[], %(free)s::bool[])
           AS given(id, state, reason, provider_id, wait_seconds, is_free)
), recorded AS (
    UPDATE campaigns_message AS message
       SET state = CASE WHEN given.state = 'queued' AND message.expires_at
                             <= clock_timestamp() + make_interval(secs => given.wait_seconds) THEN 'expired'
                        ELSE given.state END,
           reason = CASE WHEN given.state = 'queued' AND message.expires_at
                              <= clock_timestamp() + make_interval(secs => given.wait_seconds) THEN 'too_late'
                         WHEN message.reason = 'resent' AND given.state IN ('queued', 'unknown') THEN 'resent'
                         ELSE given.reason END,
           provider_id = given.provider_id, claim_token = NULL, lease_until = NULL,
           accepted_at = CASE given.state WHEN 'accepted' THEN clock_timestamp() END,
           handed_at = CASE WHEN given.state <> 'queued' THEN message.handed_at END,
           started_at = CASE WHEN given.state <> 'queued' THEN coalesce(message.started_at, message.handed_at) END,
           attempt = message.attempt - CASE WHEN given.is_free THEN 1 ELSE 0 END,
           due_at = CASE WHEN given.state = 'queued'
                         THEN clock_timestamp() + make_interval(secs => given.wait_seconds) ELSE message.due_at END,
           updated_at = clock_timestamp()
      FROM given
     WHERE message.business_id = %(business_id)s AND message.id = given.id AND message.id = ANY (%(ids)s::uuid[])
       AND message.claim_token = %(token)s AND message.state || '' = 'handed'
    RETURNING message.id, message.state, message.reason, message.contact_id, message.sequence_id, message.step_key,
              message.is_test, message.accepted_at
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), name, key, count(*)
      FROM (SELECT CASE state WHEN 'accepted' THEN 'step.sent' WHEN 'unknown' THEN 'step.unknown'
                              WHEN 'skipped' THEN 'step.skipped:' || reason WHEN 'expired' THEN 'step.skipped:too_late'
                              ELSE 'step.failed' END AS name,
                   sequence_id || ':' || step_key AS key
              FROM recorded WHERE state <> 'queued' AND sequence_id IS NOT NULL AND NOT is_test) AS changed
     GROUP BY name, key
)
SELECT id, state, contact_id, is_test, accepted_at FROM recorded"""


@dataclass(frozen=True, slots=True)
class Result:
    """What is written down of one message. A free one does not count as an attempt."""

    message: ClaimedMessage
    state: str
    reason: str = ""
    provider_id: str = ""
    wait_seconds: int = 0
    is_free: bool = False


def result_of(message: ClaimedMessage, outcome: Outcome) -> Result:
    """An answer of the gateway, judged: sent, to be tried again, refused for good, or not known."""
    words = " ".join(f"{outcome.code or ''} {outcome.response}".split())[:160]
    if outcome.verdict == Verdict.ACCEPTED:
        return Result(message, "accepted", provider_id=outcome.provider_id)
    if outcome.verdict == Verdict.PERHAPS:
        return Result(message, "unknown", "no_answer")
    if outcome.is_fault and not outcome.was_started:
        wait = round(FAULT_SECONDS * random.uniform(0.9, 1.3))  # noqa: S311 - jitter, no secret
        return Result(message, "queued", words, wait_seconds=wait, is_free=True)
    if not outcome.was_started and outcome.code is None:
        return Result(message, "queued", is_free=True)
    if outcome.verdict == Verdict.REFUSED_TEMPORARY:
        return _again(message, words)
    if any(code in outcome.response for code in NO_SUCH_ADDRESS):
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
            recorded = _record(results, token)
            add_interactions([_line(row) for row in recorded if _is_on_timeline(row)])
            _stop_bounced(results, recorded)
    except DomainError as error:
        # Somebody was erased in this very moment: what was sent must be known all the same.
        log.warning("results_without_timeline", code=error.code)
        with business_scope(business_id):
            recorded = _record(results, token)
            _stop_bounced(results, recorded)
    if len(recorded) < len(results):
        log.warning("late_results_rejected", count=len(results) - len(recorded))
    return len(recorded)


def _again(message: ClaimedMessage, words: str) -> Result:
    if message.attempt >= MOST_ATTEMPTS:
        return Result(message, "failed", words)
    wait = RETRY_SECONDS[min(message.attempt, len(RETRY_SECONDS)) - 1]
    return Result(message, "queued", words, wait_seconds=round(wait * random.uniform(0.8, 1.2)))  # noqa: S311 - jitter


def _record(results: Sequence[Result], token: UUID) -> list[dict[str, Any]]:
    return rows(
        _RECORD,
        {
            "ids": [result.message.id for result in results],
            "states": [result.state for result in results],
            "reasons": [result.reason for result in results],
            "provider_ids": [result.provider_id[:200] for result in results],
            "waits": [result.wait_seconds for result in results],
            "free": [result.is_free for result in results],
            "token": token,
        },
        prepared="record_results",
        keeps_plan=True,
    )


def _is_on_timeline(row: dict[str, Any]) -> bool:
    return row["state"] == "accepted" and row["contact_id"] is not None and not row["is_test"]


def _line(row: dict[str, Any]) -> NewInteraction:
    return NewInteraction(
        contact_id=row["contact_id"],
        kind="message_sent",
        source="campaigns.message",
        external_id=str(row["id"]),
        occurred_at=row["accepted_at"],
        channel=Channel.EMAIL,
        direction=Interaction.Direction.OUT,
        object_id=row["id"],
    )


def _stop_bounced(results: Sequence[Result], recorded: list[dict[str, Any]]) -> None:
    """Never write again to an address that does not exist."""
    gone = {row["id"] for row in recorded if row["state"] == "bounced"}
    for result in results:
        message = result.message
        if message.id in gone:
            suppress_address(
                channel=message.channel,
                hashes=address_hashes(message.channel, message.address),
                topic=None,
                reason=Suppression.Reason.BOUNCED,
            )
            ContactPoint.objects.filter(kind="email", value_norm=message.address, bounced_at=None).update(
                bounced_at=clock_now()
            )
