"""Changes to the line of a sequence: steps put in, moved, changed, taken out; and people put on it."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.forms.sequences import LetterStepForm, StepActionForm, WaitForm
from campaigns.queries.enrollments import get_enrollment
from campaigns.queries.sequences import get_sequence, get_step
from campaigns.services.enrollments import enroll_contact, exit_enrollments
from campaigns.services.sequence_steps import add_letter, add_wait, change_letter, change_wait, move_step, remove_step
from campaigns.views.sequences import show_sequence
from campaigns.views.walks import page_before
from contacts.queries.contacts import get_contact
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def letter_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put a letter at the end."""
    sequence = get_sequence(id)
    form = LetterStepForm(request.POST, auto_id="letter_%s")
    if not form.is_valid():
        return show_sequence(request, sequence, letter_form=form, status=422)
    data = form.cleaned_data
    return _change(request, slug, id, lambda: add_letter(sequence, data["content"], seen_version=data["version"]))


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def wait_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put a wait at the end."""
    sequence = get_sequence(id)
    form = WaitForm(request.POST, auto_id="wait_%s")
    if not form.is_valid():
        return show_sequence(request, sequence, wait_form=form, status=422)
    return _change(
        request, slug, id, lambda: add_wait(sequence, form.seconds, seen_version=form.cleaned_data["version"])
    )


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def wait_change(request: HttpRequest, slug: str, id: UUID, step_key: UUID) -> HttpResponse:
    """Make a wait longer or shorter."""
    sequence = get_sequence(id)
    get_step(sequence, step_key)
    form = WaitForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say how long to wait, as a whole number."))
        return _back(slug, id, step_key)
    seen = form.cleaned_data["version"]
    return _change(
        request, slug, id, lambda: change_wait(sequence, step_key, form.seconds, seen_version=seen), step_key
    )


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def letter_change(request: HttpRequest, slug: str, id: UUID, step_key: UUID) -> HttpResponse:
    """Send another letter at a step."""
    sequence = get_sequence(id)
    get_step(sequence, step_key)
    form = LetterStepForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a letter."))
        return _back(slug, id, step_key)
    data = form.cleaned_data
    return _change(
        request,
        slug,
        id,
        lambda: change_letter(sequence, step_key, data["content"], seen_version=data["version"]),
        step_key,
    )


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def step_move(request: HttpRequest, slug: str, id: UUID, step_key: UUID, position: int) -> HttpResponse:
    """Put a step at another place."""
    sequence = get_sequence(id)
    get_step(sequence, step_key)
    seen = _seen(request)
    return _change(request, slug, id, lambda: move_step(sequence, step_key, position, seen_version=seen), step_key)


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def step_remove(request: HttpRequest, slug: str, id: UUID, step_key: UUID) -> HttpResponse:
    """Take a step out of the line."""
    sequence = get_sequence(id)
    get_step(sequence, step_key)
    seen = _seen(request)
    return _change(request, slug, id, lambda: remove_step(sequence, step_key, seen_version=seen))


@require_POST
@member_required(Action.START_SEQUENCES)
def contact_enroll(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put a person on a running sequence, from their page."""
    contact = get_contact(id)
    try:
        sequence = get_sequence(UUID(request.POST.get("sequence", "")))
        walk = enroll_contact(sequence, contact, source="added_by_staff")
    except ValueError:
        messages.error(request, _("Choose a sequence."))
    except DomainError as problem:
        messages.error(request, str(problem))
    else:
        undo = reverse("campaigns:enrollment_exit", kwargs={"slug": slug, "id": walk.id})
        sentence = _("%(name)s walks “%(sequence)s” now.") % {"name": contact.display_name, "sequence": sequence.name}
        messages.success(request, sentence, extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.START_SEQUENCES)
def enrollment_exit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take a person off a sequence."""
    gone = exit_enrollments(enrollment_id=get_enrollment(id).id, reason="manual")
    messages.success(request, _("Taken off. No further letter of it comes.") if gone else _("They had left already."))
    return redirect(page_before(request, slug) or reverse("campaigns:sequence_list", kwargs={"slug": slug}))


def _change(
    request: HttpRequest, slug: str, id: UUID, act: Callable[[], object], step_key: UUID | None = None
) -> HttpResponse:
    try:
        act()
    except DomainError as problem:
        if problem.status == 404:
            raise
        messages.error(request, str(problem))
    return _back(slug, id, step_key)


def _back(slug: str, id: UUID, step_key: UUID | None) -> HttpResponse:
    url = reverse("campaigns:sequence_detail", kwargs={"slug": slug, "id": id})
    return redirect(f"{url}?step={step_key}" if step_key else url)


def _seen(request: HttpRequest) -> int | None:
    form = StepActionForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else None
