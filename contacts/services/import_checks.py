"""Looks through a whole list before anything of it comes in, slice by slice, and changes nobody."""

from array import array
from uuid import UUID

from django.db.models import F

from contacts.lists.rows import PersonRow, ProblemRow
from contacts.models import Import, ImportCheck, ImportProblem
from contacts.queries.import_looks import look_at
from contacts.queries.import_rows import permission_of, read_rows
from contacts.queries.imports import needs_worker
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.jobs import request_cancel, start_job

CHECK_JOB = "import_check"
SLICE_ROWS = 10_000


def begin_check(import_id: UUID, *, actor: Membership | None, even_short: bool = False) -> ImportCheck | None:
    """Have a worker look through a long list as it is mapped and answered now; None for one that needs no worker.

    `even_short` asks for a worker in any case: for programs, which read the end of it whenever they come again.
    """
    imported = Import.objects.defer("content", "sample").select_for_update().get(id=import_id)
    drop_check(imported)
    if not even_short and not needs_worker(imported):
        return None
    job = start_job(CHECK_JOB, total=imported.row_count, started_by=actor)
    return ImportCheck.objects.create(imported=imported, job=job)


def drop_check(imported: Import) -> None:
    """Forget what was found of a list, also its rows to mend: it is read otherwise now, or comes in, or is put away.

    Nobody is told of the end of a look that nobody waits for any more.
    """
    check = ImportCheck.objects.defer("seen").filter(imported=imported).order_by("imported_id").first()
    if check is None:
        return
    ImportProblem.objects.filter(imported=imported).delete()
    Job.objects.filter(pk=check.job_id).update(started_by=None)
    request_cancel(check.job_id)
    check.delete()


def work_check(business_id: int, job_id: UUID, *, slice_rows: int = SLICE_ROWS) -> bool:
    """Look at the next rows; True while more remain. Nothing is held while they are read.

    Killed at any moment it ends the same: what a slice found and its place are committed together or not at all.
    """
    with business_scope(business_id):
        check = ImportCheck.objects.select_related("job").filter(job_id=job_id).order_by("job_id").first()
        if check is None or check.job.cancel_requested_at is not None:
            return False
        imported = Import.objects.defer("content", "sample").get(id=check.imported_id)
        start = check.job.cursor
        found = list(read_rows(imported, start=start, count=slice_rows))
        people = [row for row in found if isinstance(row, PersonRow)]
        problems = [row for row in found if isinstance(row, ProblemRow)]
        seen = _marks_in(bytes(check.seen))
        look = look_at(people, seen=seen, topic_id=permission_of(imported).topic_id)
    with business_scope(business_id):
        # In the order of whoever starts or changes the list meanwhile: the list, the job, what belongs to them.
        Import.objects.select_for_update(no_key=True).only("id").get(id=imported.id)
        job = Job.objects.select_for_update().get(id=job_id)
        counting = ImportCheck.objects.filter(job_id=job_id)
        if not counting.exists():
            return False
        if job.cursor != start:  # somebody else has taken it over meanwhile
            return True
        is_last = len(found) < slice_rows
        counting.update(
            people_count=F("people_count") + look.people,
            known_count=F("known_count") + look.known,
            returning_count=F("returning_count") + look.returning,
            permitted_count=F("permitted_count") + look.permitted,
            problem_count=F("problem_count") + len(problems),
            seen=b"" if is_last else array("Q", seen).tobytes(),
        )
        keep_problems(imported, problems)
        job.cursor = job.done = start + len(found)
        job.save(update_fields=["cursor", "done", "updated_at"])
        return not is_last


def keep_problems(imported: Import, problems: list[ProblemRow]) -> None:
    """Keep rows of a list that cannot be taken, each with the sentence that says why."""
    ImportProblem.objects.bulk_create(
        [
            ImportProblem(
                imported=imported,
                line=problem.line,
                row=problem.row,
                code=problem.code[:40],
                sentence=problem.sentence[:300],
            )
            for problem in problems
        ],
        batch_size=1000,
    )


def _marks_in(kept: bytes) -> set[int]:
    marks = array("Q")
    marks.frombytes(kept)
    return set(marks)
