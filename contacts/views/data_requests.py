"""What people asked about their data, and what the team does on their behalf: hand out a copy, erase."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts.queries.contacts import get_contact
from contacts.queries.data_requests import (
    data_requests_of,
    data_requests_page,
    forgotten_tables,
    get_data_request,
    kept_tables,
)
from contacts.services.data_requests import ask_for_copy, erase_contact, fetch_copy, note_requests
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, NotFound
from ecosystem.base.http import takes
from ecosystem.fresh_login import fresh_login_required

OF_PERSON, LIST = "contacts:contact_data", "contacts:data_request_list"


@require_safe
@member_required(Action.EXPORT_PEOPLE)
@takes("cursor")
def data_request_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that was asked, the newest first, with what became of it."""
    return render(request, "contacts/data/list.html", {"page": data_requests_page(request.GET.get("cursor"))})


@require_POST
@member_required(Action.EXPORT_PEOPLE)
def data_request_note(request: HttpRequest, slug: str) -> HttpResponse:
    """Take note of what people asked: Today says it no more."""
    note_requests(now=now())
    return redirect(LIST, slug=slug)


@require_safe
@member_required(Action.EXPORT_PEOPLE)
def contact_data(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The copies of one person's data, and the way to their erasure."""
    contact = get_contact(id)
    return render(request, "contacts/data/person.html", {"contact": contact, "requests": data_requests_of(contact)})


@require_POST
@member_required(Action.EXPORT_PEOPLE)
@fresh_login_required(OF_PERSON, keeps=("id",))
def contact_copy(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Have a copy of one person's data made."""
    ask_for_copy(get_contact(id), actor=request.membership)
    messages.success(request, _("The copy is being made. It is here in a moment."))
    return redirect(OF_PERSON, slug=slug, id=id)


@require_POST
@member_required(Action.EXPORT_PEOPLE)
@fresh_login_required(LIST)
def data_request_fetch(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Hand a copy to the team that the team asked for, once. A person's own copy goes to their mailbox alone."""
    wanted = get_data_request(id)
    if wanted.address:
        raise NotFound("data_request_unknown", _("There is no such request."))
    packed = fetch_copy(wanted, actor=request.membership, now=now())
    if packed is None:
        messages.info(request, _("This copy is not there any more. Have a new one made."))
        return redirect(LIST, slug=slug)
    return zip_answer(packed, f"person-{wanted.contact_id}")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.DELETE_PEOPLE)
@fresh_login_required(OF_PERSON, keeps=("id",))
def contact_erase(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """What goes and what stays, and the button that erases once a box was ticked. Nothing brings anybody back."""
    contact = get_contact(id)
    problem = ""
    if request.method == "POST" and request.POST.get("sure") == "yes":
        try:
            erase_contact(contact, actor=request.membership, now=now())
        except DomainError as refused:
            problem = str(refused)
        else:
            messages.success(request, _("Their erasure has begun. Nothing is sent to them from this second."))
            return redirect(LIST, slug=slug)
    elif request.method == "POST":
        problem = _("Tick the box first: nothing brings them back.")
    context = {"contact": contact, "problem": problem, "kept": kept_tables(), "forgotten": forgotten_tables()}
    return render(request, "contacts/data/erase.html", context, status=422 if problem else 200)


def zip_answer(packed: bytes, name: str) -> HttpResponse:
    """A file that no cache keeps and no page runs."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(packed, content_type="application/zip", headers=headers)
