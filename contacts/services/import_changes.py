"""What a list tells otherwise of people we know: found while it comes in, taken over at once or when somebody says so.

A rung only goes up, a no stays a no, and an empty cell changes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db.models import F
from django.utils.translation import gettext as _

from contacts.models import DIFFERING, Contact, ContactPoint, Import, ImportChange, Stage
from contacts.services import import_changes_sql as statements
from ecosystem.base import clock
from ecosystem.base.errors import Conflict
from ecosystem.base.sql import copy_rows, execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.jobs import start_job

ANSWER_JOB = "import_answers"
MOST_AT_ONCE = 200
SLICE = 500
# A person's fields as they stand, or as they are to stand.
Image = dict[str, Any]


def find_changes(imported: Import, values: Mapping[str, object]) -> None:
    """Keep where the slice that is being taken in differs from what we have, and take it over where that was chosen.

    Counts are added to `imported`.
    """
    if imported.known == Import.Known.SKIP:
        return
    is_taken = imported.known == Import.Known.UPDATE
    given = {**values, "rungs": list(Stage.values), "is_undo": False}
    execute(statements.CREATE)
    execute(statements.FIND, given)
    count = execute(
        statements.KEEP, {**given, "state": ImportChange.State.TAKEN if is_taken else ImportChange.State.ASKED}
    )
    if is_taken and count:
        _apply(given)
    execute(statements.DROP)
    if is_taken:
        imported.changed_count += count
    else:
        imported.asked_count += count


def answer_changes(
    import_id: UUID, answers: Mapping[UUID, Collection[str]], *, actor: Membership | None, now: datetime
) -> int:
    """Take over the named fields of people who were asked about; the rest of each stays ours. How many changed.

    Who was answered before, or was taken off meanwhile, is passed over.
    """
    imported = Import.objects.defer("content", "sample").select_for_update().get(id=import_id)
    if imported.undo_asked_at is not None:
        raise Conflict("import_undone", _("This list was taken back. There is nothing left to answer."))
    asked = ImportChange.objects.select_for_update().filter(imported=imported, state=ImportChange.State.ASKED)
    return _answer(imported, list(asked.filter(pk__in=answers).order_by("id")), answers, actor, now)


def answer_all(import_id: UUID, *, answer: str, actor: Membership | None, now: datetime) -> Import:
    """Give one answer (`theirs` or `ours`) for everybody who still waits; many of them in the background."""
    imported = Import.objects.defer("content", "sample").select_for_update().get(id=import_id)
    if imported.undo_asked_at is not None or (imported.job is not None and not imported.job.is_over):
        raise Conflict("import_at_work", _("Wait until what is being done with this list has ended."))
    imported.answer_all = answer
    if imported.asked_count > MOST_AT_ONCE:
        imported.job = start_job(ANSWER_JOB, total=imported.asked_count, started_by=actor)
    imported.save(update_fields=["answer_all", "job", "updated_at"])
    if imported.asked_count <= MOST_AT_ONCE:
        _answer_slice(imported, MOST_AT_ONCE, actor, now)
    return imported


def work_answers(business_id: int, job_id: UUID) -> bool:
    """Answer for the next of those who wait; False when nobody is left, or when it was stopped."""
    with business_scope(business_id):
        job = Job.objects.select_related("started_by").select_for_update(of=("self",)).get(id=job_id)
        imported = Import.objects.defer("content", "sample").select_for_update().get(job_id=job_id)
        if job.cancel_requested_at is not None:
            return False
        count = _answer_slice(imported, SLICE, job.started_by, clock.now())
        Job.objects.filter(pk=job_id).update(done=F("done") + count)
        return count == SLICE


def _answer_slice(imported: Import, most: int, actor: Membership | None, now: datetime) -> int:
    """How many were answered."""
    asked = ImportChange.objects.select_for_update().filter(imported=imported, state=ImportChange.State.ASKED)
    changes = list(asked.order_by("id")[:most])
    fields = DIFFERING if imported.answer_all == "theirs" else ()
    _answer(imported, changes, {change.pk: fields for change in changes}, actor, now)
    return len(changes)


def _answer(
    imported: Import,
    changes: Sequence[ImportChange],
    answers: Mapping[UUID, Collection[str]],
    actor: Membership | None,
    now: datetime,
) -> int:
    images = images_of([change.contact_id for change in changes])
    taken: list[tuple[UUID, int, Image, Image]] = []
    for change in changes:
        ours = images.get(change.contact_id)
        after = _still_new(change.after, ours, answers[change.pk]) if ours is not None else {}
        # Whoever was brought back by the list stays so, whatever is answered.
        back = {key: change.after[key] for key in ("gone",) if key in change.after}
        change.state = ImportChange.State.TAKEN if after or back else ImportChange.State.LEFT
        change.updated_at = now
        if ours is not None and after:
            taken.append((change.contact_id, change.line, {key: ours[key] for key in after}, after))
            change.version_after = ours["version"] + 1
        change.before = dict.fromkeys(back, True) | {key: ours[key] for key in after if ours}
        change.after = back | after
    ImportChange.objects.bulk_update(changes, ["state", "before", "after", "version_after", "updated_at"])
    apply_images(imported, taken, actor=actor, now=now, reason=_reason(imported))
    imported.changed_count += len(taken)
    imported.asked_count -= min(len(changes), imported.asked_count)
    imported.save(update_fields=["changed_count", "asked_count", "updated_at"])
    return len(taken)


def images_of(contact_ids: Collection[UUID]) -> dict[UUID, Image]:
    """How each of some people who are there stands now, held; `version` beside the fields."""
    people = Contact.objects.select_for_update(no_key=True).filter(pk__in=contact_ids, deleted_at=None).order_by("pk")
    first = ContactPoint.objects.filter(contact_id__in=contact_ids, is_primary=True)
    first = first.filter(kind__in=[ContactPoint.Kind.PHONE, ContactPoint.Kind.POSTAL])
    points = {
        (contact_id, kind): [value, norm]
        for contact_id, kind, value, norm in first.values_list("contact_id", "kind", "value", "value_norm")
    }
    return {
        person.pk: {
            "name": [person.given_name, person.family_name, person.display_name, person.sort_name],
            "phone": [points.get((person.pk, "phone"), [""])[0], person.primary_phone],
            "postal": points.get((person.pk, "postal"), ["", ""]),
            "stage": person.stage or "",
            "gone": False,
            "version": person.version,
        }
        for person in people
    }


def apply_images(
    imported: Import,
    taken: Sequence[tuple[UUID, int, Image, Image]],
    *,
    actor: Membership | None,
    now: datetime,
    reason: str,
    is_undo: bool = False,
) -> None:
    """Have people stand as said: each with the line, how they stand and how they are to stand."""
    if not taken:
        return
    execute(statements.CREATE)
    copy_rows(
        "import_changes",
        statements.COLUMNS,
        ((pk, line, orjson.dumps(before).decode(), orjson.dumps(after).decode()) for pk, line, before, after in taken),
    )
    _apply(
        {
            "business_id": imported.business_id,
            "stamp": now if is_undo else imported.started_at,
            "now": now,
            "actor_id": actor.pk if actor else None,
            "reason": reason[:200],
            "is_undo": is_undo,
        }
    )
    execute(statements.DROP)


def _apply(values: Mapping[str, object]) -> None:
    for statement in statements.APPLY:
        execute(statement, values)


def _still_new(theirs: Image, ours: Image, fields: Collection[str]) -> Image:
    """What of a list's word is asked for and still something else than what we have; a rung only upwards."""
    ladder = ["", *Stage.values]
    after = {key: value for key, value in theirs.items() if key in fields and value != ours[key]}
    if "stage" in after and ladder.index(after["stage"]) <= ladder.index(ours["stage"]):
        del after["stage"]
    return after


def _reason(imported: Import) -> str:
    return _("Brought in with %(file)s") % {"file": imported.file_name[:120]}


__all__ = ["ANSWER_JOB", "answer_all", "answer_changes", "apply_images", "find_changes", "images_of", "work_answers"]
