"""Reads imports: the list of them, one, what it would do, and its problem rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts.lists.rows import PersonRow, ProblemRow
from contacts.models import ContactPoint, Import, ImportProblem, Topic
from contacts.queries.import_rows import permission_of, read_rows
from ecosystem.base.errors import NotFound
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.quotas import usage_of

PREVIEW_ROWS = 1000
SHOWN_ROWS = 20
PROBLEMS_A_BATCH = 1000


@dataclass(frozen=True)
class ImportPreview:
    """What the first rows would become; `checked` says how many were looked at.

    Rows of one address are one person. `room` says how many new people there is room for; None where nothing limits it.
    """

    people: list[PersonRow]
    problems: list[ProblemRow]
    checked: int
    people_count: int
    problem_count: int
    known_count: int
    permitted_count: int
    topic: Topic | None
    room: int | None

    @property
    def is_beyond_room(self) -> bool:
        """Whether not all of those that were looked at have room."""
        return self.room is not None and self.people_count - self.known_count > self.room


def get_import(import_id: UUID) -> Import:
    """One import without its file, or NotFound."""
    found = Import.objects.defer("content").select_related("job").filter(id=import_id).first()
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


def find_same_file(imported: Import) -> Import | None:
    """An import of the very same file that is done, if there was one."""
    done = Import.objects.defer("content").filter(file_hash=imported.file_hash, state=Import.State.DONE)
    return done.exclude(id=imported.id).order_by("-id").first()


def find_same_header(header: Sequence[str], *, other_than: UUID | None = None) -> Import | None:
    """The newest import with these very columns that somebody has matched, if there is one."""
    alike = Import.objects.defer("content", "sample").filter(header=list(header)).exclude(state=Import.State.UPLOADED)
    if other_than is not None:
        alike = alike.exclude(id=other_than)
    return alike.order_by("-id").first()


def preview_import(import_id: UUID) -> ImportPreview:
    """Reads the first thousand rows as the import itself would, and changes nothing."""
    imported = get_import(import_id)
    people: list[PersonRow] = []
    problems: list[ProblemRow] = []
    for read in read_rows(imported, start=0, count=PREVIEW_ROWS):
        (problems if isinstance(read, ProblemRow) else people).append(read)  # type: ignore[arg-type]
    emails = [person.email_norm for person in people if person.email_norm]
    known = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value_norm__in=emails, is_shared=False).count()
    permission = permission_of(imported)
    return ImportPreview(
        people=people[:SHOWN_ROWS],
        problems=problems[:SHOWN_ROWS],
        checked=len(people) + len(problems),
        people_count=len(set(emails)) + len(people) - len(emails),
        problem_count=len(problems),
        known_count=known,
        permitted_count=sum(1 for person in people if person.said_yes_at is not None),
        topic=Topic.objects.filter(id=permission.topic_id).first() if permission.topic_id else None,
        room=usage_of("people").room,
    )


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
