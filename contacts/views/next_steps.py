"""What is to be done next: set on a person's page, done or put off there and on Today, listed on a page of its own."""

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.forms.next_steps import NextStepForm, later_day
from contacts.models import NextStep
from contacts.queries.contacts import get_contact
from contacts.queries.next_steps import find_open_step, get_next_step, open_steps
from contacts.services.next_steps import (
    NONE_YET,
    close_next_step,
    put_off_next_step,
    reopen_next_step,
    set_next_step,
)
from contacts.views.contacts import person_page
from contacts.views.surroundings import back_to, today_of
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, DomainError
from ecosystem.base.http import takes
from ecosystem.queries.memberships import team


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor", "of")
def next_step_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that is to be done, the longest due first; `?of=me` for what the reader has taken on."""
    is_mine = request.GET.get("of") == "me"
    steps, page = open_steps(
        assignee_id=request.membership.pk if is_mine else None, cursor=request.GET.get("cursor"), today=today_of()
    )
    return render(request, "contacts/next_steps/list.html", {"steps": steps, "page": page, "is_mine": is_mine})


@require_POST
@member_required(Action.LOG_INTERACTION)
def next_step_set(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Write down what is to be done next; what somebody else wrote meanwhile is told, and nothing typed is lost."""
    contact = get_contact(id)
    form = NextStepForm(request.POST, team=list(team()), today=today_of(), auto_id="step_%s")
    if form.is_valid():
        try:
            step = set_next_step(
                contact,
                what=form.cleaned_data["what"],
                due_on=form.cleaned_data["due_on"],
                assignee=form.chosen(),
                version=form.cleaned_data["version"],
                now=now(),
            )
        except Conflict as changed:
            standing = find_open_step(contact)
            form.add_error(changed.field, str(changed))
            form.read_anew(standing.version if standing else NONE_YET)
        else:
            messages.success(request, _("Next: %(what)s.") % {"what": step.what})
            return redirect(_person(slug, id))
    return person_page(request, contact, status=422, next_step_form=form)


@require_POST
@member_required(Action.LOG_INTERACTION)
def next_step_close(request: HttpRequest, slug: str, id: UUID, step_id: UUID) -> HttpResponse:
    """Done, or not needed any more; the toast opens it again."""
    step = get_next_step(get_contact(id), step_id)
    is_dropped = request.POST.get("outcome") == NextStep.Outcome.DROPPED
    outcome = NextStep.Outcome.DROPPED if is_dropped else NextStep.Outcome.DONE
    if close_next_step(step, outcome, actor=request.membership, now=now()):
        undo = reverse("contacts:next_step_reopen", kwargs={"slug": slug, "id": id, "step_id": step_id})
        said = _("Taken away: %(what)s.") if is_dropped else _("Done: %(what)s.")
        messages.success(request, said % {"what": step.what}, extra_tags=f"undo:{undo}")
    else:
        messages.info(request, _("That was closed already."))
    return redirect(back_to(request, _person(slug, id)))


@require_POST
@member_required(Action.LOG_INTERACTION)
def next_step_reopen(request: HttpRequest, slug: str, id: UUID, step_id: UUID) -> HttpResponse:
    """Take the closing back."""
    step = get_next_step(get_contact(id), step_id)
    try:
        if reopen_next_step(step):
            messages.success(request, _("To be done again: %(what)s.") % {"what": step.what})
    except DomainError as broken:
        messages.error(request, str(broken))
    return redirect(back_to(request, _person(slug, id)))


@require_POST
@member_required(Action.LOG_INTERACTION)
def next_step_later(request: HttpRequest, slug: str, id: UUID, step_id: UUID) -> HttpResponse:
    """Put a step off to another day; the toast puts it back to where it was."""
    step = get_next_step(get_contact(id), step_id)
    back = redirect(back_to(request, _person(slug, id)))
    day = _earlier(request.GET.get("back")) or later_day(request.POST.get("until", ""), today_of())
    if day is None:
        messages.error(request, _("Choose today or a later day."))
        return back
    try:
        before = put_off_next_step(step, day)
    except DomainError as broken:
        messages.error(request, str(broken))
        return back
    undo = reverse("contacts:next_step_later", kwargs={"slug": slug, "id": id, "step_id": step_id})
    shown = {"what": step.what, "day": date_format(day, "j M")}
    messages.success(request, _("%(what)s: on %(day)s.") % shown, extra_tags=f"undo:{undo}?back={before.isoformat()}")
    return back


def _earlier(text: str | None) -> date | None:
    """The day that Undo names; None without one."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _person(slug: str, id: UUID) -> str:
    return reverse("contacts:contact_detail", kwargs={"slug": slug, "id": id})
