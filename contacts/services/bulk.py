"""One change to many people: what is chosen at once, all who match as a job; each can be taken back."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from contacts.models import BulkEdit, BulkEditItem, Contact, Stage
from contacts.queries.people_filter import PeopleFilter, matching
from contacts.services.bulk_steps import STEPS
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Invalid
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, KindSetting, Membership
from ecosystem.services.audit import record_act
from ecosystem.services.jobs import start_job

BULK_JOB = "bulk_edit"
MOST_AT_ONCE = 200
SLICE = 500


@transaction.atomic
def edit_chosen(act: str, value: str, people: Collection[UUID], *, actor: Membership | None, now: datetime) -> BulkEdit:
    """Change some people at once, at most 200; those who stand so already, or are gone, stay as they are.

    Raises Invalid with a sentence where nobody is chosen or the change makes no sense.
    """
    if not people:
        raise Invalid("nobody_chosen", _("Choose somebody first."))
    if len(people) > MOST_AT_ONCE:
        raise Invalid(
            "too_many_chosen", _("Choose at most %(most)d at once, or all who match.") % {"most": MOST_AT_ONCE}
        )
    edit = _begin(act, value, actor)
    found = _live(people)
    _apply(edit, found, now)
    return edit


@transaction.atomic
def edit_matching(act: str, value: str, wanted: PeopleFilter, *, actor: Membership | None, total: int) -> BulkEdit:
    """Change all who pass a filter, slice by slice in the background; `total` is what its page shows.

    Those whose names begin so are few and are changed at once; Invalid where they are more than 200.
    """
    if wanted.begins:
        ids = list(
            matching(wanted, now=clock_now())
            .order_by("sort_name", "id")
            .values_list("pk", flat=True)[: MOST_AT_ONCE + 1]
        )
        return edit_chosen(act, value, ids, actor=actor, now=clock_now())
    edit = _begin(act, value, actor)
    edit.wanted = wanted.as_json()
    edit.job = start_job(BULK_JOB, total=total, started_by=actor)
    # Ids follow time: who comes in from now on has a greater one and stays out.
    edit.below_id = uuid7()
    edit.save(update_fields=["wanted", "job", "below_id", "updated_at"])
    return edit


@transaction.atomic
def undo_edit(edit: BulkEdit, *, actor: Membership | None, now: datetime) -> BulkEdit:
    """Let everybody stand as before who still stands as the change left them; many of them in the background.

    A second time changes nothing, but goes on where a taking back was stopped or has failed.
    """
    held = BulkEdit.objects.select_for_update(no_key=True).get(id=edit.id)
    if held.is_undo_cut_short:
        return _go_on_undoing(held, actor)
    if held.undo_asked_at is not None:
        return held
    held.undo_asked_at, held.below_id = now, None
    if held.changed_count > MOST_AT_ONCE:
        held.job = start_job(BULK_JOB, total=held.changed_count, started_by=actor)
    held.save(update_fields=["undo_asked_at", "below_id", "job", "updated_at"])
    record_act("bulk_undone", actor=actor, subject=held, count=held.changed_count)
    if held.changed_count <= MOST_AT_ONCE:
        _take_back(held, _items(held, MOST_AT_ONCE), now)
    return held


def _go_on_undoing(edit: BulkEdit, actor: Membership | None) -> BulkEdit:
    """Begin a job where the last one ended; who was looked at by then is not looked at again."""
    items = BulkEditItem.objects.filter(edit=edit)
    left = items.filter(contact_id__lt=edit.below_id).count() if edit.below_id else edit.changed_count
    edit.job = start_job(BULK_JOB, total=left, started_by=actor)
    edit.save(update_fields=["job", "updated_at"])
    record_act("bulk_undone", actor=actor, subject=edit, count=left)
    return edit


def work_bulk(business_id: int, job_id: UUID) -> bool:
    """One slice of an edit or of its taking back; False when nothing remains, or when it was stopped."""
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        edit = BulkEdit.objects.select_for_update(no_key=True).get(job=job)
        if job.cancel_requested_at is not None:
            return False
        done, below = _undo_slice(edit) if edit.undo_asked_at is not None else _edit_slice(edit)
        if below is None:
            return False
        BulkEdit.objects.filter(pk=edit.pk).update(below_id=below)
        Job.objects.filter(pk=job_id).update(done=F("done") + done)
        return True


def _edit_slice(edit: BulkEdit) -> tuple[int, UUID | None]:
    """Change the next people; how many were looked at, and below which id it goes on (None: nobody is left)."""
    people = _matching_below(edit)
    _apply(edit, people, clock_now())
    return len(people), people[-1].pk if people else None


def _undo_slice(edit: BulkEdit) -> tuple[int, UUID | None]:
    """The same for taking back."""
    items = _items(edit, SLICE)
    _take_back(edit, items, clock_now())
    return len(items), items[-1].contact_id if items else None


def _begin(act: str, value: str, actor: Membership | None) -> BulkEdit:
    if act not in STEPS:
        raise Invalid("bulk_act_unknown", _("Choose what to do with them."))
    if act == BulkEdit.Act.STAGE and (
        value not in Stage.values or not KindSetting.objects.filter(kind=value, is_on=True).exists()
    ):
        raise Invalid("stage_unknown", _("Choose a rung of the ladder."), field="stage")
    edit = BulkEdit.objects.create(act=act, value=value, actor=actor)
    record_act(f"bulk_{act}", actor=actor, subject=edit)
    return edit


def _live(people: Collection[UUID]) -> list[Contact]:
    """Those of some people who are not deleted, held, in one order."""
    found = Contact.objects.select_for_update(no_key=True).filter(deleted_at=None, pk__in=people)
    return list(found.order_by("-pk"))


def _matching_below(edit: BulkEdit) -> list[Contact]:
    """The next people who pass the filter, newest first."""
    # Days are counted from when it was asked, however long it takes.
    wanted = replace(PeopleFilter.from_json(edit.wanted), sort="newest")
    people = matching(wanted, now=edit.created_at)
    ids = list(people.filter(pk__lt=edit.below_id).order_by("-pk").values_list("pk", flat=True)[:SLICE])
    return _live(ids) if ids else []


def _apply(edit: BulkEdit, people: Sequence[Contact], now: datetime) -> None:
    changed = STEPS[edit.act].apply(edit, people, now) if people else {}
    BulkEditItem.objects.bulk_create(
        [BulkEditItem(edit=edit, contact_id=contact_id, before=before) for contact_id, before in changed.items()]
    )
    edit.changed_count += len(changed)
    BulkEdit.objects.filter(pk=edit.pk).update(changed_count=F("changed_count") + len(changed))


def _items(edit: BulkEdit, count: int) -> list[BulkEditItem]:
    items = BulkEditItem.objects.filter(edit=edit)
    if edit.below_id is not None:
        items = items.filter(contact_id__lt=edit.below_id)
    return list(items.order_by("-contact_id")[:count])


def _take_back(edit: BulkEdit, items: Sequence[BulkEditItem], now: datetime) -> None:
    if not items:
        return
    before = {item.contact_id: item.before for item in items}
    people = _live(list(before))
    count = STEPS[edit.act].take_back(edit, people, before, now)
    edit.undone_count += count
    BulkEdit.objects.filter(pk=edit.pk).update(undone_count=F("undone_count") + count)
