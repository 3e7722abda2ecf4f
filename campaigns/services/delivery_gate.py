"""The gate: the last look at everything that may forbid a message, in the statement that hands it over.

What nobody forbids takes a place in the person's ring of times in the same statement, under a lock on that ring: of two
letters that want the last place one gets it, whichever workers hold them. Several letters of one handful to one person
pass one after another, the most promised first.

Who said no before this statement began is never written to. A no that comes later reaches whatever has not been handed
over: at most the messages of this one sub-batch can still go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from campaigns.queries.eligibility import ELIGIBILITY_SQL
from campaigns.services.delivery_claims import ClaimedMessage, as_array
from campaigns.services.pressure import (
    PLACES_SQL,
    free_places,
    free_places_of_called_off,
    hold_back,
    measure_params,
)
from campaigns.services.quiet_hours import shut_until
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import array_text, rows_alone
from ecosystem.base.tenancy import business_scope, current_business_id

PAUSED_SECONDS = {"business_paused": 300, "sequence_paused": 3600, "walk_paused": 3600}
_RESTS = """
SELECT message.id, person.paused_until::text AS until
  FROM campaigns_message AS message
  JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = message.contact_id
 WHERE message.business_id = %(business_id)s AND message.id = ANY (%(ids)s::uuid[])"""
# Why a letter waits, or does not go, because its person has had enough: by a rule, a promise, or their own word.
HELD_REASONS = {"rule": "had_enough", "promise": "promise_kept", "rhythm": "their_rhythm"}
_WAITS = ("held", "yields")
_ENDS = ("handed", "deferred", "skipped")

# A place in the queue is handed over or given up by its token: who called the message off meanwhile took the place
# away, and then nothing happens here. Places are read, and so locked, in one order, as they are there.
_GATE_BEGIN = """
WITH held AS MATERIALIZED (
    SELECT queued.id, queued.due_at, given.hashes, given.shut_until
      FROM unnest(%(ids)s::uuid[], %(hashes)s::text[], %(shut)s::timestamptz[])
           AS given(id, hashes, shut_until)
      JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = given.id
     WHERE queued.claim_token = %(token)s AND queued.handed_at IS NULL
       AND EXISTS (SELECT FROM campaigns_messageclaim AS claim
                    WHERE claim.business_id = %(business_id)s AND claim.id = %(token)s
                      AND claim.lease_until > clock_timestamp())
     ORDER BY queued.id
), candidate AS MATERIALIZED (
    SELECT message.id AS row_id, held.due_at, held.shut_until, message.lane, message.channel,
           message.topic_id, message.is_test, message.is_replaced, message.template, message.signup_id,
           message.enrollment_id, message.sequence_id, message.address,
           CASE WHEN NOT message.is_test THEN message.contact_id END AS contact_id,
           CASE WHEN message.is_test THEN 'transactional' ELSE message.message_class END AS message_class,
           string_to_array(held.hashes, ',') AS address_hashes
      FROM held
      JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = held.id
), """

_GATE_JUDGE = """, judged AS MATERIALIZED (
    SELECT mine.row_id AS id, mine.shut_until, mine.contact_id, mine.channel, mine.topic_id, mine.due_at,
           mine.message_class <> 'transactional' AS is_counted,
           CASE WHEN mine.message_class = 'relationship' THEN 0 WHEN mine.lane = 'sequence' THEN 1 ELSE 2 END AS rank,
           CASE WHEN business.state <> 'active' THEN 'business_closed'
                WHEN EXISTS (SELECT FROM ecosystem_sendingstop) THEN 'business_paused'
                WHEN mine.is_test THEN mine.reason
                WHEN mine.is_replaced THEN 'arrived_after_all'
                WHEN mine.template = 'confirm_signup' AND signup.state IS DISTINCT FROM 'requested'
                     THEN 'confirmed_already'
                WHEN mine.template = 'confirm_signup' AND EXISTS (
                        SELECT FROM contacts_suppression AS stop
                         WHERE stop.business_id = %(business_id)s AND stop.channel = mine.channel
                           AND stop.address_hash = ANY (mine.address_hashes)
                           AND (stop.reason = 'complained' OR stop.complained_at IS NOT NULL)
                           AND stop.lifted_at IS NULL) THEN 'complained'
                WHEN walk.state = 'exited' THEN 'left_sequence'
                WHEN sequence.state = 'archived' THEN 'sequence_ended'
                WHEN mine.message_class <> 'transactional' AND mine.own_address <> mine.address THEN 'other_address'
                -- The one answer that somebody gets who has just left, and the help that they ask for.
                WHEN mine.template IN ('text_stopped', 'text_help')
                     AND mine.reason NOT IN ('business_paused', 'bounced') THEN ''
                WHEN mine.reason <> '' THEN mine.reason
                WHEN sequence.state = 'paused' THEN 'sequence_paused'
                WHEN walk.paused_at IS NOT NULL THEN 'walk_paused'
                WHEN mine.shut_until = 'infinity' THEN 'no_common_hour'
                WHEN mine.shut_until IS NOT NULL THEN 'quiet_hours'
                ELSE '' END AS reason
      FROM verdict AS mine
      JOIN ecosystem_business AS business ON business.id = %(business_id)s
      LEFT JOIN campaigns_sequence AS sequence
             ON sequence.business_id = %(business_id)s AND sequence.id = mine.sequence_id
      LEFT JOIN campaigns_enrollment AS walk ON walk.business_id = %(business_id)s AND walk.id = mine.enrollment_id
      LEFT JOIN campaigns_signup AS signup ON signup.business_id = %(business_id)s AND signup.id = mine.signup_id
"""

_GATE_HAND = """
), handed AS (
    UPDATE campaigns_queuedmessage AS queued SET handed_at = clock_timestamp(), started_at = NULL
     WHERE queued.business_id = %(business_id)s AND queued.id = ANY (ARRAY (SELECT id FROM passed))
       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL
    RETURNING queued.id
)
SELECT id::text AS key, 'handed' AS state, '' AS reason FROM handed
UNION ALL
SELECT id::text, state, reason FROM stopped"""

# Few do not pass: what becomes of them is written by a statement of its own, so that the many need not carry its
# tables. A worker that dies in between leaves them claimed, and they are judged anew.
_STOP = """
WITH given AS (
    SELECT id, state, reason,
           greatest(not_before, clock_timestamp() + make_interval(secs => wait_seconds)) AS again_at
      FROM unnest(%(ids)s::uuid[], %(states)s::text[], %(reasons)s::text[], %(waits)s::int[],
                  %(not_before)s::timestamptz[]) AS given(id, state, reason, wait_seconds, not_before)
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
       SET state = kept.state, attempt = kept.attempt, updated_at = clock_timestamp(),
           -- What went once more, or may have left while we were away, does not go by itself again: a wait keeps that.
           reason = CASE WHEN kept.state = 'deferred' AND message.reason IN ('resent', 'while_away') THEN message.reason
                         ELSE kept.reason END,
           due_at = CASE kept.state WHEN 'deferred' THEN kept.again_at ELSE message.due_at END
      FROM kept
     WHERE message.business_id = %(business_id)s AND message.id = kept.id
    RETURNING message.state, message.reason, message.sequence_id, message.step_key, message.is_test,
              message.is_replaced
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.skipped:' || reason, sequence_id || ':' || step_key, count(*)
      FROM stopped WHERE state = 'skipped' AND sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
     GROUP BY reason, sequence_id, step_key
)
SELECT count(*) AS stopped FROM stopped"""

GATE = _GATE_BEGIN + ELIGIBILITY_SQL + _GATE_JUDGE + PLACES_SQL + _GATE_HAND


@dataclass(frozen=True, slots=True)
class Passage:
    """What the gate said of one message: handed, skipped or deferred, with the reason."""

    id: UUID
    state: str
    reason: str


def pass_gate(
    messages: Sequence[ClaimedMessage], *, token: UUID, business_id: int | None = None
) -> dict[UUID, Passage]:
    """Hand over what may go, in one statement, committed before the first byte leaves; skip, move or defer the rest.

    A message that is missing in the answer is not ours any more: called off, or its lease was lost.
    """
    business_id = business_id or current_business_id()
    now = clock_now()
    shut = shut_until(messages, business_id=business_id)
    passages: dict[UUID, Passage] = {}
    # Of several letters to one person one is asked for at a time, and once more where somebody else was quicker.
    asked, rounds, held = list(messages), 0, list[ClaimedMessage]()
    while asked and rounds <= len(messages):
        found = _ask(asked, shut, token, business_id, now)
        passages |= {passage.id: passage for passage in found}
        held += [message for message in asked if message.id in passages and passages[message.id].state in _WAITS]
        again = {passage.id for passage in found if passage.state == "again"}
        asked, rounds = [message for message in asked if message.id in again], rounds + 1
    yields_to = {
        message.id: UUID(passages[message.id].reason) for message in held if passages[message.id].state == "yields"
    }
    for channel in {message.channel for message in held}:
        ids = [message.id for message in held if message.channel == channel]
        places = hold_back(ids, yields_to=yields_to, channel=channel, token=token, business_id=business_id)
        passages |= {
            one.id: Passage(one.id, "deferred" if one.until else "skipped", HELD_REASONS[one.held_by]) for one in places
        }
    lost = [message.id for message in messages if message.id not in passages]
    if lost:
        with business_scope(business_id):
            free_places_of_called_off(lost)
    told = {message_id: passage for message_id, passage in passages.items() if passage.state in _ENDS}
    _stop([one for one in told.values() if one.state != "handed" and not _is_moved(one)], shut, token, business_id)
    return told


def _ask(
    messages: Sequence[ClaimedMessage], shut: dict[UUID, str], token: UUID, business_id: int, now: datetime
) -> list[Passage]:
    found = rows_alone(
        GATE,
        {
            "ids": as_array(messages),
            "hashes": array_text([",".join(address_hashes(one.channel, one.address)) for one in messages]),
            # Nobody's hours are shut but for a few: an empty list says so of all.
            "shut": "{" + ",".join([shut.get(one.id, "NULL") for one in messages]) + "}" if shut else "{}",
            "token": token,
            "now": now,
            **measure_params(),
        },
        business_id=business_id,
        prepared="pass_gate",
    )
    ids = {message.key: message.id for message in messages}
    return [Passage(ids[row["key"]], row["state"], row["reason"]) for row in found]


def _is_moved(passage: Passage) -> bool:
    return passage.state == "deferred" and passage.reason in HELD_REASONS.values()


def _stop(stopped: Sequence[Passage], shut: dict[UUID, str], token: UUID, business_id: int) -> None:
    """Write down why messages do not go, or when they will be looked at again."""
    if not stopped:
        return
    resting = [str(passage.id) for passage in stopped if passage.reason == "on_pause"]
    not_before = {passage.id: shut[passage.id] for passage in stopped if passage.reason == "quiet_hours"}
    if resting:
        found = rows_alone(_RESTS, {"ids": array_text(resting)}, business_id=business_id)
        not_before |= {row["id"]: row["until"] or "-infinity" for row in found}
    given = {
        "ids": array_text([str(passage.id) for passage in stopped]),
        "states": array_text([passage.state for passage in stopped]),
        "reasons": array_text([passage.reason for passage in stopped]),
        "waits": array_text([str(PAUSED_SECONDS.get(passage.reason, 0)) for passage in stopped]),
        "not_before": array_text([not_before.get(passage.id, "-infinity") for passage in stopped]),
        "token": token,
    }
    rows_alone(_STOP, given, business_id=business_id, prepared="stop_at_gate")
    skipped = [passage.id for passage in stopped if passage.state == "skipped"]
    if skipped:
        with business_scope(business_id):
            free_places(skipped)
