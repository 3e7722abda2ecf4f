"""Writing into a person's timeline, and reading on in it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.forms.interactions import EditNoteForm, NoteForm, TalkForm
from contacts.models import Contact, Note
from contacts.queries.contacts import get_contact
from contacts.queries.notes import get_note
from contacts.services.interactions import TALK_KINDS, log_talk
from contacts.services.notes import add_note, delete_note, edit_note, may_change, restore_note
from contacts.views.contacts import month_of, person_page, shelf_of, timeline_lines
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, NotAllowed
from ecosystem.base.http import takes


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor", "show", "month", "months")
def timeline(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """What came before: the next lines alone for htmx, the whole page for everybody else."""
    contact = get_contact(id)
    if not request.htmx:
        return person_page(request, contact)
    context = {
        "contact": contact,
        "timeline": timeline_lines(request, contact),
        "shelf": shelf_of(request),
        "month": month_of(request),
    }
    fragment = "_months" if "months" in request.GET else "_timeline"
    return render(request, f"contacts/contacts/{fragment}.html", context)


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


@require_http_methods(["GET", "POST"])
@member_required(Action.LOG_INTERACTION)
def note_edit(request: HttpRequest, slug: str, id: UUID, note_id: UUID) -> HttpResponse:
    """Write a note anew; what somebody else wrote meanwhile is shown, and what was typed stays."""
    contact = get_contact(id)
    try:
        note = _own_note(request, contact, note_id, is_deleted=None if request.method == "POST" else False)
    except NotAllowed as refused:
        if request.method == "POST":
            raise
        messages.error(request, str(refused))
        return redirect("contacts:contact_detail", slug=slug, id=id)
    form = EditNoteForm(request.POST or None, initial={"body": note.body, "version": note.version})
    if request.method == "POST" and form.is_valid():
        try:
            edit_note(note, body=form.cleaned_data["body"], version=form.cleaned_data["version"], now=now())
        except DomainError as broken:
            form.add_error("body", str(broken))
            form.read_anew(note.version)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:contact_detail", slug=slug, id=id)
    context = {"form": form, "contact": contact, "note": note}
    return render(request, "contacts/contacts/note.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.LOG_INTERACTION)
def note_delete(request: HttpRequest, slug: str, id: UUID, note_id: UUID) -> HttpResponse:
    """Take a note away; the toast brings it back."""
    note = _own_note(request, get_contact(id), note_id)
    if delete_note(note, now=now()):
        undo = reverse("contacts:note_restore", kwargs={"slug": slug, "id": id, "note_id": note_id})
        messages.success(request, _("The note is taken away."), extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.LOG_INTERACTION)
def note_restore(request: HttpRequest, slug: str, id: UUID, note_id: UUID) -> HttpResponse:
    """Bring a note back."""
    if restore_note(_own_note(request, get_contact(id), note_id)):
        messages.success(request, _("The note is back."))
    return redirect("contacts:contact_detail", slug=slug, id=id)


def _own_note(request: HttpRequest, contact: Contact, note_id: UUID, *, is_deleted: bool | None = None) -> Note:
    """A note that the reader may change; NotAllowed for those of others where they may not."""
    note = get_note(contact, note_id, is_deleted=is_deleted)
    if not may_change(note, request.membership, edits_people=may(request.membership, Action.EDIT_PEOPLE)):
        raise NotAllowed("note_of_another", _("Only who wrote a note may change it, and whoever may edit people."))
    return note
