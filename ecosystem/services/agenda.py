"""The agenda: which business has work waiting, and the fair turn in which workers take it.

A request only adds a note; a worker folds notes, takes the business that was served longest ago, works a slice and puts
it back. PostgreSQL remembers, Redis only wakes: a wake-up that is lost is made good by the next tick.
"""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from celery import current_app
from django.db import InterfaceError, OperationalError, connection, transaction

from ecosystem.agenda import AGENDA_QUEUES, NotServed
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import execute, rows
from ecosystem.base.stopping import is_stopping
from ecosystem.base.tenancy import bind_business
from ecosystem.services.heartbeat import look_around

log = structlog.get_logger(__name__)

# Shorter than the lease of a message (60 s): when a dead worker's letters may be judged, somebody is there to do it.
LEASE_SECONDS = 45
TASK_NAME = "ecosystem.work_lane"
SLICE_SECONDS = 10.0
RETRY_SECONDS = 30
FEWEST_SECONDS_BETWEEN_WAKES = 0.2
SECONDS_WITHOUT_BROKER = 5.0
# More than so many that had no turn for so long are a crowd: then turns are to be short.
FEW_WAITING = 8
SECONDS_UNSERVED = 30

_NOTE = """
INSERT INTO ecosystem_agendanote (agenda_business_id, queue, due_at)
VALUES (%(business_id)s, %(queue)s, coalesce(%(due_at)s, clock_timestamp()))"""

# Notes work for later from within the one statement that makes it, for each row of a CTE `waiting (queue, due_at)`.
# Nobody is woken: for what is due in more than a second. All others call note_work.
NOTE_WAITING_SQL = """, noted AS (
    INSERT INTO ecosystem_agendanote (agenda_business_id, queue, due_at)
    SELECT %(business_id)s, queue, due_at FROM waiting
)"""

_FOLD = """
WITH taken AS (
    SELECT id FROM ecosystem_agendanote WHERE queue = %(queue)s ORDER BY id LIMIT 5000 FOR UPDATE SKIP LOCKED
), noted AS (
    DELETE FROM ecosystem_agendanote WHERE id IN (SELECT id FROM taken) RETURNING agenda_business_id, due_at
)
INSERT INTO ecosystem_agenda (agenda_business_id, queue, due_at)
SELECT agenda_business_id, %(queue)s, min(due_at) FROM noted GROUP BY agenda_business_id ORDER BY agenda_business_id
ON CONFLICT (agenda_business_id, queue) DO UPDATE SET due_at = least(ecosystem_agenda.due_at, excluded.due_at)"""

# Asked first: an idle lane costs one small question a second.
_ANY = """
SELECT EXISTS (SELECT FROM ecosystem_agendanote WHERE queue = ANY(%(queues)s))
    OR EXISTS (SELECT FROM ecosystem_agenda WHERE queue = ANY(%(queues)s) AND due_at <= statement_timestamp()
                  AND lease_until IS NULL) AS is_any"""

_CLAIM = """
UPDATE ecosystem_agenda
   SET due_at = NULL, token = %(token)s, served_at = clock_timestamp(),
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE id = (
    SELECT id FROM ecosystem_agenda
     WHERE queue = %(queue)s AND due_at <= coalesce(%(now)s, statement_timestamp()) AND lease_until IS NULL
     ORDER BY served_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, agenda_business_id, coalesce(%(now)s, clock_timestamp()) AS now, old.served_at AS served_before"""

_RELEASE = """
UPDATE ecosystem_agenda SET due_at = least(due_at, %(next_due)s), lease_until = NULL, token = NULL,
       served_at = coalesce(%(served_before)s, served_at)
 WHERE id = %(id)s AND token = %(token)s"""

_SWEEP = """
UPDATE ecosystem_agenda SET due_at = least(due_at, clock_timestamp()), lease_until = NULL, token = NULL
 WHERE id IN (SELECT id FROM ecosystem_agenda WHERE lease_until < statement_timestamp() FOR UPDATE SKIP LOCKED)"""


# No sorting, no count of everything: it stops at the first that is one too many.
_CROWD = """
SELECT EXISTS (
    SELECT FROM ecosystem_agenda
     WHERE queue = %(queue)s AND due_at <= statement_timestamp() AND lease_until IS NULL
       AND served_at < statement_timestamp() - make_interval(secs => %(seconds)s)
    OFFSET %(few)s) AS is_crowded"""


@dataclass(frozen=True)
class Claim:
    """A worker's turn with one business in one queue, good until its lease ends."""

    id: int
    queue: str
    business_id: int
    token: uuid.UUID
    now: datetime
    served_before: datetime


def note_work(queue: str, due_at: datetime | None = None) -> None:
    """Say, in this transaction, that the current business has work in a queue: at `due_at`, or at once.

    Locks nothing. After the commit the lane's workers are woken; should that fail, the next tick finds the note.
    """
    lane = AGENDA_QUEUES.get(queue).lane
    execute(_NOTE, {"queue": queue, "due_at": due_at})
    if due_at is None or due_at <= clock_now() + timedelta(seconds=1):
        transaction.on_commit(lambda: wake(lane), robust=True)


def claim(queue: str, now: datetime | None = None) -> Claim | None:
    """Take the due business that was served longest ago, or None. Due is judged by the database clock unless told."""
    token = uuid.uuid4()
    with transaction.atomic():
        execute(_FOLD, {"queue": queue})
        found = rows(_CLAIM, {"queue": queue, "token": token, "lease": LEASE_SECONDS, "now": now})
    if not found:
        return None
    row = found[0]
    return Claim(row["id"], queue, row["agenda_business_id"], token, row["now"], row["served_before"])


def release(taken: Claim, next_due: datetime | NotServed | None) -> bool:
    """Give a business back, due again at `next_due` or at what was noted meanwhile, whichever is sooner.

    One that was not served is not behind those that were. False when the lease was lost: then nothing is changed.
    """
    given = {"id": taken.id, "token": taken.token, "next_due": next_due, "served_before": None}
    if isinstance(next_due, NotServed):
        given |= {"next_due": next_due.due_at, "served_before": taken.served_before}
    return execute(_RELEASE, given) == 1


def is_crowded(queue: str) -> bool:
    """Whether many businesses wait in a queue that had no turn for half a minute, or never had one."""
    given = {"queue": queue, "seconds": SECONDS_UNSERVED, "few": FEW_WAITING}
    found: bool = rows(_CROWD, given)[0]["is_crowded"]
    return found


def sweep_agenda() -> int:
    """Make due again what a worker took and never gave back; how many there were. Beats, too: somebody is at work."""
    look_around()
    return execute(_SWEEP)


def work_lane(lane: str, *, seconds: float = SLICE_SECONDS) -> int:
    """Serve the businesses that wait in a lane's queues until none is left or the time is over; how many turns.

    A database that is away ends the turn after a pause that grows; the next tick tries again.
    """
    try:
        served = _serve_queues([name for name, queue in AGENDA_QUEUES.items() if queue.lane == lane], seconds)
    except (OperationalError, InterfaceError) as error:
        _wait_for_database(error)
        return 0
    _pause.forget()
    return served


def wake(lane: str) -> None:
    """Ask the lane's workers to look now. Best effort: a broker that is away is logged and left alone for a while."""
    if not _may_wake(lane):
        return
    try:
        current_app.send_task(TASK_NAME, args=[lane], queue=lane, expires=10, retry=False, ignore_result=True)
    except Exception as error:  # whatever ails the broker: the note is kept, and the next tick finds it
        _quiet_until[""] = time.monotonic() + SECONDS_WITHOUT_BROKER
        log.warning("wake_failed", lane=lane, error=type(error).__name__)


def _serve_queues(queues: list[str], seconds: float) -> int:
    deadline = time.monotonic() + seconds
    served = 0
    found = True
    while found and not is_stopping() and time.monotonic() < deadline and rows(_ANY, {"queues": queues})[0]["is_any"]:
        found = False
        for queue in queues:
            taken = claim(queue)
            if taken is None:
                continue
            found = True
            served += 1
            _serve(taken)
            if time.monotonic() >= deadline or is_stopping():
                break
    return served


def _serve(taken: Claim) -> None:
    """One turn. Work that fails is logged and comes back after a while: one business never stops the others."""
    try:
        with bind_business(taken.business_id), structlog.contextvars.bound_contextvars(business_id=taken.business_id):
            next_due = AGENDA_QUEUES.get(taken.queue).work(taken.business_id, taken.now)
    except Exception:
        log.exception("agenda_work_failed", queue=taken.queue, business_id=taken.business_id)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        next_due = taken.now + timedelta(seconds=RETRY_SECONDS)
    release(taken, next_due)


class _Pause:
    """How long to wait for a database that is away: longer each time, ten seconds at most."""

    def __init__(self) -> None:
        self.failures = 0

    def forget(self) -> None:
        self.failures = 0

    def take(self) -> None:
        self.failures += 1
        time.sleep(min(0.25 * 2**self.failures, 10.0))


_pause = _Pause()
_quiet_until: dict[str, float] = {}


def _wait_for_database(error: Exception) -> None:
    log.warning("database_away", error=type(error).__name__, failures=_pause.failures + 1)
    connection.close()
    _pause.take()


def _may_wake(lane: str) -> bool:
    """Not while the broker is known to be away, and not many times in the same moment."""
    moment = time.monotonic()
    if moment < _quiet_until.get("", 0.0) or moment < _quiet_until.get(lane, 0.0):
        return False
    _quiet_until[lane] = moment + FEWEST_SECONDS_BETWEEN_WAKES
    return True
