"""Taking people out as a file: asking for it, watching it, fetching it."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from contacts.forms.exports import ExportForm
from contacts.forms.people_filter import FILTERS, FilterNotUnderstood, read_filter
from contacts.lists.written import MARK, packed
from contacts.models import PeopleExport
from contacts.queries.exports import exports_of, get_export, get_export_file, iter_pieces
from contacts.queries.people_filter import PeopleFilter
from contacts.queries.people_list import known_count
from contacts.services.exports import ask_for_people, note_fetch
from contacts.views.people_filters import refuse_hidden
from contacts.views.progress import show_progress
from ecosystem.base.access import Action, hidden_from_visitors, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, Invalid
from ecosystem.base.http import takes
from ecosystem.fresh_login import fresh_login_required
from ecosystem.services.jobs import request_cancel

LIST, DETAIL = "contacts:export_list", "contacts:export_detail"
TYPES = {
    PeopleExport.Format.CSV: "text/csv; charset=utf-8",
    PeopleExport.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
@member_required(Action.EXPORT_PEOPLE)
@takes(*FILTERS)
def export_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the file, for those whom the list showed or for all; below it the files there are."""
    wanted = _wanted(request, request.GET)
    context = {
        "form": ExportForm(initial={"who": "these" if wanted.is_narrow else "all"}, is_narrow=wanted.is_narrow),
        "kept_filter": [(name, request.GET[name]) for name in FILTERS if request.GET.get(name)],
        "exports": exports_of(request.membership),
        "now": now(),
    }
    return render(request, "contacts/exports/list.html", context)


@require_POST
@member_required(Action.EXPORT_PEOPLE)
@fresh_login_required(LIST)
def export_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Have the file written."""
    try:
        found = _wanted(request, request.POST)
        form = ExportForm(request.POST, is_narrow=found.is_narrow)
        if not form.is_valid():
            raise Invalid("export_format", _("Choose a kind of file, and who stands in it."), field="format")
        wanted = found if form.cleaned_data["who"] == "these" else PeopleFilter()
        export = ask_for_people(
            form.cleaned_data["format"], wanted, actor=request.membership, total=known_count(wanted) or 0
        )
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect(LIST, slug=slug)
    return redirect(DETAIL, slug=slug, id=export.id)


@require_safe
@member_required(Action.EXPORT_PEOPLE)
@takes("said")
def export_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """How far a file is, and the way to it."""
    export = get_export(id, member=request.membership)
    job = export.job
    done, total = (job.done, job.total) if job else (0, 0)
    is_over = job is None or job.is_over or export.ready_at is not None
    context = {"export": export, "now": now()}
    return show_progress(request, "exports", context, done=done, total=total, is_over=is_over)


@require_POST
@member_required(Action.EXPORT_PEOPLE)
def export_cancel(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Stop writing a file; nothing of it is kept."""
    export = get_export(id, member=request.membership)
    with transaction.atomic():
        if export.job_id is not None:
            request_cancel(export.job_id)
    return redirect(DETAIL, slug=slug, id=id)


@hidden_from_visitors
@require_safe
@member_required(Action.EXPORT_PEOPLE)
@fresh_login_required(DETAIL, keeps=("id",))
def export_file(request: HttpRequest, slug: str, id: UUID, token: str) -> HttpResponseBase:
    """The file itself, for whoever asked for it."""
    export = get_export_file(id, token, member=request.membership, now=now())
    note_fetch(export, actor=request.membership)
    pieces = iter_pieces(request.business.id, export)
    is_csv = export.format == PeopleExport.Format.CSV
    body = _with_mark(pieces) if is_csv else packed(pieces)
    response = StreamingHttpResponse(body, content_type=TYPES[PeopleExport.Format(export.format)])
    response["Content-Disposition"] = f'attachment; filename="people.{export.format}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _with_mark(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Excel takes a CSV file for UTF-8 by its mark alone."""
    yield MARK.encode()
    yield from pieces


def _wanted(request: HttpRequest, given: Any) -> PeopleFilter:
    try:
        wanted = read_filter(given)
        refuse_hidden(request, wanted)
    except FilterNotUnderstood as broken:
        sentence = _("The filter was not understood. Clear it and choose again.")
        raise Invalid("filter_unknown", sentence, field=broken.name) from broken
    return wanted
