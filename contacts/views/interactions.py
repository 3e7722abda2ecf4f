"""Writing into a person's timeline, and reading on in it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.forms.interactions import NoteForm, TalkForm
from contacts.queries.contacts import get_contact
from contacts.queries.timeline import timeline_of
from contacts.services.interactions import TALK_KINDS, log_talk
from contacts.services.notes import add_note
from contacts.views.contacts import person_page
from contacts.views.surroundings import words_of
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError


@require_GET
@member_required(Action.SEE_PEOPLE)
def timeline(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """What came before: the next lines alone for htmx, the whole page for everybody else."""
    contact = get_contact(id)
    if not request.htmx:
        return person_page(request, contact)
    lines = timeline_of(
        contact,
        cursor=request.GET.get("cursor"),
        words=words_of(request),
        zone=timezone.get_current_timezone(),
        now=now(),
    )
    return render(request, "contacts/contacts/_timeline.html", {"contact": contact, "timeline": lines})


@require_http_methods(["GET", "POST"])
@member_required(Action.LOG_INTERACTION)
def interaction_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Write down a talk. The form comes filled in: the second tap saves it."""
    contact = get_contact(id)
    kind = request.GET.get("kind", "call")
    initial = {"kind": kind if kind in TALK_KINDS else "call", "occurred_at": now()}
    form = TalkForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            log_talk(contact, actor=request.membership, now=now(), **form.said_and_done())
        except DomainError as broken:
            form.add_error(broken.field, str(broken))
        else:
            messages.success(request, _("Written down. %(name)s counts as fed.") % {"name": contact.display_name})
            return redirect("contacts:contact_detail", slug=slug, id=id)
    context: dict[str, Any] = {"form": form, "contact": contact}
    return render(request, "contacts/contacts/talk.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.LOG_INTERACTION)
def note_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Keep a note about a person."""
    contact = get_contact(id)
    form = NoteForm(request.POST, auto_id="note_%s")
    if not form.is_valid():
        return person_page(request, contact, status=422, note_form=form)
    add_note(
        contact, body=form.cleaned_data["body"], key=str(form.cleaned_data["key"]), actor=request.membership, now=now()
    )
    messages.success(request, _("Noted."))
    return redirect("contacts:contact_detail", slug=slug, id=id)
