"""Taking a list back, within thirty days: who it brought and nobody touched goes, who it changed stands as before.

Step by step, some hundreds of rows in a transaction that also moves the place: killed at any moment it ends the same.
What somebody did since stays, and is told with its reason. The ledger of consents gets rows and loses none; a stop is
never taken off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from contacts.models import (
    IMPORT_UNDONE,
    Act,
    Affiliation,
    Channel,
    Consent,
    ConsentState,
    Contact,
    ContactPoint,
    ContactTag,
    Import,
    ImportChange,
    Organization,
    RoleAssignment,
)
from contacts.queries.touched import touched_organizations, touched_people
from contacts.services.consent_ledger import publish_no, tell_of_rows
from contacts.services.consent_states import keep_correction
from contacts.services.import_changes import Image, apply_images, images_of
from contacts.undoing import UNDO_WITHIN
from ecosystem.base import clock
from ecosystem.base.errors import Conflict
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.health import QUEUE as HEALTH_QUEUE
from ecosystem.services.jobs import start_job

UNDO_JOB = "import_undo"
SLICE = 500
_ENDED = (Import.State.DONE, Import.State.CANCELLED, Import.State.FAILED)


@dataclass(frozen=True)
class _Turn:
    """One slice of a taking back: whose, from which row on, and when."""

    imported: Import
    after: UUID
    actor: Membership | None
    now: datetime

    @property
    def stamp(self) -> datetime:
        return self.imported.started_at or self.imported.created_at

    def count(self, name: str, number: int) -> None:
        self.imported.undone[name] = self.imported.undone.get(name, 0) + number


@transaction.atomic
def undo_import(import_id: UUID, *, actor: Membership | None, now: datetime) -> Import:
    """Begin to take a list back. A second time changes nothing.

    Conflict where it is older than thirty days, was never brought in, or something is still being done with it.
    """
    held = Import.objects.defer("content", "sample").select_for_update().get(id=import_id)
    if held.undo_asked_at is not None:
        return held
    if held.state not in _ENDED or held.started_at is None:
        raise Conflict("import_not_over", _("This list is not brought in yet. There is nothing to take back."))
    if held.ended_at is not None and now > held.ended_at + UNDO_WITHIN:
        raise Conflict("undo_too_late", _("A list can be taken back for 30 days. These are over."))
    if held.job is not None and not held.job.is_over:
        raise Conflict("import_at_work", _("Wait until what is being done with this list has ended."))
    held.undo_asked_at, held.undo_step, held.undo_after = now, Import.UndoStep.PEOPLE, _first_id(held.started_at)
    held.job = start_job(UNDO_JOB, total=held.added_count + held.changed_count, started_by=actor)
    held.save(update_fields=["undo_asked_at", "undo_step", "undo_after", "job", "updated_at"])
    record_act("import_undone", actor=actor, subject=held)
    return held


def work_undo(business_id: int, job_id: UUID) -> bool:
    """Take back the next rows; False when nothing remains, or when it was stopped."""
    with business_scope(business_id):
        job = Job.objects.select_related("started_by").select_for_update(of=("self",)).get(id=job_id)
        imported = Import.objects.defer("content", "sample").select_for_update().get(job_id=job_id)
        if job.cancel_requested_at is not None:
            return False
        after = imported.undo_after or UUID(int=0)
        done, last = _STEPS[imported.undo_step](_Turn(imported, after, job.started_by, clock.now()))
        if last is not None:
            imported.undo_after = last
        else:
            steps = list(_STEPS)
            place = steps.index(imported.undo_step) + 1
            if place == len(steps):
                imported.save(update_fields=["undone", "updated_at"])
                note_work(HEALTH_QUEUE)
                return False
            imported.undo_step = steps[place]
            is_by_person = imported.undo_step == Import.UndoStep.YESES
            imported.undo_after = UUID(int=0) if is_by_person else _first_id(imported.started_at or imported.created_at)
        imported.save(update_fields=["undo_step", "undo_after", "undone", "updated_at"])
        Job.objects.filter(pk=job_id).update(done=F("done") + done)
        return True


# How many people were dealt with, and the last row that was looked at (None: the step is over).
_Done = tuple[int, UUID | None]


def _people(turn: _Turn) -> _Done:
    """Take those off every list who came with it and whom nobody touched."""
    came = Contact.objects.select_for_update(no_key=True).filter(
        source=Contact.Source.IMPORT, created_at=turn.stamp, deleted_at=None, pk__gt=turn.after
    )
    people = list(came.order_by("pk")[:SLICE])
    if not people:
        return 0, None
    ids = [person.pk for person in people]
    lived = touched_people(ids, since=turn.stamp)
    expected = dict(_changes(turn, ids).values_list("contact_id", "version_after"))
    edited = {person.pk for person in people if person.version != expected.get(person.pk, 1)} - lived
    gone = [pk for pk in ids if pk not in lived and pk not in edited]
    Contact.objects.filter(pk__in=gone).update(deleted_at=turn.now, updated_at=turn.now, version=F("version") + 1)
    turn.count("removed", len(gone))
    _keep(turn, dict.fromkeys(lived, ImportChange.Why.LIVED) | dict.fromkeys(edited, ImportChange.Why.EDITED))
    return len(ids), ids[-1]


def _changed(turn: _Turn) -> _Done:
    """Let known people stand as before who stand as the list left them, field by field or not at all."""
    taken = ImportChange.objects.filter(
        imported=turn.imported, state__in=[ImportChange.State.TAKEN, ImportChange.State.ASKED], pk__gt=turn.after
    )
    changes = list(taken.select_related("contact").order_by("pk")[:SLICE])
    if not changes:
        return 0, None
    known = [change for change in changes if change.contact.created_at != turn.stamp]
    images = images_of([change.contact_id for change in known])
    lived = touched_people([change.contact_id for change in known if change.after.get("gone") is False],
                           since=turn.stamp)  # fmt: skip
    kept: dict[UUID, str] = {}
    back: list[tuple[UUID, int, Image, Image]] = []
    gone: list[UUID] = []
    for change in known:
        if change.state == ImportChange.State.ASKED:
            continue
        ours = images.get(change.contact_id)
        if ours is None or any(ours[key] != value for key, value in change.after.items()):
            kept[change.contact_id] = ImportChange.Why.EDITED
        elif change.contact_id in lived:
            kept[change.contact_id] = ImportChange.Why.LIVED
        else:
            after = {key: value for key, value in change.before.items() if key != "gone"}
            if after:
                back.append((change.contact_id, change.line, {key: ours[key] for key in after}, after))
            if "gone" in change.before:
                gone.append(change.contact_id)
            change.state = ImportChange.State.RESTORED
    reason = _("%(file)s was taken back") % {"file": turn.imported.file_name[:120]}
    apply_images(turn.imported, back, actor=turn.actor, now=turn.now, reason=reason, is_undo=True)
    Contact.objects.filter(pk__in=gone).update(deleted_at=turn.now, updated_at=turn.now, version=F("version") + 1)
    restored = [change for change in known if change.state == ImportChange.State.RESTORED]
    ImportChange.objects.bulk_update(restored, ["state"])
    turn.count("restored", len(restored))
    _keep(turn, kept)
    return len(restored) + len(kept), changes[-1].pk


def _tags(turn: _Turn) -> _Done:
    """Take the list's tags off people who were there before it."""
    return _leftovers(turn, ContactTag.objects.all())


def _places(turn: _Turn) -> _Done:
    """The same for firms that the list wrote beside them."""
    return _leftovers(turn, Affiliation.objects.all(), if_untouched=True)


def _leftovers(turn: _Turn, table: QuerySet[Any], *, if_untouched: bool = False) -> _Done:
    # Ids follow time: what the list wrote stands behind the moment it began.
    found = list(
        table.filter(pk__gt=turn.after)
        .order_by("pk")
        .values_list("pk", "created_at", "contact__created_at", "version")[:SLICE]
    )
    written = [
        pk
        for pk, at, person_at, version in found
        if at == turn.stamp and person_at != turn.stamp and (version == 1 or not if_untouched)
    ]
    table.filter(pk__in=written).delete()
    return 0, found[-1][0] if found else None


def _yeses(turn: _Turn) -> _Done:
    """Write down that a yes which stood on the list's word alone holds no more. Publishes ConsentWithdrawn."""
    topic_id = turn.imported.permission.get("topic_id") or None
    if topic_id is None:
        return 0, None
    states = list(
        ConsentState.objects.select_for_update(of=("self",))
        .filter(channel=Channel.EMAIL, topic_id=topic_id, state=ConsentState.State.GRANTED, contact_id__gt=turn.after)
        .filter(consent__request_id=turn.imported.id, consent__act=Act.IMPORTED)
        .select_related("contact")
        .order_by("contact_id")[:SLICE]
    )
    if not states:
        return 0, None
    rows = [
        Consent(
            id=uuid7(),
            contact_id=state.contact_id,
            address_hash=state.address_hash,
            channel=state.channel,
            topic_id=state.topic_id,
            act=Act.WITHDRAWN,
            source=IMPORT_UNDONE,
            source_detail=turn.imported.file_name[:160],
            actor=turn.actor,
            request_id=turn.imported.id,
            occurred_at=turn.now,
        )
        for state in states
    ]
    Consent.objects.bulk_create(rows)
    tell_of_rows(rows)
    keep_correction(states)
    for state, row in zip(states, rows, strict=True):
        # To whoever is gone nothing was ever sent; for all others letters that wait must stop.
        if state.contact.deleted_at is None:
            publish_no(row)
    turn.count("yeses", len(states))
    return 0, states[-1].contact_id


def _firms(turn: _Turn) -> _Done:
    """Take firms away that the list brought and nobody is with or did anything with."""
    firms = list(Organization.objects.filter(pk__gt=turn.after, deleted_at=None).order_by("pk")[:SLICE])
    if not firms:
        return 0, None
    ids = [firm.pk for firm in firms if firm.created_at == turn.stamp and firm.version == 1]
    used = touched_organizations(ids, since=turn.stamp)
    with_people = Affiliation.objects.filter(organization_id__in=ids, contact__deleted_at=None)
    used |= set(with_people.values_list("organization_id", flat=True))
    used |= set(RoleAssignment.objects.filter(organization_id__in=ids).values_list("organization_id", flat=True))
    used |= set(ContactPoint.objects.filter(organization_id__in=ids).values_list("organization_id", flat=True))
    gone = [pk for pk in ids if pk not in used]
    Organization.objects.filter(pk__in=gone).update(deleted_at=turn.now, updated_at=turn.now, version=F("version") + 1)
    turn.count("firms", len(gone))
    return 0, firms[-1].pk


_STEPS: dict[str, Callable[[_Turn], _Done]] = {
    Import.UndoStep.PEOPLE: _people,
    Import.UndoStep.CHANGES: _changed,
    Import.UndoStep.TAGS: _tags,
    Import.UndoStep.PLACES: _places,
    Import.UndoStep.YESES: _yeses,
    Import.UndoStep.FIRMS: _firms,
}


def _changes(turn: _Turn, contact_ids: Sequence[UUID]) -> QuerySet[ImportChange]:
    return ImportChange.objects.filter(imported=turn.imported, contact_id__in=contact_ids)


def _keep(turn: _Turn, kept: dict[UUID, Any]) -> None:
    """Write down of whom something could not be taken back, and why."""
    ImportChange.objects.bulk_create(
        [
            ImportChange(imported=turn.imported, contact_id=pk, line=0, state=ImportChange.State.KEPT, why=why)
            for pk, why in kept.items()
        ],
        update_conflicts=True,
        unique_fields=["business_id", "imported", "contact"],
        update_fields=["state", "why"],
    )
    turn.count("kept", len(kept))


def _first_id(moment: datetime) -> UUID:
    """The lowest id that a row of a moment can have (RFC 9562, version 7)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
