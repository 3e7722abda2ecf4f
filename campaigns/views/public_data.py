"""Somebody's own data in their own hands: ask for a copy or to be forgotten, and finish it by the link that is sent.

A GET shows a page; only a POST asks, fetches or erases, and none does while a machine was just caught at the letter.
"""

from django.http import HttpRequest, HttpResponse

from campaigns.queries.preferences import find_message, masked
from campaigns.views.public_links import OpenedLink, is_in_a_trap, signed
from campaigns.views.public_pages import lost_page, private, public_page
from contacts.models import Contact, DataRequest
from contacts.queries.data_requests import find_data_request, forgotten_tables, kept_tables
from contacts.services.data_requests import ask_for_copy, ask_for_erasure, confirm_erasure, fetch_copy
from ecosystem.base import clock
from ecosystem.base.errors import DomainError
from ecosystem.base.links import DATA_COPY, DATA_ERASURE, PREFERENCES


@signed(PREFERENCES, "GET", "HEAD", "POST")
def ask_copy(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Ask for a copy of everything that is known of them."""
    return _ask(request, link, DataRequest.Kind.COPY)


@signed(PREFERENCES, "GET", "HEAD", "POST")
def ask_erasure(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Ask to be forgotten: what goes, what stays and why, and the first of two steps."""
    return _ask(request, link, DataRequest.Kind.ERASURE)


@signed(DATA_COPY, "GET", "HEAD", "POST")
def copy(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """A page with one button; its press hands the copy out, once."""
    wanted = find_data_request(link.row_id)
    if wanted is None or wanted.kind != DataRequest.Kind.COPY:
        return lost_page(request, is_expired=True)
    is_gone = wanted.state != DataRequest.State.READY
    if request.method == "POST" and not is_gone:
        packed = fetch_copy(wanted, actor=None, now=clock.now())
        if packed is not None:
            headers = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
            return private(HttpResponse(packed, content_type="application/zip", headers=headers))
        is_gone = True
    return public_page(request, link.business, "campaigns/public/data_copy.html", {"is_gone": is_gone})


@signed(DATA_ERASURE, "GET", "HEAD", "POST")
def erasure(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """The second step: one button, and whoever presses it is forgotten."""
    wanted = find_data_request(link.row_id)
    if wanted is None or wanted.kind != DataRequest.Kind.ERASURE:
        return lost_page(request, is_expired=True)
    if request.method == "POST" and wanted.state == DataRequest.State.ASKED:
        confirm_erasure(wanted, now=clock.now())
        wanted.refresh_from_db()
    context = {"state": wanted.state, "kept": kept_tables(), "forgotten": forgotten_tables()}
    return public_page(request, link.business, "campaigns/public/data_erasure.html", context)


def _ask(request: HttpRequest, link: OpenedLink, kind: str) -> HttpResponse:
    message = find_message(link.row_id)
    person: Contact | None = message.contact if message else None
    if message is None or person is None or person.deleted_at is not None:
        return lost_page(request, is_expired=True)
    context: dict[str, object] = {"token": link.token, "kind": kind, "shown_address": masked(message.address)}
    status = 200
    if request.method == "POST" and not is_in_a_trap(message):
        try:
            if kind == DataRequest.Kind.COPY:
                context["asked"] = ask_for_copy(person, address=message.address)
            else:
                context["asked"] = ask_for_erasure(person, address=message.address)
        except DomainError as refused:
            context["problem"], status = str(refused), refused.status
    if kind == DataRequest.Kind.ERASURE:
        context |= {"kept": kept_tables(), "forgotten": forgotten_tables()}
    return public_page(request, link.business, "campaigns/public/data_ask.html", context, status=status)
