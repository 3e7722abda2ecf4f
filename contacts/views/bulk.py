"""Changing many people at once, watching it, and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from contacts.forms.bulk import chosen_people, read_wish
from contacts.forms.people_filter import FilterNotUnderstood, read_filter
from contacts.models import BulkEdit
from contacts.queries.bulk import get_bulk_edit
from contacts.queries.people_filter import PeopleFilter
from contacts.queries.people_list import known_count
from contacts.services.bulk import edit_chosen, edit_matching, undo_edit
from contacts.views.people_filters import refuse_hidden
from contacts.views.progress import show_progress
from contacts.views.surroundings import back_to
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, NotAllowed
from ecosystem.base.http import takes
from ecosystem.services.jobs import request_cancel


@require_POST
@member_required(Action.EDIT_PEOPLE)
def bulk_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Do what the pressed button says with the ticked people, or with all who match."""
    back = redirect(back_to(request, reverse("contacts:contact_list", kwargs={"slug": slug})))
    try:
        edit = _edit(request)
    except (DomainError, FilterNotUnderstood) as broken:
        unknown = _("The filter was not understood. Clear it and choose again.")
        messages.error(request, unknown if isinstance(broken, FilterNotUnderstood) else str(broken))
        return back
    if edit.job_id is not None:
        return redirect("contacts:bulk_edit_detail", slug=slug, id=edit.id)
    _say(request, slug, edit)
    return back


@require_GET
@member_required(Action.EDIT_PEOPLE)
@takes("said")
def bulk_edit_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """How far a change to many people is, and what became of it."""
    edit = get_bulk_edit(id)
    job = edit.job
    done, total = (job.done, job.total) if job else (0, 0)
    return show_progress(request, "bulk", {"edit": edit}, done=done, total=total, is_over=job is None or job.is_over)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def bulk_edit_cancel(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Stop after the people who are being changed this moment."""
    edit = get_bulk_edit(id)
    with transaction.atomic():
        if edit.job_id is not None:
            request_cancel(edit.job_id)
    return redirect("contacts:bulk_edit_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def bulk_edit_undo(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let everybody stand as before who still stands as the change left them."""
    edit = undo_edit(get_bulk_edit(id), actor=request.membership, now=now())
    if edit.job_id is not None:
        return redirect("contacts:bulk_edit_detail", slug=slug, id=id)
    left = edit.changed_count - edit.undone_count
    if left > 0:
        sentence = ngettext(
            "Taken back, but for %(count)d person who was changed again since.",
            "Taken back, but for %(count)d people who were changed again since.",
            left,
        )
        messages.warning(request, sentence % {"count": left})
    else:
        messages.success(request, _("Taken back."))
    return redirect(back_to(request, reverse("contacts:contact_list", kwargs={"slug": slug})))


@transaction.atomic
def _edit(request: HttpRequest) -> BulkEdit:
    wish = read_wish(request.POST)
    if wish.act == BulkEdit.Act.STAGE and not may(request.membership, Action.MOVE_LADDER):
        raise NotAllowed("may_not_move", _("Your role does not move people on the ladder."))
    if request.POST.get("all") != "1":
        people = chosen_people(request.POST)
        return edit_chosen(wish.act, wish.value, people, actor=request.membership, now=now())
    wanted: PeopleFilter = read_filter(request.POST)
    refuse_hidden(request, wanted)
    return edit_matching(wish.act, wish.value, wanted, actor=request.membership, total=known_count(wanted) or 0)


def _say(request: HttpRequest, slug: str, edit: BulkEdit) -> None:
    """What was done, with Undo."""
    if not edit.changed_count:
        messages.info(request, _("They stood so already. Nothing was changed."))
        return
    undo = reverse("contacts:bulk_edit_undo", kwargs={"slug": slug, "id": edit.id})
    sentence = ngettext("Changed %(count)d person.", "Changed %(count)d people.", edit.changed_count)
    messages.success(request, sentence % {"count": edit.changed_count}, extra_tags=f"undo:{undo}")
