"""Takes a list in, slice by slice: each slice is one transaction that also moves the job's cursor."""

import itertools
import json
from uuid import UUID

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.lists.rows import PersonRow, ProblemRow
from contacts.models import Import, Tag, Topic
from contacts.queries.import_matches import known_by_name
from contacts.queries.import_rows import permission_of, raw_rows, read_rows
from contacts.services import import_sql as statements
from contacts.services.import_changes import find_changes
from contacts.services.import_changes_sql import KEEP_RETURNED
from contacts.services.import_checks import keep_problems
from contacts.services.imports import finish_import
from ecosystem.base.addresses import address_hashes, fold
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import array_text, copy_rows, execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from ecosystem.queries.quotas import Usage, usage_of
from ecosystem.services.agenda import note_work
from ecosystem.services.health import QUEUE as HEALTH_QUEUE
from ecosystem.services.jobs import end_job
from ecosystem.services.quotas import hold_places, look_soon

SLICE_ROWS = 20_000
# Where so few places are left, slices are short and one transaction after another takes places: see hold_places.
FEW_PLACES, SHORT_SLICE_ROWS = 5 * SLICE_ROWS, 1_000
NO_ROOM = "no_room"
COUNTS = [
    "added_count", "known_count", "problem_count", "roomless_count", "permitted_count", "changed_count", "asked_count",
    "updated_at",
]  # fmt: skip


def work_import(business_id: int, job_id: UUID, *, slice_rows: int = SLICE_ROWS) -> bool:
    """Take in the next slice of an import; True while more remains.

    Killed at any moment it ends the same: a slice and its cursor are committed together or not at all.
    """
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        imported = Import.objects.defer("content").select_for_update().get(job_id=job_id)
        if imported.state != Import.State.RUNNING:
            return False
        if job.cancel_requested_at is not None:
            _end(job, imported, state=Import.State.CANCELLED, message=_("Stopped. Who was brought in by then stays."))
            return False
        usage = usage_of("people")
        if usage.room is not None and 0 < usage.room < FEW_PLACES:
            slice_rows = min(slice_rows, SHORT_SLICE_ROWS)
        try:
            people, problems, read = _read_slice(imported, start=job.cursor, count=slice_rows)
        except DomainError as problem:
            _end(job, imported, state=Import.State.FAILED, message=str(problem.message))
            return False
        roomless = take_slice(imported, people, places=_places(usage, len(people)))
        waiting = _without_room(imported, roomless, start=job.cursor, count=slice_rows)
        keep_problems(imported, problems + waiting)
        imported.problem_count += len(problems) + len(waiting)
        imported.roomless_count += len(roomless)
        job.cursor += read
        job.done = job.cursor
        job.save(update_fields=["cursor", "done", "updated_at"])
        imported.save(update_fields=COUNTS)
        if read < slice_rows:
            _end(job, imported, state=Import.State.DONE, message=no_room_words(imported.roomless_count))
            return False
        return True


def _read_slice(imported: Import, *, start: int, count: int) -> tuple[list[PersonRow], list[ProblemRow], int]:
    people: list[PersonRow] = []
    problems: list[ProblemRow] = []
    for read in read_rows(imported, start=start, count=count):
        if isinstance(read, ProblemRow):
            problems.append(read)
        else:
            people.append(read)
    return people, problems, len(people) + len(problems)


def no_room_words(count: int) -> str:
    """What is told at the end of a list for some of whose rows there was no room; nothing where all had room."""
    if not count:
        return ""
    words = ngettext(
        "There was no more room for %(n)s row. It waits here until you bring it in.",
        "There was no more room for %(n)s rows. They wait here until you bring them in.",
        count,
    )
    return words % {"n": number_format(count, force_grouping=True)}


def no_room_sentence() -> str:
    """What stands beside a row for which there was no room."""
    return _("There was no more room for this person. The row itself is fine.")


def _places(usage: Usage, wanted: int) -> int | None:
    """How many people a slice may add; None where room is plenty."""
    if usage.room is None or usage.room >= FEW_PLACES:
        look_soon(usage, more=wanted)
        return None
    return hold_places("people", wanted, or_fewer=True) if usage.room else 0


def take_slice(imported: Import, people: list[PersonRow], *, places: int | None) -> set[int]:
    """Bring people in: known ones are found again by address, phone or bare name, new ones are made.

    At most `places` are made or come back; the lines of the others are returned. Counts are added to `imported`. Never
    lifts a no or a suppression, and starts no letters.
    """
    if not people:
        return set()
    values = _statement_values(imported)
    execute(statements.CREATE_PEOPLE)
    copy_rows("import_people", statements.PEOPLE_COLUMNS, (_people_values(person) for person in people))
    execute(statements.ANALYZE_PEOPLE)
    execute(statements.MATCH_BY_ADDRESS, values)
    if by_name := known_by_name(people):
        ids = array_text([str(contact_id) for contact_id in by_name.values()])
        execute(statements.MATCH_BY_NAME, {"name_keys": array_text(list(by_name)), "name_ids": ids})
    for statement in (statements.MARK_SHARED, statements.JOIN_TWINS):
        execute(statement, values)
    roomless: set[int] = set()
    if places is not None and places < len(people):
        roomless = {row["line"] for row in rows(statements.LEAVE_ROOMLESS, {**values, "places": places})}
        people = [person for person in people if person.line not in roomless]
    for statement in (
        statements.INSERT_CONTACTS,
        KEEP_RETURNED,
        statements.RESTORE_CONTACTS,
        statements.INSERT_EMAILS,
        statements.INSERT_PHONES,
        statements.INSERT_STAGE_CHANGES,
        statements.INSERT_INTERACTIONS,
    ):
        execute(statement, values)
    if any(person.postal_norm for person in people):
        execute(statements.INSERT_POSTALS, values)
    if any(person.further for person in people):
        execute(statements.INSERT_FURTHER, values)
    if any(person.organization for person in people):
        execute(statements.INSERT_ORGANIZATIONS, values)
        execute(statements.INSERT_AFFILIATIONS, values)
    find_changes(imported, values)
    _tag_people(imported, people, values)
    imported.permitted_count += _keep_yes(values)
    counts = rows(statements.COUNT_SLICE, values)[0]
    imported.added_count += counts["added"]
    imported.known_count += counts["known"]
    for table in ("import_people", "import_tags", "import_yes"):
        execute(statements.DROP[table])
    return roomless


def _without_room(imported: Import, lines: set[int], *, start: int, count: int) -> list[ProblemRow]:
    """The rows of a slice for which there was no room, as they stand in the file."""
    if not lines:
        return []
    found = raw_rows(imported, start=start, count=count)
    return [ProblemRow(line, row, NO_ROOM, no_room_sentence()) for line, row in found if line in lines]


def _statement_values(imported: Import) -> dict[str, object]:
    permission = permission_of(imported)
    topic = Topic.objects.filter(id=permission.topic_id).first() if permission.is_given else None
    return {
        "business_id": imported.business_id,
        "now": timezone.now(),
        "stamp": imported.started_at or imported.created_at,
        "import_id": str(imported.id),
        "actor_id": imported.uploaded_by_id,
        "file_name": imported.file_name[:120],
        "reason": _("Brought in with %(file)s") % {"file": imported.file_name[:120]},
        "topic_id": topic.id if topic else None,
        "wording": f"{topic.name}: {topic.promise}" if topic else "",
        "yes_source": permission.source,
    }


def _people_values(person: PersonRow) -> tuple[object, ...]:
    return (
        person.line,
        person.given_name,
        person.family_name,
        person.display_name,
        person.sort_name,
        person.email,
        person.email_norm,
        f"{{{','.join(address_hashes('email', person.email_norm))}}}" if person.said_yes_at else "{}",
        person.phone,
        person.phone_norm,
        person.organization,
        fold(person.organization) if person.organization else "",
        person.stage,
        person.said_yes_at,
        person.match_key,
        person.has_name,
        person.has_stage,
        json.dumps(person.further),
        person.postal,
        person.postal_norm,
    )


def _tag_people(imported: Import, people: list[PersonRow], values: dict[str, object]) -> None:
    """Put the import's tags on everybody and a row's own tags on that row."""
    names = {fold(name): name for person in people for name in person.tags}
    names |= {fold(name): name for name in imported.tags}
    if not names:
        return
    Tag.objects.bulk_create(
        [Tag(name=name, name_norm=norm) for norm, name in sorted(names.items())], ignore_conflicts=True
    )
    ids = dict(Tag.objects.filter(name_norm__in=names).values_list("name_norm", "id"))
    shared = [fold(name) for name in imported.tags]
    pairs = (
        (person.line, ids[norm])
        for person in people
        for norm in dict.fromkeys(itertools.chain(shared, (fold(name) for name in person.tags)))
    )
    execute(statements.CREATE_TAGS)
    copy_rows("import_tags", statements.TAG_COLUMNS, pairs)
    execute(statements.INSERT_CONTACT_TAGS, values)


def _keep_yes(values: dict[str, object]) -> int:
    execute(statements.CHOOSE_YES, values)
    if not values["topic_id"]:
        return 0
    kept = execute(statements.INSERT_CONSENTS, values)
    execute(statements.INSERT_CONSENT_LINES, values)
    execute(statements.UPSERT_CONSENT_STATES, values)
    return kept


def _end(job: Job, imported: Import, *, state: str, message: str) -> None:
    finish_import(imported, state=state)
    end_job(job.id, state=state, message=message)
    note_work(HEALTH_QUEUE)
