"""Jobs: long work that somebody waits for, done slice by slice, resumed where a dead worker left off."""

import time
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.utils.translation import gettext as _

from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.events import publish
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.events import JobEnded
from ecosystem.jobs import JOBS
from ecosystem.models import Job, Membership
from ecosystem.services.agenda import note_work

log = structlog.get_logger(__name__)

QUEUE = "jobs"
LEASE_SECONDS = 60
TURN_SECONDS = 8.0
MOST_ATTEMPTS = 5

_CLAIM = """
UPDATE ecosystem_job
   SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp()),
       lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE business_id = %(business_id)s AND id = (
    SELECT id FROM ecosystem_job
     WHERE business_id = %(business_id)s AND state IN ('waiting', 'running')
       AND (lease_until IS NULL OR lease_until < clock_timestamp())
     ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, attempts"""

_GO_ON = """
UPDATE ecosystem_job SET attempts = 1, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE business_id = %(business_id)s AND id = %(id)s AND state = 'running'"""

_LET_GO = """
UPDATE ecosystem_job SET attempts = 0, lease_until = NULL
 WHERE business_id = %(business_id)s AND id = %(id)s AND state = 'running'"""

_TRY_LATER = """
UPDATE ecosystem_job SET lease_until = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE business_id = %(business_id)s AND id = %(id)s AND state = 'running'"""

_NEXT = """
SELECT min(coalesce(lease_until, clock_timestamp())) AS due_at FROM ecosystem_job
 WHERE business_id = %(business_id)s AND state IN ('waiting', 'running')"""


@dataclass(frozen=True)
class _Taken:
    id: UUID
    kind: str
    attempts: int


def start_job(kind: str, *, total: int = 0, started_by: Membership | None = None) -> Job:
    """Begin long work of a kind in this transaction; workers take it up after the commit."""
    JOBS.get(kind)
    job = Job.objects.create(kind=kind, total=total, started_by=started_by)
    note_work(QUEUE)
    return job


def request_cancel(job_id: UUID) -> Job:
    """Ask a job to stop after the slice that is running. Asking twice, or too late, changes nothing."""
    job = Job.objects.select_for_update().get(id=job_id)
    if not job.is_over and job.cancel_requested_at is None:
        job.cancel_requested_at = clock_now()
        job.save(update_fields=["cancel_requested_at", "updated_at"])
        note_work(QUEUE)
    return job


def end_job(job_id: UUID, *, state: str, message: str = "") -> Job:
    """End a job with the sentence that its page shows; a job that is over stays as it is. Publishes JobEnded."""
    job = Job.objects.select_for_update().get(id=job_id)
    if job.is_over:
        return job
    job.state = Job.State(state)
    job.message = message[:300]
    job.ended_at = clock_now()
    job.lease_until = None
    job.save(update_fields=["state", "message", "ended_at", "lease_until", "updated_at"])
    publish(JobEnded(job_id=job.id, kind=job.kind, state=job.state))
    return job


def work_jobs(business_id: int, now: datetime) -> datetime | None:
    """Do slices of one open job of a business for some seconds; when to come again.

    The attempt is counted before a slice begins: work that takes its worker down five times in a row has failed.
    """
    with business_scope(business_id):
        found = rows(_CLAIM, {"lease": LEASE_SECONDS})
    if found:
        _work_slices(business_id, _Taken(**found[0]))
    with business_scope(business_id):
        next_due: datetime | None = rows(_NEXT)[0]["due_at"]
    return next_due


def _work_slices(business_id: int, taken: _Taken) -> None:
    if taken.attempts > MOST_ATTEMPTS:
        _fail(business_id, taken.id, _("It stopped too often. Nothing more will be done."))
        return
    deadline = time.monotonic() + TURN_SECONDS
    try:
        while JOBS.get(taken.kind)(business_id, taken.id):
            is_late = time.monotonic() >= deadline
            with business_scope(business_id):
                execute(_LET_GO if is_late else _GO_ON, {"id": taken.id, "lease": LEASE_SECONDS})
            if is_late:
                return
    except DomainError as error:
        _fail(business_id, taken.id, str(error))
    except Exception:
        log.exception("job_failed", kind=taken.kind, attempts=taken.attempts)
        if taken.attempts >= MOST_ATTEMPTS:
            _fail(business_id, taken.id, _("Something broke on our side, five times. What was done until then stays."))
            return
        with business_scope(business_id):
            execute(_TRY_LATER, {"id": taken.id, "wait": 5 * 4 ** (taken.attempts - 1)})
    else:
        _finish(business_id, taken.id)


def _finish(business_id: int, job_id: UUID) -> None:
    """End a job whose work said that nothing remains, unless the work has ended it in its own words."""
    with business_scope(business_id):
        job = Job.objects.get(id=job_id)
        state = Job.State.CANCELLED if job.cancel_requested_at else Job.State.DONE
        end_job(job_id, state=state, message=job.message)


def _fail(business_id: int, job_id: UUID, message: str) -> None:
    with business_scope(business_id):
        end_job(job_id, state=Job.State.FAILED, message=message)
