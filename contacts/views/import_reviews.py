"""After a list came in: rows to mend, differences to settle, and taking all of it back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from contacts.forms.imports import ProblemForm, read_answers
from contacts.models import ImportProblem
from contacts.queries.import_reviews import differences_page, get_problem, kept_page, problems_page
from contacts.queries.imports import get_import
from contacts.services.import_changes import answer_all, answer_changes
from contacts.services.import_problems import StaleRow, leave_problem, mend_problem
from contacts.services.import_undo import undo_import
from contacts.services.import_waiting import go_on
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes

DETAIL, MEND, DIFFER = "contacts:import_detail", "contacts:import_mend", "contacts:import_differences"


@require_safe
@member_required(Action.IMPORT_PEOPLE)
@takes("cursor")
def import_mend(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The rows that were not taken, each as a form."""
    return _mend_page(request, id)


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def problem_mend(request: HttpRequest, slug: str, id: UUID, problem_id: UUID) -> HttpResponse:
    """Read one row again as it is written now and bring its person in."""
    problem = get_problem(id, problem_id)
    form = ProblemForm(get_import(id), problem, request.POST)
    if not form.is_valid():
        return _mend_page(request, id, broken=form, status=422)
    try:
        still = mend_problem(id, problem_id, form.cells(), version=form.seen())
    except StaleRow as stale:
        return _meanwhile(request, id, stale)
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect(MEND, slug=slug, id=id)
    if still is not None:
        form = ProblemForm(get_import(id), still, request.POST)
        form.read_anew()
        return _mend_page(request, id, broken=form, status=422)
    messages.success(request, _("Line %(line)d is in.") % {"line": problem.line})
    return redirect(MEND, slug=slug, id=id)


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def problem_leave(request: HttpRequest, slug: str, id: UUID, problem_id: UUID) -> HttpResponse:
    """Leave one row out."""
    problem = get_problem(id, problem_id)
    try:
        leave_problem(id, problem_id, version=ProblemForm(get_import(id), problem, request.POST).seen())
    except StaleRow as stale:
        return _meanwhile(request, id, stale)
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        messages.info(request, _("Line %(line)d is left out.") % {"line": problem.line})
    return redirect(MEND, slug=slug, id=id)


@require_safe
@member_required(Action.IMPORT_PEOPLE)
@takes("cursor")
def import_differences(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Known people whom the list tells otherwise: ours and theirs, side by side."""
    imported = get_import(id)
    page = differences_page(imported, request.GET.get("cursor"))
    return render(request, "contacts/imports/differences.html", {"imported": imported, "page": page})


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def differences_answer(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take over what was chosen of the people on a page, or one answer for all."""
    get_import(id)
    everybody = request.POST.get("all", "")
    try:
        if everybody in ("theirs", "ours"):
            imported = answer_all(id, answer=everybody, actor=request.membership, now=now())
            if imported.job is not None and not imported.job.is_over:
                return redirect(DETAIL, slug=slug, id=id)
            messages.success(request, _("Done. Nobody is left to ask about."))
            return redirect(DETAIL, slug=slug, id=id)
        count = answer_changes(id, read_answers(request.POST), actor=request.membership, now=now())
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect(DIFFER, slug=slug, id=id)
    sentence = ngettext("Changed %(count)d person.", "Changed %(count)d people.", count)
    messages.success(request, sentence % {"count": count})
    return redirect(DIFFER, slug=slug, id=id)


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def import_undo(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take a whole list back."""
    get_import(id)
    try:
        undo_import(id, actor=request.membership, now=now())
    except DomainError as refused:
        messages.error(request, str(refused))
    return redirect(DETAIL, slug=slug, id=id)


@require_POST
@member_required(Action.IMPORT_PEOPLE)
def import_go_on(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Bring in those for whom there was no room before."""
    get_import(id)
    try:
        go_on(id, actor=request.membership)
    except DomainError as refused:
        messages.error(request, str(refused))
    return redirect(DETAIL, slug=slug, id=id)


@require_safe
@member_required(Action.IMPORT_PEOPLE)
@takes("cursor")
def import_kept(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Of whom something could not be taken back, and why."""
    imported = get_import(id)
    page = kept_page(imported, request.GET.get("cursor"))
    return render(request, "contacts/imports/kept.html", {"imported": imported, "page": page})


def _meanwhile(request: HttpRequest, id: UUID, stale: StaleRow) -> HttpResponse:
    """The page with what was typed into a row, beside what somebody else wrote there meanwhile."""
    form = ProblemForm(get_import(id), stale.current, request.POST)
    form.show_meanwhile(str(stale))
    return _mend_page(request, id, broken=form, status=409)


def _mend_page(request: HttpRequest, id: UUID, *, broken: ProblemForm | None = None, status: int = 200) -> HttpResponse:
    imported = get_import(id)
    page = problems_page(imported, request.GET.get("cursor"))
    first: list[ImportProblem] = [broken.problem] if broken is not None else []
    rest = [problem for problem in page.items if problem not in first]
    forms = [broken] if broken is not None else []
    forms += [ProblemForm(imported, problem) for problem in rest]
    context = {"imported": imported, "page": page, "forms": forms, "broken": broken}
    return render(request, "contacts/imports/mend.html", context, status=status)
