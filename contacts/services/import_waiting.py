"""Rows of a list for which there was no room: brought in later, as far as there is room then."""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from contacts.lists.rows import PersonRow, ProblemRow
from contacts.models import Import, ImportProblem
from contacts.queries.import_rows import reader_of
from contacts.services.import_slices import COUNTS, NO_ROOM, SHORT_SLICE_ROWS, no_room_words, take_slice
from ecosystem.base.errors import Conflict
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.queries.quotas import usage_of
from ecosystem.services.audit import record_act
from ecosystem.services.jobs import start_job
from ecosystem.services.quotas import QuotaFull, hold_places

WAITING_JOB = "import_waiting"


@transaction.atomic
def go_on(import_id: UUID, *, actor: Membership | None) -> Import:
    """Begin to bring in those who wait for room; where nobody waits nothing happens.

    Raises QuotaFull while there is still no room, and Conflict where the list was taken back or is being worked on.
    """
    imported = Import.objects.defer("content", "sample").select_related("job").select_for_update(of=("self",))
    held = imported.get(id=import_id)
    if held.undo_asked_at is not None:
        raise Conflict("import_undone", _("This list was taken back. Bring it in anew."))
    if not held.roomless_count:
        return held
    if held.ended_at is None or (held.job is not None and not held.job.is_over):
        raise Conflict("import_at_work", _("Wait until what is being done with this list has ended."))
    usage = usage_of("people")
    if usage.is_full:
        raise QuotaFull(usage)
    hold_places("imports")
    held.job = start_job(WAITING_JOB, total=held.roomless_count, started_by=actor)
    held.save(update_fields=["job", "updated_at"])
    record_act("import_gone_on", actor=actor, subject=held, rows=held.roomless_count)
    return held


def work_waiting(business_id: int, job_id: UUID) -> bool:
    """Bring in the next of those who wait; False when all were tried, or when it was stopped.

    A slice and its place are committed together: killed at any moment it ends the same.
    """
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        imported = Import.objects.defer("content", "sample").select_for_update().get(job_id=job_id)
        if job.cancel_requested_at is not None:
            return False
        waiting = ImportProblem.objects.select_for_update().filter(imported=imported, code=NO_ROOM)
        problems = list(waiting.filter(line__gt=job.cursor).order_by("line")[:SHORT_SLICE_ROWS])
        if not problems:
            Job.objects.filter(pk=job_id).update(message=no_room_words(imported.roomless_count))
            return False
        _take(imported, problems)
        Job.objects.filter(pk=job_id).update(cursor=problems[-1].line, done=F("done") + len(problems))
        return True


def _take(imported: Import, problems: list[ImportProblem]) -> None:
    reader = reader_of(imported)
    read = {problem.line: reader.read(problem.line, problem.row) for problem in problems}
    people = [row for row in read.values() if isinstance(row, PersonRow)]
    places = hold_places("people", len(people), or_fewer=True)
    still = take_slice(imported, people, places=places)
    for problem in problems:
        # A row that was fine may be so no more, as where the business has moved to another country.
        if isinstance(row := read[problem.line], ProblemRow):
            problem.code, problem.sentence = row.code[:40], row.sentence[:300]
            problem.version += 1
    broken = [problem for problem in problems if problem.code != NO_ROOM]
    ImportProblem.objects.bulk_update(broken, ["code", "sentence", "version"])
    done = [problem.pk for problem in problems if problem.code == NO_ROOM and problem.line not in still]
    ImportProblem.objects.filter(pk__in=done).delete()
    imported.problem_count -= min(len(done), imported.problem_count)
    imported.roomless_count -= min(len(done) + len(broken), imported.roomless_count)
    imported.save(update_fields=COUNTS)
