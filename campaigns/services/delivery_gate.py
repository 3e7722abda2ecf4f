"""The gate: the last look at everything that may forbid a message, in the statement that hands it over.

Who said no before this statement began is never written to. A no that comes later reaches whatever has not been handed
over: at most the messages of this one sub-batch can still go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from campaigns.queries.eligibility import ELIGIBILITY_SQL
from campaigns.services.delivery_claims import LEASE_SECONDS, ClaimedMessage
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import rows_alone
from ecosystem.base.tenancy import current_business_id

PAUSED_SECONDS = {"business_paused": 300, "sequence_paused": 3600}

# The rows are locked first and in one order: who cancels waits for us, or we for them and then find the rows gone. They
# are named by id and looked at afterwards: an index by state holds what has long left that state.
_GATE_BEGIN = """
WITH held AS MATERIALIZED (
    SELECT message.id, message.contact_id, message.channel, message.topic_id, message.message_class, message.is_test,
           message.template, message.signup_id, message.enrollment_id, message.sequence_id, message.address,
           message.state, message.claim_token, message.lease_until, given.hashes
      FROM campaigns_message AS message
      JOIN unnest(%(ids)s::uuid[], %(hashes)s::text[]) AS given(id, hashes) ON given.id = message.id
     WHERE message.business_id = %(business_id)s AND message.id = ANY (%(ids)s::uuid[])
     ORDER BY message.id FOR UPDATE OF message
), mine AS MATERIALIZED (
    SELECT * FROM held
     WHERE state = 'claimed' AND claim_token = %(token)s AND lease_until > clock_timestamp()
), candidate AS (
    SELECT id AS row_id, CASE WHEN NOT is_test THEN contact_id END AS contact_id, channel, topic_id,
           CASE WHEN is_test THEN 'transactional' ELSE message_class END AS message_class,
           string_to_array(hashes, ',') AS address_hashes
      FROM mine
), """

_GATE_END = """, judged AS MATERIALIZED (
    SELECT mine.id,
           CASE WHEN business.state <> 'active' THEN 'business_closed'
                WHEN mine.is_test THEN verdict.reason
                WHEN mine.template = 'confirm_signup' AND signup.state IS DISTINCT FROM 'requested'
                     THEN 'confirmed_already'
                WHEN mine.template = 'confirm_signup' AND EXISTS (
                        SELECT FROM contacts_suppression AS stop
                         WHERE stop.business_id = %(business_id)s AND stop.channel = mine.channel
                           AND stop.address_hash = ANY (string_to_array(mine.hashes, ','))
                           AND stop.reason = 'complained' AND stop.lifted_at IS NULL) THEN 'complained'
                WHEN walk.state = 'exited' THEN 'left_sequence'
                WHEN sequence.state = 'archived' THEN 'sequence_ended'
                WHEN mine.message_class <> 'transactional' AND person.primary_email <> mine.address THEN 'other_address'
                WHEN verdict.reason <> '' THEN verdict.reason
                WHEN sequence.state = 'paused' THEN 'sequence_paused'
                ELSE '' END AS reason
      FROM mine
      JOIN verdict ON verdict.row_id = mine.id
      JOIN ecosystem_business AS business ON business.id = %(business_id)s
      LEFT JOIN campaigns_sequence AS sequence
             ON sequence.business_id = %(business_id)s AND sequence.id = mine.sequence_id
      LEFT JOIN campaigns_enrollment AS walk ON walk.business_id = %(business_id)s AND walk.id = mine.enrollment_id
      LEFT JOIN campaigns_signup AS signup ON signup.business_id = %(business_id)s AND signup.id = mine.signup_id
      LEFT JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = mine.contact_id
), decided AS (
    SELECT id, reason, CASE reason WHEN '' THEN 'handed' WHEN 'business_paused' THEN 'deferred'
                                   WHEN 'sequence_paused' THEN 'deferred' ELSE 'skipped' END AS state,
           CASE reason WHEN 'business_paused' THEN %(business_wait)s::int
                       ELSE %(sequence_wait)s::int END AS wait_seconds
      FROM judged
), passed AS (
    UPDATE campaigns_message AS message
       SET state = decided.state,
           reason = CASE WHEN decided.reason = '' AND message.reason = 'resent' THEN 'resent' ELSE decided.reason END,
           handed_at = CASE decided.state WHEN 'handed' THEN clock_timestamp() END,
           started_at = NULL,
           postmaster_started_at = CASE WHEN decided.state = 'handed' AND %(marks_rows)s
                                        THEN pg_postmaster_start_time() END,
           claim_token = CASE decided.state WHEN 'handed' THEN message.claim_token END,
           lease_until = CASE decided.state
                              WHEN 'handed' THEN clock_timestamp() + make_interval(secs => %(lease)s) END,
           attempt = CASE decided.state WHEN 'deferred' THEN message.attempt - 1 ELSE message.attempt END,
           due_at = CASE decided.state WHEN 'deferred'
                         THEN clock_timestamp() + make_interval(secs => decided.wait_seconds) ELSE message.due_at END,
           updated_at = clock_timestamp()
      FROM decided
     WHERE message.business_id = %(business_id)s AND message.id = decided.id AND message.id = ANY (%(ids)s::uuid[])
    RETURNING message.id, message.state, message.reason, message.sequence_id, message.step_key, message.is_test
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.skipped:' || reason, sequence_id || ':' || step_key, count(*)
      FROM passed WHERE state = 'skipped' AND sequence_id IS NOT NULL AND NOT is_test
     GROUP BY reason, sequence_id, step_key
)
SELECT id, state, reason FROM passed"""

GATE = _GATE_BEGIN + ELIGIBILITY_SQL + _GATE_END


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate said of one message: handed, skipped or deferred, with the reason."""

    id: UUID
    state: str
    reason: str


def pass_gate(
    messages: Sequence[ClaimedMessage], *, token: UUID, marks_rows: bool = True, business_id: int | None = None
) -> dict[UUID, Passage]:
    """Hand over what may go, skip or defer the rest, in one statement, committed before the first byte leaves.

    A message that is missing in the answer is not ours any more: called off, or its lease was lost. `marks_rows` says
    that the running mark will stand in the rows, and that a row without it has not begun.
    """
    found = rows_alone(
        GATE,
        {
            "ids": [message.id for message in messages],
            "hashes": [",".join(address_hashes(message.channel, message.address)) for message in messages],
            "token": token,
            "marks_rows": marks_rows,
            "now": clock_now(),
            "lease": LEASE_SECONDS,
            "business_wait": PAUSED_SECONDS["business_paused"],
            "sequence_wait": PAUSED_SECONDS["sequence_paused"],
        },
        business_id=business_id or current_business_id(),
        prepared="pass_gate",
    )
    return {row["id"]: Passage(**row) for row in found}
