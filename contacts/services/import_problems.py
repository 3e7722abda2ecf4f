"""Rows of a list that were not taken: mended on the page and brought in, or left out."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.lists.rows import ProblemRow
from contacts.models import Import, ImportProblem
from contacts.queries.import_rows import reader_of
from contacts.services.import_slices import COUNTS, NO_ROOM, no_room_sentence, take_slice
from ecosystem.base.errors import Conflict, NotFound
from ecosystem.services.quotas import hold_places


class StaleRow(Conflict):
    """Somebody else wrote into the row meanwhile; `current` is how it stands now."""

    def __init__(self, current: ImportProblem) -> None:
        sentence = _("Somebody else changed this row meanwhile, so nothing was done yet. What you typed is still here.")
        super().__init__("stale_edit", sentence)
        self.current = current


@transaction.atomic
def mend_problem(
    import_id: UUID, problem_id: UUID, cells: Mapping[int, str], *, version: int | None = None
) -> ImportProblem | None:
    """Read a row again with what somebody wrote into it, and bring its person in; None where that went well.

    Otherwise the row stays as it is written now, with the sentence that says what is wrong with it. Raises StaleRow
    where it is of another `version` than was read.
    """
    imported, problem = _hold_version(import_id, problem_id, version)
    row = (problem.row + [""] * len(imported.header))[: len(imported.header)]
    for place, cell in cells.items():
        row[place] = cell
    read = reader_of(imported).read(problem.line, row)
    if isinstance(read, ProblemRow):
        if problem.code == NO_ROOM:
            imported.roomless_count -= min(1, imported.roomless_count)
            imported.save(update_fields=COUNTS)
        _keep_as_written(problem, row, code=read.code, sentence=read.sentence)
        return problem
    if take_slice(imported, [read], places=hold_places("people", or_fewer=True)):
        imported.roomless_count += problem.code != NO_ROOM
        _keep_as_written(problem, row, code=NO_ROOM, sentence=no_room_sentence())
        imported.save(update_fields=COUNTS)
        return problem
    _done_with(imported, problem)
    return None


@transaction.atomic
def leave_problem(import_id: UUID, problem_id: UUID, *, version: int | None = None) -> None:
    """Leave a row out for good. Raises StaleRow where it is of another `version` than was read."""
    _done_with(*_hold_version(import_id, problem_id, version))


def hold_problem(import_id: UUID, problem_id: UUID) -> tuple[Import, ImportProblem]:
    """A list and one of its rows to mend, held until the transaction ends: who mends it meanwhile comes after.

    Raises Conflict where rows of the list cannot be mended, NotFound where somebody has dealt with this one already.
    """
    imported = Import.objects.defer("content", "sample").select_for_update().get(id=import_id)
    if imported.undo_asked_at is not None:
        raise Conflict("import_undone", _("This list was taken back. Bring the mended file in anew."))
    if imported.ended_at is None or imported.started_at is None:
        raise Conflict("import_at_work", _("Wait until the list is in. Then mend its rows here."))
    problem = ImportProblem.objects.select_for_update().filter(imported=imported, id=problem_id).first()
    if problem is None:
        raise NotFound("problem_unknown", _("This row was mended or left out already."))
    return imported, problem


def _hold_version(import_id: UUID, problem_id: UUID, version: int | None) -> tuple[Import, ImportProblem]:
    imported, problem = hold_problem(import_id, problem_id)
    if version is not None and version != problem.version:
        raise StaleRow(problem)
    return imported, problem


def _keep_as_written(problem: ImportProblem, row: list[str], *, code: str, sentence: str) -> None:
    problem.row, problem.code, problem.sentence = row, code[:40], sentence[:300]
    problem.version += 1
    problem.save(update_fields=["row", "code", "sentence", "version", "updated_at"])


def _done_with(imported: Import, problem: ImportProblem) -> None:
    problem.delete()
    imported.problem_count -= min(1, imported.problem_count)
    imported.roomless_count -= min(int(problem.code == NO_ROOM), imported.roomless_count)
    imported.save(update_fields=COUNTS)
