"""The gate: the last look at everything that may forbid a message, in the statement that hands it over.

Who said no before this statement began is never written to. A no that comes later reaches whatever has not been handed
over: at most the messages of this one sub-batch can still go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from campaigns.queries.eligibility import ELIGIBILITY_SQL
from campaigns.services.delivery_claims import ClaimedMessage, as_array
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import array_text, rows_alone
from ecosystem.base.tenancy import current_business_id

PAUSED_SECONDS = {"business_paused": 300, "sequence_paused": 3600}

# A place in the queue is handed over or given up by its token: who called the message off meanwhile took the place
# away, and then nothing happens here. Places are read, and so locked, in one order, as they are there.
_GATE_BEGIN = """
WITH held AS MATERIALIZED (
    SELECT queued.id, given.place, given.hashes
      FROM unnest(%(ids)s::uuid[], %(hashes)s::text[]) WITH ORDINALITY AS given(id, hashes, place)
      JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = given.id
     WHERE queued.claim_token = %(token)s AND queued.handed_at IS NULL
       AND EXISTS (SELECT FROM campaigns_messageclaim AS claim
                    WHERE claim.business_id = %(business_id)s AND claim.id = %(token)s
                      AND claim.lease_until > clock_timestamp())
     ORDER BY queued.id
), candidate AS MATERIALIZED (
    SELECT message.id AS row_id, held.place, message.channel, message.topic_id, message.is_test, message.template,
           message.signup_id, message.enrollment_id, message.sequence_id, message.address,
           CASE WHEN NOT message.is_test THEN message.contact_id END AS contact_id,
           CASE WHEN message.is_test THEN 'transactional' ELSE message.message_class END AS message_class,
           string_to_array(held.hashes, ',') AS address_hashes
      FROM held
      JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = held.id
), """

_GATE_END = """, judged AS MATERIALIZED (
    SELECT mine.row_id AS id, mine.place,
           CASE WHEN business.state <> 'active' THEN 'business_closed'
                WHEN mine.is_test THEN mine.reason
                WHEN mine.template = 'confirm_signup' AND signup.state IS DISTINCT FROM 'requested'
                     THEN 'confirmed_already'
                WHEN mine.template = 'confirm_signup' AND EXISTS (
                        SELECT FROM contacts_suppression AS stop
                         WHERE stop.business_id = %(business_id)s AND stop.channel = mine.channel
                           AND stop.address_hash = ANY (mine.address_hashes)
                           AND stop.reason = 'complained' AND stop.lifted_at IS NULL) THEN 'complained'
                WHEN walk.state = 'exited' THEN 'left_sequence'
                WHEN sequence.state = 'archived' THEN 'sequence_ended'
                WHEN mine.message_class <> 'transactional' AND mine.own_address <> mine.address THEN 'other_address'
                -- The one answer that somebody gets who has just left, and the help that they ask for.
                WHEN mine.template IN ('text_stopped', 'text_help')
                     AND mine.reason NOT IN ('business_paused', 'bounced') THEN ''
                WHEN mine.reason <> '' THEN mine.reason
                WHEN sequence.state = 'paused' THEN 'sequence_paused'
                ELSE '' END AS reason
      FROM verdict AS mine
      JOIN ecosystem_business AS business ON business.id = %(business_id)s
      LEFT JOIN campaigns_sequence AS sequence
             ON sequence.business_id = %(business_id)s AND sequence.id = mine.sequence_id
      LEFT JOIN campaigns_enrollment AS walk ON walk.business_id = %(business_id)s AND walk.id = mine.enrollment_id
      LEFT JOIN campaigns_signup AS signup ON signup.business_id = %(business_id)s AND signup.id = mine.signup_id
), decided AS MATERIALIZED (
    SELECT id, place, reason, CASE WHEN reason = '' THEN 'handed'
                                   WHEN reason IN ('business_paused', 'sequence_paused') THEN 'deferred'
                                   ELSE 'skipped' END AS state
      FROM judged
), handed AS (
    UPDATE campaigns_queuedmessage AS queued SET handed_at = clock_timestamp(), started_at = NULL
      FROM decided
     WHERE queued.business_id = %(business_id)s AND queued.id = decided.id AND decided.state = 'handed'
       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL
    RETURNING decided.place
)
SELECT place, 'handed' AS state, '' AS reason FROM handed
UNION ALL
SELECT place, state, reason FROM decided WHERE state <> 'handed'"""

# Few do not pass: what becomes of them is written by a statement of its own, so that the many need not carry its
# tables. A worker that dies in between leaves them claimed, and they are judged anew.
_STOP = """
WITH given AS (
    SELECT id, state, reason, clock_timestamp() + make_interval(secs => wait_seconds) AS again_at
      FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[], %(waits)s::int[])
           AS given(id, state, reason, wait_seconds)
), waiting AS (
    UPDATE campaigns_queuedmessage AS queued
       SET claim_token = NULL, attempt = queued.attempt - 1, due_at = given.again_at
      FROM given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id AND given.state = 'deferred'
       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL
    RETURNING given.*, queued.attempt
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id AND given.state = 'skipped'
       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL
    RETURNING given.*, queued.attempt
), kept AS MATERIALIZED (
    SELECT * FROM waiting UNION ALL SELECT * FROM gone
), stopped AS (
    UPDATE campaigns_message AS message
       SET state = kept.state, reason = kept.reason, attempt = kept.attempt, updated_at = clock_timestamp(),
           due_at = CASE kept.state WHEN 'deferred' THEN kept.again_at ELSE message.due_at END
      FROM kept
     WHERE message.business_id = %(business_id)s AND message.id = kept.id
    RETURNING message.state, message.reason, message.sequence_id, message.step_key, message.is_test
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.skipped:' || reason, sequence_id || ':' || step_key, count(*)
      FROM stopped WHERE state = 'skipped' AND sequence_id IS NOT NULL AND NOT is_test
     GROUP BY reason, sequence_id, step_key
)
SELECT count(*) AS stopped FROM stopped"""

GATE = _GATE_BEGIN + ELIGIBILITY_SQL + _GATE_END


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate said of one message: handed, skipped or deferred, with the reason."""

    id: UUID
    state: str
    reason: str


def pass_gate(
    messages: Sequence[ClaimedMessage], *, token: UUID, business_id: int | None = None
) -> dict[UUID, Passage]:
    """Hand over what may go, in one statement, committed before the first byte leaves; skip or defer the rest.

    A message that is missing in the answer is not ours any more: called off, or its lease was lost.
    """
    business_id = business_id or current_business_id()
    found = rows_alone(
        GATE,
        {
            "ids": as_array(messages),
            "hashes": array_text([",".join(address_hashes(one.channel, one.address)) for one in messages]),
            "token": token,
            "now": clock_now(),
        },
        business_id=business_id,
        prepared="pass_gate",
    )
    ids = [message.id for message in messages]
    passages = [Passage(ids[row["place"] - 1], row["state"], row["reason"]) for row in found]
    stopped = [passage for passage in passages if passage.state != "handed"]
    if stopped:
        _stop(stopped, token, business_id)
    return {passage.id: passage for passage in passages}


def _stop(stopped: Sequence[Passage], token: UUID, business_id: int) -> None:
    """Write down why messages do not go, or when they will be looked at again."""
    given = {
        "ids": array_text([str(passage.id) for passage in stopped]),
        "states": array_text([passage.state for passage in stopped]),
        "reasons": array_text([passage.reason for passage in stopped]),
        "waits": array_text([str(PAUSED_SECONDS.get(passage.reason, 0)) for passage in stopped]),
        "token": token,
    }
    rows_alone(_STOP, given, business_id=business_id, prepared="stop_at_gate")
