"""What was due while we were away is held, before anything else is begun, until somebody decides about it.

After a downtime the database is right: what was due has not left, stands still, and may be sent or dropped. A database
that was brought back from a copy is not: what it believes to be due may have left before it was lost. There people are
walked on through the time that is missing, and each letter of that time is one of which nobody knows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import Message
from campaigns.services.advancing import ADVANCE, BATCH, next_step_due
from campaigns.services.delivery_sweep import sweep_messages
from campaigns.services.held_letters import tell_owners_of_held
from ecosystem.agenda import NotServed, Work
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from ecosystem.services.heartbeat import LastAbsence, last_absence

HOLD_BATCH = 2_000
TURN_SECONDS = 5.0
# The time that is missing is walked through in so many paces at most, none of them shorter than a minute.
PACES = 200
SHORTEST_PACE = timedelta(minutes=1)

_ABSENCE = """
SELECT max(absence.id) AS last, bool_or(absence.kind = 'restored') AS is_restored, min(absence.from_at) AS from_at,
       max(absence.until_at) AS until_at
  FROM ecosystem_absence AS absence
 WHERE absence.id > (SELECT absence_held FROM ecosystem_businessprofile WHERE business_id = %(business_id)s)
   AND coalesce(absence.of_business_id, %(business_id)s) = %(business_id)s"""

# What somebody needs now goes after a downtime as well, as long as it is good for anything.
_HOLD = """
WITH due AS MATERIALIZED (
    SELECT queued.id FROM campaigns_queuedmessage AS queued
      JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = queued.id
     WHERE queued.business_id = %(business_id)s AND queued.claim_token IS NULL
       AND message.message_class <> 'transactional' AND NOT message.is_test
       AND (queued.due_at <= %(until_at)s
            OR (message.created_at <= %(until_at)s AND queued.due_at <= clock_timestamp()))
     ORDER BY queued.id LIMIT %(batch)s FOR UPDATE OF queued
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING due
     WHERE queued.business_id = %(business_id)s AND queued.id = due.id
    RETURNING queued.id, queued.attempt
)
UPDATE campaigns_message AS message
   SET state = 'planned', reason = 'while_away', attempt = gone.attempt, updated_at = clock_timestamp()
  FROM gone
 WHERE message.business_id = %(business_id)s AND message.id = gone.id"""

# Whoever holds a letter in this database held it when it was copied: that hand is gone, and its word is as old.
_DOUBT = """
WITH due AS MATERIALIZED (
    SELECT queued.id FROM campaigns_queuedmessage AS queued
      JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = queued.id
     WHERE queued.business_id = %(business_id)s AND message.created_at <= %(created_by)s
       AND (queued.due_at <= %(due_by)s OR (queued.claim_token IS NOT NULL AND message.created_at <= %(until_at)s))
     ORDER BY queued.id LIMIT %(batch)s FOR UPDATE OF queued
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING due
     WHERE queued.business_id = %(business_id)s AND queued.id = due.id
    RETURNING queued.id, queued.attempt, coalesce(queued.handed_at, queued.due_at) AS handed_at
), unknown AS (
    UPDATE campaigns_message AS message
       SET state = 'unknown', reason = 'while_away', attempt = gone.attempt, handed_at = gone.handed_at,
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
SELECT count(*) AS held FROM gone"""

# What waited to go once more by itself: it may have done so already.
_NOT_BY_ITSELF = """
UPDATE campaigns_message SET reason = 'while_away', updated_at = clock_timestamp()
 WHERE business_id = %(business_id)s AND rare_state = 'unknown' AND message_class = 'transactional'
   AND reason <> 'resent' AND created_at <= %(until_at)s"""

_DROP_CLAIMS = """
DELETE FROM campaigns_messageclaim AS claim
 WHERE claim.business_id = %(business_id)s
   AND NOT EXISTS (SELECT FROM unnest(claim.message_ids) AS held(id)
                     JOIN campaigns_queuedmessage AS queued
                       ON queued.business_id = %(business_id)s AND queued.id = held.id
                    WHERE queued.claim_token = claim.id)"""


# Which absence a business has held everything of, as this process knows: asked once, not at each turn.
_held: dict[int, LastAbsence] = {}
_KNOWN_BUSINESSES = 20_000


@dataclass(frozen=True)
class _Away:
    """The times away that a business has not held anything of yet, taken as one."""

    last: int
    is_restored: bool
    from_at: datetime
    until_at: datetime


def holding(work: Work) -> Work:
    """Work that begins nothing for a business before what was due while we were away is held."""

    def turn(business_id: int, now: datetime) -> datetime | NotServed | None:
        last = last_absence()
        if last is not None and last != _held.get(business_id):
            if not hold_what_was_due(business_id):
                return now
            if len(_held) >= _KNOWN_BUSINESSES:
                _held.clear()
            _held[business_id] = last
        return work(business_id, now)

    return turn


def forget_held() -> None:
    """This process knows of no business what it has held."""
    _held.clear()


def hold_what_was_due(business_id: int) -> bool:
    """Hold some of what was due in the current business while we were away; True once nothing is left to hold.

    Bounded; each batch is a transaction of its own, and one worker at a time is at it. The owners are told at the end.
    """
    deadline = time.monotonic() + TURN_SECONDS
    while time.monotonic() < deadline:
        with business_scope(business_id):
            profile = BusinessProfile.objects.select_for_update().get()
            found = rows(_ABSENCE)[0]
            if found["last"] is None:
                return True
            away = _Away(**found)
            hold: Callable[[_Away], bool] = _hold_in_doubt if away.is_restored else _hold_still
            if hold(away):
                BusinessProfile.objects.filter(id=profile.id).update(absence_held=away.last)
                tell_owners_of_held(profile, since=away.from_at, is_restored=away.is_restored)
                return True
    return False


def _hold_still(away: _Away) -> bool:
    """After a downtime: write the letters whose time had come, and let them and the others stand still."""
    for lane in Message.Lane.values:
        sweep_messages(lane)
    if _walk(away.until_at):
        return False
    return execute(_HOLD, {"until_at": away.until_at, "batch": HOLD_BATCH}) < HOLD_BATCH


def _hold_in_doubt(away: _Away) -> bool:
    """After a copy was brought back: what it holds to be due may have left; so may what it would have written since.

    One pace through the missing time in each call; letters written on the way count as handed over when they were due,
    so that the next one follows as it would have.
    """
    given = {"until_at": away.until_at, "batch": HOLD_BATCH}
    execute(_NOT_BY_ITSELF, given)
    if _doubt(**given, created_by=away.until_at, due_by=away.until_at):
        return False
    execute(_DROP_CLAIMS)
    due_at = next_step_due()
    if due_at is None or due_at > away.until_at:
        return True
    pace = max(SHORTEST_PACE, (away.until_at - away.from_at) / PACES)
    moment = min(away.until_at, due_at + pace)
    while _walk(moment):
        pass
    # Written this moment: nobody else writes letters of this business that are due by then.
    _doubt(**given, created_by="infinity", due_by=moment)
    return False


def _doubt(**given: object) -> int:
    return int(rows(_DOUBT, given)[0]["held"])


def _walk(moment: datetime) -> bool:
    """Let people take the steps that were due by a moment, as at that moment; True where more of them may be due."""
    return int(rows(ADVANCE, {"now": moment, "batch": BATCH})[0]["walked"]) == BATCH
