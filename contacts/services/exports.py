"""Taking people out as a file: asked for with a fresh sign-in, written slice by slice, kept for some days."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.lists.written import csv_rows, sheet_rows
from contacts.models import ExportPiece, PeopleExport
from contacts.queries.export_rows import export_header, export_rows, next_people
from contacts.queries.people_filter import PeopleFilter
from ecosystem.base import clock
from ecosystem.base.access import Action, may
from ecosystem.base.errors import Conflict
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.jobs import end_job, start_job
from ecosystem.services.quotas import QuotaFull, hold_places

EXPORT_JOB, EXPIRY_QUEUE = "people_export", "people_exports"
KEEP_FILE = timedelta(days=3)
SLICE = 1_000
MOST_AT_ONCE = 5


@transaction.atomic
def ask_for_people(format: str, wanted: PeopleFilter, *, actor: Membership, total: int) -> PeopleExport:
    """Begin a file of all who pass a filter now; `total` is what its page shows.

    Its columns are those that the role of who asks may see. Conflict where five of theirs are being written already,
    QuotaFull where there is no room for files.
    """
    theirs = PeopleExport.objects.filter(asked_by=actor, ready_at=None, job__state__in=["waiting", "running"])
    if theirs.count() >= MOST_AT_ONCE:
        raise Conflict("exports_running", _("Five files are being written for you. Wait for one of them first."))
    hold_places("storage")
    export = PeopleExport.objects.create(
        format=PeopleExport.Format(format),
        wanted=wanted.as_json(),
        shows_addresses=may(actor, Action.SEE_ADDRESSES),
        token=secrets.token_urlsafe(32),
        below_id=uuid7(),
        job=start_job(EXPORT_JOB, total=total, started_by=actor),
        asked_by=actor,
    )
    record_act("people_exported", actor=actor, subject=export, format=format, narrowed=wanted.is_narrow)
    return export


def work_export(business_id: int, job_id: UUID) -> bool:
    """Write the next people into the file; False when it is whole, was stopped, or has no room.

    A piece and the place are committed together: killed at any moment each person stands in it once.
    """
    try:
        return _write_further(business_id, job_id)
    except QuotaFull as full:
        # Half a file is of no use to anybody, and takes the room of others.
        with business_scope(business_id):
            ExportPiece.objects.filter(export__job_id=job_id).delete()
            end_job(job_id, state=Job.State.FAILED, message=str(full))
        return False


def _write_further(business_id: int, job_id: UUID) -> bool:
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        export = PeopleExport.objects.select_for_update().get(job_id=job_id)
        if export.ready_at is not None:
            return False
        if job.cancel_requested_at is not None:
            ExportPiece.objects.filter(export=export).delete()
            return False
        now = clock.now()
        if export.piece_count == 0:
            _keep_piece(export, [export_header(shows_addresses=export.shows_addresses)])
        people = next_people(PeopleFilter.from_json(export.wanted), below=export.below_id, now=export.created_at,
                             limit=SLICE)  # fmt: skip
        if people:
            _keep_piece(export, export_rows(people, shows_addresses=export.shows_addresses, now=now))
            export.row_count += len(people)
            export.below_id = people[-1].pk
        else:
            # An erasure in between took the pieces that were there.
            if ExportPiece.objects.filter(export=export).count() != export.piece_count:
                raise Conflict("export_erased", _("Somebody was erased meanwhile. Have the file written anew."))
            export.ready_at, export.expires_at = now, now + KEEP_FILE
            note_work(EXPIRY_QUEUE, export.expires_at)
        export.save(update_fields=["row_count", "piece_count", "below_id", "ready_at", "expires_at", "updated_at"])
        Job.objects.filter(pk=job_id).update(done=F("done") + len(people))
        return bool(people)


@transaction.atomic
def note_fetch(export: PeopleExport, *, actor: Membership) -> None:
    """Write down that a file was fetched."""
    record_act("people_export_fetched", actor=actor, subject=export, count=export.row_count)


def work_expiry(business_id: int, now: datetime) -> datetime | None:
    """Throw away files whose days are over; when to look again."""
    with business_scope(business_id):
        kept = PeopleExport.objects.filter(ready_at__isnull=False, expired_at=None)
        over = list(kept.filter(expires_at__lte=now).values_list("pk", flat=True)[:100])
        ExportPiece.objects.filter(export_id__in=over).delete()
        PeopleExport.objects.filter(pk__in=over).update(expired_at=now, updated_at=now)
        next_due: datetime | None = kept.order_by("expires_at").values_list("expires_at", flat=True).first()
    return next_due


def _keep_piece(export: PeopleExport, rows: Sequence[Sequence[str]]) -> None:
    written = csv_rows(rows) if export.format == PeopleExport.Format.CSV else sheet_rows(rows)
    hold_places("storage", len(written))
    ExportPiece.objects.create(export=export, number=export.piece_count, content=written)
    export.piece_count += 1
