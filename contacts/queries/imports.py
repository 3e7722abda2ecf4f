"""Reads imports: the list of them, one, what it would do, and its problem rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from contacts.lists.rows import PersonRow, ProblemRow, RowReader
from contacts.models import Import, ImportCheck, ImportProblem, Topic
from contacts.queries.import_looks import look_at
from contacts.queries.import_rows import permission_of, read_rows
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from ecosystem.queries.quotas import usage_of

# A list as short as this is looked through while its page is asked for, a longer one by a worker.
SHORT_LIST = 1000
FIRST_ROWS = 50
PROBLEMS_A_PAGE = 50
PROBLEMS_A_BATCH = 1000


@dataclass(frozen=True)
class ImportPreview:
    """What a list would become: its counts, its first people, and a page of its rows to mend.

    Counted as the import would match them, each person once: `known_count` are there already, `returning_count` of them
    were taken away and want a place again, `permitted_count` get a yes that does not stand yet. `job` is there while a
    worker looks through it, and afterwards. `room` says how many more people there is room for; None where nothing
    limits it.
    """

    people: list[PersonRow]
    problems: Page[Any]
    checked: int
    people_count: int
    problem_count: int
    known_count: int
    returning_count: int
    permitted_count: int
    topic_name: str
    room: int | None = None
    job: Job | None = None

    @property
    def is_beyond_room(self) -> bool:
        """Whether not all of those that were looked at have room."""
        wanting = self.people_count - self.known_count + self.returning_count
        return self.room is not None and wanting > self.room

    @property
    def is_over(self) -> bool:
        """True when every row was looked at."""
        return self.job is None or self.job.is_over


def get_import(import_id: UUID, *, beside_same_file: bool = False) -> Import:
    """One import without its file, or NotFound.

    `beside_same_file` it comes with `same_file_ended_at`: when the very same file was brought in before, if ever.
    """
    imports = Import.objects.defer("content").select_related("job")
    if beside_same_file:
        same = Import.objects.filter(file_hash=OuterRef("file_hash"), state=Import.State.DONE)
        newest = same.exclude(id=OuterRef("id")).order_by("-id").values("ended_at")[:1]
        imports = imports.annotate(same_file_ended_at=Subquery(newest))
    found = imports.filter(id=import_id).first()
    if found is None:
        raise NotFound("import_not_found", _("There is no such list."))
    return found


def import_rows_kept() -> QuerySet[Import]:
    """Every list without its file, with its job."""
    return Import.objects.defer("content", "sample").select_related("job")


def problems_of(imported: Import) -> QuerySet[ImportProblem]:
    """The rows of a list that were not taken."""
    return ImportProblem.objects.filter(imported=imported)


def newest_imports(limit: int = 20) -> list[Import]:
    """The lists that were brought in last."""
    return list(Import.objects.defer("content", "sample").order_by("-id")[:limit])


def find_same_header(header: Sequence[str], *, other_than: UUID | None = None) -> Import | None:
    """The newest import with these very columns that somebody has matched, if there is one."""
    alike = Import.objects.defer("content", "sample").filter(header=list(header)).exclude(state=Import.State.UPLOADED)
    if other_than is not None:
        alike = alike.exclude(id=other_than)
    return alike.order_by("-id").first()


def needs_worker(imported: Import) -> bool:
    """Whether a list is too long to be looked through while a page is asked for."""
    return imported.row_count > SHORT_LIST


def find_check(imported: Import) -> ImportCheck | None:
    """The look through a list that counts for it as it is mapped and answered now, if one was begun."""
    topic_id = permission_of(imported).topic_id
    topic = Topic.objects.filter(id__in=[topic_id] if topic_id else []).values("name")[:1]
    checks = ImportCheck.objects.defer("seen").select_related("job").annotate(topic_name=Subquery(topic))
    return checks.filter(imported=imported).order_by("imported_id").first()


def get_check(imported: Import) -> ImportCheck:
    """The look through a list that was not started yet, or NotFound."""
    found = find_check(imported)
    if found is None:
        raise NotFound("check_not_found", _("Nobody asked for a look through this list, or it was started since."))
    return found


def preview_of_check(
    imported: Import, check: ImportCheck, cursor: str | None, *, reader: RowReader | None = None
) -> ImportPreview:
    """What a worker has found of a long list so far, and the rows to mend by pages; changes nothing."""
    first = read_rows(imported, start=0, count=FIRST_ROWS, reader=reader)
    page = keyset_page(problems_of(imported), order=("line", "id"), cursor=cursor, limit=PROBLEMS_A_PAGE)
    return ImportPreview(
        people=[row for row in first if isinstance(row, PersonRow)],
        problems=page,
        checked=check.job.done,
        people_count=check.people_count,
        problem_count=check.problem_count,
        known_count=check.known_count,
        returning_count=check.returning_count,
        permitted_count=check.permitted_count,
        topic_name=check.topic_name or "",  # type: ignore[attr-defined]
        room=usage_of("people").room,
        job=check.job,
    )


def preview_import(imported: Import, *, reader: RowReader | None = None) -> ImportPreview:
    """Reads every row of a short list as the import itself would, and changes nothing."""
    people: list[PersonRow] = []
    problems: list[ProblemRow] = []
    for read in read_rows(imported, start=0, count=SHORT_LIST, reader=reader):
        (problems if isinstance(read, ProblemRow) else people).append(read)  # type: ignore[arg-type]
    look = look_at(people, seen=set(), topic_id=permission_of(imported).topic_id)
    return ImportPreview(
        people=people[:FIRST_ROWS],
        problems=Page(problems, None, None),
        checked=len(people) + len(problems),
        people_count=look.people,
        problem_count=len(problems),
        known_count=look.known,
        returning_count=look.returning,
        permitted_count=look.permitted,
        topic_name=_topic_of(imported),
        room=usage_of("people").room,
    )


def _topic_of(imported: Import) -> str:
    topic_id = permission_of(imported).topic_id
    return Topic.objects.filter(id=topic_id).values_list("name", flat=True).first() or "" if topic_id else ""


def iter_problems(business_id: int, import_id: UUID) -> Iterator[ImportProblem]:
    """Every problem row in the order of the file, batch by batch, each batch in a scope of its own."""
    line = -1
    while True:
        with business_scope(business_id):
            batch = list(
                ImportProblem.objects.filter(imported_id=import_id, line__gt=line).order_by("line")[:PROBLEMS_A_BATCH]
            )
        if not batch:
            return
        yield from batch
        line = batch[-1].line
