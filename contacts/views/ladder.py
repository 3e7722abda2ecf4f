"""The ladder board, and moving people on it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.forms.ladder import StageForm, reasons_for
from contacts.models import Contact
from contacts.queries.contacts import get_contact
from contacts.queries.kinds import rungs_in_use
from contacts.queries.ladder import board, get_stage_change, lane_page, rose_this_week
from contacts.services.stages import change_stage, undo_stage_change
from contacts.views.surroundings import back_to, words_of
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes()
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """Every rung with its newest people, and who rose this week and why."""
    words = words_of(request)
    lanes = board(words, now=now())
    context = {
        "lanes": lanes,
        "is_empty": not any(lane.count for lane in lanes),
        "risen": rose_this_week(now=now()),
        "rungs": rungs_in_use(words),
    }
    return render(request, "contacts/ladder/board.html", context)


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor")
def ladder_lane(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """The next people of one rung: the cards alone for htmx, a page of that lane for everybody else."""
    words = words_of(request)
    rungs = rungs_in_use(words)
    rung = next((rung for rung in rungs if rung.kind == stage), None)
    if rung is None:
        raise Http404
    cards, page = lane_page(rung, cursor=request.GET.get("cursor"), now=now())
    context = {"rung": rung, "cards": cards, "page": page, "next_cursor": page.next_cursor, "rungs": rungs}
    template = "contacts/ladder/_more.html" if request.htmx else "contacts/ladder/lane.html"
    return render(request, template, context)


@require_POST
@member_required(Action.MOVE_LADDER)
def stage_change(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put a person on a rung; asks why where a reason is needed. The toast takes it back, or says why not."""
    contact = get_contact(id)
    form = StageForm(request.POST)
    back = redirect(back_to(request, reverse("contacts:ladder", kwargs={"slug": slug})))
    if not form.is_valid():
        messages.error(request, _("Choose a rung of the ladder."))
        return back
    given = form.cleaned_data
    try:
        change = change_stage(
            contact,
            given["stage"],
            actor=request.membership,
            reason=given["said"] or given["reason"],
            seen=form.seen_stage(),
            now=now(),
        )
    except DomainError as broken:
        if broken.code == "reason_needed":
            return _ask_why(request, contact, form, back.url)
        messages.error(request, str(broken))
        return back
    names = {"name": contact.display_name, "kind": words_of(request)[given["stage"]].plural}
    if change is None:
        messages.info(request, _("%(name)s stands there already: %(kind)s.") % names)
        return back
    undo = reverse("contacts:stage_undo", kwargs={"slug": slug, "id": id, "change_id": change.pk})
    messages.success(request, _("Moved %(name)s to %(kind)s.") % names, extra_tags=f"undo:{undo}")
    return back


@require_POST
@member_required(Action.MOVE_LADDER)
def stage_undo(request: HttpRequest, slug: str, id: UUID, change_id: UUID) -> HttpResponse:
    """Take a move back."""
    contact = get_contact(id)
    change = get_stage_change(contact, change_id)
    try:
        undone = undo_stage_change(change, actor=request.membership, now=now())
    except DomainError as broken:
        messages.error(request, str(broken))
    else:
        if undone is not None:
            messages.success(request, _("%(name)s is back where they were.") % {"name": contact.display_name})
    return redirect(back_to(request, reverse("contacts:ladder", kwargs={"slug": slug})))


def _ask_why(request: HttpRequest, contact: Contact, form: StageForm, back: str) -> HttpResponse:
    """The question for the reason: alone for the board, which puts it into a dialog, else on a page of its own."""
    stage = form.cleaned_data["stage"]
    context = {
        "contact": contact,
        "form": form,
        "rung": words_of(request)[stage],
        "reasons": reasons_for(contact.stage, stage),
        "back": back,
        # Asked once already, and still nothing said: only then is it a fault.
        "is_empty": "reason" in request.POST,
    }
    template = "contacts/ladder/_why.html" if request.headers.get("X-Board") else "contacts/ladder/why.html"
    return render(request, template, context, status=422)
