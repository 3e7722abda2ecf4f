"""The ladder board, and moving people on it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.forms.ladder import BOARD_FILTERS, StageForm, read_board_filter, reasons_for
from contacts.forms.people_filter import FilterNotUnderstood
from contacts.models import Contact
from contacts.queries.contacts import get_contact
from contacts.queries.kinds import rungs_in_use
from contacts.queries.ladder import board, get_stage_change, lane_page, rose_this_week
from contacts.queries.ladder_choices import board_choices
from contacts.queries.people_filter import NOBODY
from contacts.services.stages import change_stage, undo_stage_change
from contacts.views.people_filters import address_with, select_field
from contacts.views.surroundings import back_to, words_of
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes(*BOARD_FILTERS)
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """Every rung with its newest people, narrowed as the address says, and who rose this week and why."""
    try:
        around = _narrowing(request)
    except FilterNotUnderstood as broken:
        context = {"broken": broken, "mended": address_with(request.GET, **{broken.name: None})}
        return render(request, "contacts/ladder/board.html", context, status=400)
    words = words_of(request)
    lanes = board(words, around["wanted"], now=now())
    context = {
        **around,
        "lanes": lanes,
        "is_empty": not any(lane.cards for lane in lanes),
        "risen": rose_this_week(now=now()),
        "rungs": rungs_in_use(words),
    }
    return render(request, "contacts/ladder/board.html", context)


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor", *BOARD_FILTERS)
def ladder_lane(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """The next people of one rung: the cards alone for htmx, a page of that lane for everybody else."""
    words = words_of(request)
    rungs = rungs_in_use(words)
    rung = next((rung for rung in rungs if rung.kind == stage), None)
    if rung is None:
        raise Http404
    try:
        wanted = read_board_filter(request.GET)
    except FilterNotUnderstood as broken:
        raise Http404 from broken
    cards, page = lane_page(rung, wanted, cursor=request.GET.get("cursor"), now=now())
    context = {
        "rung": rung,
        "cards": cards,
        "page": page,
        "next_cursor": page.next_cursor,
        "rungs": rungs,
        "narrowed": _narrowed(request),
    }
    template = "contacts/ladder/_more.html" if request.htmx else "contacts/ladder/lane.html"
    return render(request, template, context)


def _narrowing(request: HttpRequest) -> dict[str, Any]:
    """What the board is narrowed by and could be; raises FilterNotUnderstood."""
    wanted = read_board_filter(request.GET)
    sees_team = may(request.membership, Action.SEE_TEAM)
    if wanted.owner and not sees_team:
        raise FilterNotUnderstood("owner", wanted.owner)
    choices = board_choices(wanted)
    tags = {str(pk): name for pk, name in choices.tags.items()}
    owners = {NOBODY: _("Nobody in particular"), **{str(pk): name for pk, name in choices.members.items()}}
    for name, chosen, known in (("tag", str(wanted.tag_id or ""), tags), ("owner", wanted.owner, owners)):
        if chosen and chosen not in known:
            raise FilterNotUnderstood(name, chosen)
    filters = [select_field("tag", _("Tag"), _("Any tag"), tags, str(wanted.tag_id or ""))] if tags else []
    if sees_team:
        filters.append(select_field("owner", _("Looked after by"), _("Looked after by anybody"), owners, wanted.owner))
    return {
        "wanted": wanted,
        "filters": filters,
        "step_url": address_with(request.GET, step=None if wanted.has_step else "1"),
        "narrowed": _narrowed(request),
    }


def _narrowed(request: HttpRequest) -> str:
    """The filter as it goes on in the addresses of lanes."""
    kept = {name: request.GET[name] for name in BOARD_FILTERS if request.GET.get(name)}
    return f"&{urlencode(kept)}" if kept else ""


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
