"""Pages of bringing in a list: file, columns, permission, check, and how far it is."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.forms.imports import ImportColumnsForm, ImportPermissionForm, ImportSheetForm, ImportUploadForm
from contacts.lists.programs import Program, find_program
from contacts.lists.rows import RowReader
from contacts.models import Import, Stage
from contacts.queries.import_reviews import may_be_undone
from contacts.queries.import_rows import reader_of
from contacts.queries.imports import (
    find_check,
    find_same_header,
    get_import,
    iter_problems,
    needs_worker,
    newest_imports,
    preview_import,
    preview_of_check,
)
from contacts.services.import_checks import begin_check
from contacts.services.imports import (
    cancel_import,
    choose_sheet,
    map_import,
    permit_import,
    start_import,
    upload_import,
)
from contacts.views.progress import is_to_be_said, show_progress, tenths
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.csv_lines import csv_line
from ecosystem.base.errors import Conflict, DomainError, Invalid
from ecosystem.base.http import lead, takes, takes_body
from ecosystem.fresh_login import fresh_login_required
from ecosystem.models import Job, KindSetting
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.services.quotas import QuotaFull

STEP_NAMES = [gettext_lazy("File"), gettext_lazy("Match"), gettext_lazy("Permission"), gettext_lazy("Check")]


@takes_body(megabytes=25)
@member_required(Action.IMPORT_PEOPLE)
@takes()
def import_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The first step and the lists brought in before."""
    form = ImportUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        uploaded = form.cleaned_data["file"]
        try:
            imported = upload_import(uploaded.read(), file_name=uploaded.name, uploaded_by=request.membership)
        except DomainError as problem:
            form.add_error("file", str(problem))
        else:
            step = "contacts:import_sheet" if imported.sheets else "contacts:import_columns"
            return redirect(step, slug=slug, id=imported.id)
    context = {"form": form, "imports": newest_imports(), "step": 1, "step_names": STEP_NAMES}
    return render(request, "contacts/imports/list.html", context, status=422 if form.errors else 200)


@member_required(Action.IMPORT_PEOPLE)
def import_sheet(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Still the first step: which sheet of a workbook holds the list."""
    imported = get_import(id)
    if not imported.sheets:
        return redirect("contacts:import_columns", slug=slug, id=id)
    form = ImportSheetForm(imported, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            choose_sheet(id, form.cleaned_data["sheet"])
        except DomainError as problem:
            form.add_error("sheet", str(problem))
        else:
            return redirect("contacts:import_columns", slug=slug, id=id)
    context = {"form": form, "imported": imported, "step": 1, "step_names": STEP_NAMES}
    return render(request, "contacts/imports/sheet.html", context, status=422 if form.errors else 200)


@member_required(Action.IMPORT_PEOPLE)
def import_columns(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The second step: what each column means."""
    imported = get_import(id, beside_same_file=True)
    if _has_begun(imported):
        return redirect("contacts:import_detail", slug=slug, id=id)
    if imported.sheets:
        return redirect("contacts:import_sheet", slug=slug, id=id)
    form = ImportColumnsForm(imported, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            map_import(id, mapping=form.mapping())
        except DomainError as problem:
            form.add_error(None, str(problem))
        else:
            return redirect("contacts:import_permission", slug=slug, id=id)
    context = {
        "form": form,
        "imported": imported,
        "program": find_program(imported.header),
        "alike": find_same_header(imported.header, other_than=id) if imported.state == Import.State.UPLOADED else None,
        "step": 2,
        "step_names": STEP_NAMES,
    }
    return render(request, "contacts/imports/columns.html", context, status=422 if form.errors else 200)


@member_required(Action.IMPORT_PEOPLE)
def import_permission(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The third step: what these people said."""
    imported = get_import(id)
    if _has_begun(imported):
        return redirect("contacts:import_detail", slug=slug, id=id)
    if imported.state == Import.State.UPLOADED:
        return redirect("contacts:import_columns", slug=slug, id=id)
    program = find_program(imported.header)
    initial = {
        "rule": imported.permission.get("rule", _likely_rule(imported, program)),
        "topic": imported.permission.get("topic_id"),
        "source": imported.permission.get("source", gettext(program.source) if program and program.source else ""),
        "said_on": imported.permission.get("said_on", ""),
        "stage": imported.stage or Stage.SUSPECT,
        "known": imported.known,
        "tags": ", ".join(imported.tags),
    }
    form = ImportPermissionForm(request.POST or None, initial=initial, labels=_stage_labels())
    if request.method == "POST" and form.is_valid():
        try:
            permit_import(id, **form.cleaned_data)
            begin_check(id, actor=request.membership)
        except DomainError as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        else:
            return redirect("contacts:import_check", slug=slug, id=id)
    context = {"form": form, "imported": imported, "program": program, "step": 3, "step_names": STEP_NAMES}
    return render(request, "contacts/imports/permission.html", context, status=422 if form.errors else 200)


@member_required(Action.IMPORT_PEOPLE)
@takes("cursor", "said")
def import_check(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The fourth step: what would happen, and the start. A worker looks through a long list while this page waits."""
    imported = get_import(id, beside_same_file=True)
    if _has_begun(imported):
        return lead(request, "contacts:import_detail", slug=slug, id=id)
    check = find_check(imported) if needs_worker(imported) else None
    if imported.state != Import.State.PERMITTED or (needs_worker(imported) and check is None):
        return lead(request, "contacts:import_permission", slug=slug, id=id)
    refused: DomainError | None = None
    if request.method == "POST":
        try:
            start_import(id, started_by=request.membership)
        except QuotaFull as full:
            refused = full
        except Conflict as over:
            messages.error(request, str(over))
            return redirect("contacts:import_detail", slug=slug, id=id)
        else:
            return redirect("contacts:import_detail", slug=slug, id=id)
    try:
        if check is not None and check.job.state == Job.State.FAILED:
            raise Invalid("check_failed", check.job.message)
        cursor, reader = request.GET.get("cursor"), _reader_of(request, imported)
        preview = (
            preview_of_check(imported, check, cursor, reader=reader)
            if check is not None
            else preview_import(imported, reader=reader)
        )
    except DomainError as problem:
        messages.error(request, str(problem))
        return lead(request, "contacts:import_columns", slug=slug, id=id)
    context = {
        "imported": imported,
        "preview": preview,
        "refused": refused,
        "step": 4,
        "step_names": STEP_NAMES,
        "tenth": (tenth := tenths(preview.checked, imported.row_count)),
        "is_said": is_to_be_said(request, tenth=tenth, is_over=preview.is_over),
    }
    template = "contacts/imports/_looked.html" if request.htmx else "contacts/imports/check.html"
    return render(request, template, context, status=refused.status if refused else 200)


@require_GET
@member_required(Action.IMPORT_PEOPLE)
@takes("said")
def import_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """How far the list is, and what became of it."""
    imported = get_import(id)
    if not _has_begun(imported):
        return redirect("contacts:import_columns", slug=slug, id=id)
    job = imported.job
    context = {"imported": imported, "job": job, "may_undo": may_be_undone(imported, now=now())}
    done, total = (job.done, job.total) if job else (0, 0)
    return show_progress(request, "imports", context, done=done, total=total, is_over=job is None or job.is_over)


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def import_cancel(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Stop it, or put away a list that was not started."""
    get_import(id)
    try:
        imported = cancel_import(id)
    except Conflict as over:
        messages.error(request, str(over))
        return redirect("contacts:import_detail", slug=slug, id=id)
    messages.info(request, _("Stopped. Who was brought in by then stays."))
    if imported.job_id:
        return redirect("contacts:import_detail", slug=slug, id=id)
    return redirect("contacts:import_list", slug=slug)


@require_GET
@member_required(Action.IMPORT_PEOPLE)
@fresh_login_required("contacts:import_detail", keeps=("id",))
def import_problems(request: HttpRequest, slug: str, id: UUID) -> HttpResponseBase:
    """The rows that were not taken, as a CSV file with the reason first; mend it and bring it in again."""
    imported = get_import(id)
    lines = _problem_lines(request.business.id, imported)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rows-to-mend.csv"'
    return response


def _problem_lines(business_id: int, imported: Import) -> Iterator[str]:
    yield "\ufeff" + csv_line([_("Line"), _("What is wrong"), *imported.header])
    for problem in iter_problems(business_id, imported.id):
        yield csv_line([str(problem.line), problem.sentence, *problem.row])


def _likely_rule(imported: Import, program: Program | None) -> str:
    """The first answer to what these people said; nothing is taken from it before somebody says so."""
    if program is not None and (program.rule != "none" or program.are_no):
        return program.rule
    return "column" if "yes" in imported.mapping.values() else "none"


def _has_begun(imported: Import) -> bool:
    return imported.state not in (Import.State.UPLOADED, Import.State.MAPPED, Import.State.PERMITTED)


def _reader_of(request: Any, imported: Import) -> RowReader:
    """How the list is read; what the page asks of the business is asked once for both."""
    request.business_profile, request.kind_words = get_profile(), words_by_kind()
    labels = {str(kind): words.label for kind, words in request.kind_words.items()}
    return reader_of(imported, profile=request.business_profile, labels=labels)


def _stage_labels() -> dict[str, str]:
    kinds = KindSetting.objects.filter(kind__in=Stage.values, is_on=True)
    return dict(kinds.values_list("kind", "label_plural"))
