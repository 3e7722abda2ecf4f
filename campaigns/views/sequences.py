"""Pages of sequences: the list, one with its line of steps, who is inside, and the switches."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.sequences import LetterStepForm, SequenceForm, WaitForm
from campaigns.models import Message, Sequence
from campaigns.queries.enrollments import as_rows, enrollments
from campaigns.queries.held_letters import find_held_away
from campaigns.queries.messages import OUTCOMES, messages_of_step
from campaigns.queries.paused_walks import PAUSED
from campaigns.queries.pressure import HELD_SENTENCES
from campaigns.queries.sending_notes import sending_notes
from campaigns.queries.sequence_pages import sequence_page, split_wait
from campaigns.queries.sequences import failed_sentence, get_sequence, get_step, rungs, sequence_rows, skip_sentence
from campaigns.services.sequences import (
    archive_sequence,
    create_sequence,
    pause_sequence,
    publish_sequence,
    resume_sequence,
    start_sequence,
    update_sequence,
)
from campaigns.triggers import TRIGGERS
from contacts.models import Topic
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, NotFound
from ecosystem.base.http import takes
from ecosystem.base.keyset import keyset_page
from ecosystem.moments import moment_words
from ecosystem.queries.businesses import get_profile

OUTCOME_TITLES = {
    "waiting": gettext_lazy("Waiting to be sent"),
    "sent": gettext_lazy("Sent"),
    "clicked": gettext_lazy("Read on"),
    "opened": gettext_lazy("Seen opened"),
    "skipped": gettext_lazy("Skipped"),
    "failed": gettext_lazy("Failed"),
    "unknown": gettext_lazy("Not known whether it arrived"),
    "held": gettext_lazy("Held back"),
    "delayed": gettext_lazy("Waiting at the receiver"),
}
_STOPPED = (Message.State.SKIPPED, Message.State.CANCELLED, Message.State.EXPIRED)


@require_GET
@member_required(Action.SEE_SEQUENCES)
@takes()
def sequence_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Every sequence with how many walk it."""
    context = {"rows": sequence_rows(), **_notes(request)}
    return render(request, "campaigns/sequences/list.html", context)


@member_required(Action.EDIT_SEQUENCES)
def sequence_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin one."""
    form = SequenceForm(request.POST or None, initial={"trigger": "said_yes"})
    if request.method == "POST" and form.is_valid():
        try:
            sequence = create_sequence(
                name=form.cleaned_data["name"],
                topic=form.cleaned_data["topic"],
                trigger=form.cleaned_data["trigger"],
                until_stage=form.cleaned_data["until_stage"],
                ends_on=form.cleaned_data["ends_on"],
                sequence_id=form.cleaned_data["key"],
                actor=request.membership,
            )
        except DomainError as problem:
            _say(form, problem)
        else:
            return redirect("campaigns:sequence_detail", slug=slug, id=sequence.id)
    context = {"form": form, "has_topics": Topic.objects.filter(archived_at__isnull=True).exists()}
    return render(request, "campaigns/sequences/form.html", context, status=422 if form.errors else 200)


@member_required(Action.EDIT_SEQUENCES)
def sequence_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Change name, topic or trigger."""
    sequence = get_sequence(id)
    initial = {
        "name": sequence.name,
        "topic": sequence.topic_id,
        "trigger": sequence.trigger,
        "until_stage": sequence.until_stage,
        "ends_on": sequence.ends_on,
        "version": sequence.version,
    }
    form = SequenceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            update_sequence(
                sequence,
                name=form.cleaned_data["name"],
                topic=form.cleaned_data["topic"],
                trigger=form.cleaned_data["trigger"],
                until_stage=form.cleaned_data["until_stage"],
                ends_on=form.cleaned_data["ends_on"],
                seen_version=form.cleaned_data["version"],
                actor=request.membership,
            )
        except DomainError as problem:
            _say(form, problem)
        else:
            return redirect("campaigns:sequence_detail", slug=slug, id=id)
    context = {"form": form, "sequence": sequence, "has_topics": True}
    return render(request, "campaigns/sequences/form.html", context, status=422 if form.errors else 200)


@require_GET
@member_required(Action.SEE_SEQUENCES)
def sequence_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The line of steps with its numbers, and the step that was chosen beside it."""
    return show_sequence(request, get_sequence(id), step_key=_uuid(request.GET.get("step")))


def show_sequence(
    request: HttpRequest,
    sequence: Sequence,
    *,
    step_key: UUID | None = None,
    letter_form: LetterStepForm | None = None,
    wait_form: WaitForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a sequence, also with a form on it that was not taken."""
    page = sequence_page(sequence)
    chosen = page.node(step_key)
    notes = _notes(request, sequence.id)
    held = notes["held"]
    initial = {"version": sequence.version}
    context: dict[str, Any] = {
        "sequence": sequence,
        "page": page,
        "trigger": TRIGGERS.get(sequence.trigger),
        "until_stage": dict(rungs()).get(sequence.until_stage, "") if sequence.until_stage else "",
        "ends_on": [Sequence.EndsOn(deed).label for deed in sequence.ends_on],
        "chosen": chosen,
        **notes,
        "not_known": page.numbers.unknown - (sum(one.in_doubt for one in held.letters) if held else 0),
        "can_edit": may(request.membership, Action.EDIT_SEQUENCES) and sequence.state != Sequence.State.ARCHIVED,
        "letter_form": letter_form or LetterStepForm(initial=initial, auto_id="letter_%s"),
        "wait_form": wait_form or WaitForm(initial={**initial, "amount": 2}, auto_id="wait_%s"),
    }
    if chosen and chosen.step.kind == "wait":
        amount, unit = split_wait(chosen.step.wait_seconds)
        context["change_form"] = WaitForm(initial={**initial, "amount": amount, "unit": unit}, auto_id="change_%s")
    return render(request, "campaigns/sequences/detail.html", context, status=status)


@require_GET
@member_required(Action.SEE_SEQUENCES)
@takes("cursor", "show")
def sequence_people(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Who walks it and who has walked it; or those alone who were paused one by one."""
    sequence = get_sequence(id)
    only_paused = request.GET.get("show") == "paused"
    found = enrollments().filter(PAUSED if only_paused else Q(), sequence=sequence)
    walks = keyset_page(found, order=("-id",), cursor=request.GET.get("cursor"))
    context = {"sequence": sequence, "page": walks, "rows": as_rows(walks.items), "only_paused": only_paused}
    return render(request, "campaigns/sequences/people.html", context)


@require_GET
@member_required(Action.SEE_SEQUENCES)
@takes("cursor", "reason")
def step_messages(request: HttpRequest, slug: str, id: UUID, step_key: UUID, outcome: str) -> HttpResponse:
    """The people behind a number of a step."""
    sequence = get_sequence(id)
    step = get_step(sequence, step_key)
    if outcome not in OUTCOMES:
        raise NotFound("outcome_unknown", _("There is no such number."))
    found = messages_of_step(sequence, step_key, outcome=outcome, reason=request.GET.get("reason", ""))
    page = keyset_page(found, order=("-id",), cursor=request.GET.get("cursor"))
    context = {
        "sequence": sequence,
        "step": step,
        "page": page,
        "rows": [(message, _why(message, outcome)) for message in page.items],
        "title": OUTCOME_TITLES[outcome],
    }
    return render(request, "campaigns/sequences/messages.html", context)


@require_POST
@member_required(Action.START_SEQUENCES)
def sequence_start(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let it run. A second click changes nothing."""
    return _switch(
        request, slug, id, lambda sequence: start_sequence(sequence, actor=request.membership), _("It runs.")
    )


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def sequence_publish(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let new people walk the changed steps."""
    sentence = _("Saved. New people walk it this way from now on; who is inside finishes the old way.")
    return _switch(request, slug, id, lambda sequence: publish_sequence(sequence, actor=request.membership), sentence)


@require_POST
@member_required(Action.START_SEQUENCES)
def sequence_pause(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let it rest."""
    sentence = _("Paused. Nobody gets a letter of it until you let it run again.")
    return _switch(request, slug, id, lambda sequence: pause_sequence(sequence, actor=request.membership), sentence)


@require_POST
@member_required(Action.START_SEQUENCES)
def sequence_resume(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let it run again, with what is late sent now or everything moved by the pause."""
    late = request.POST.get("late", "now")
    return _switch(
        request,
        slug,
        id,
        lambda sequence: resume_sequence(sequence, late=late, actor=request.membership),
        _("It runs again."),
    )


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def sequence_archive(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put it away."""
    archive_sequence(get_sequence(id), actor=request.membership)
    messages.success(request, _("Put away. Nobody walks it any more, and what waited is called off."))
    return redirect("campaigns:sequence_list", slug=slug)


def _why(message: Message, outcome: str) -> str | Promise:
    """What stands below the outcome of a letter."""
    if message.state in _STOPPED:
        # Whatever it waited for before: this is what ended it.
        return skip_sentence(message.reason)
    if outcome == "held":
        return HELD_SENTENCES[message.held_by]
    if outcome == "delayed":
        words = _("Its receiver has let it wait since %(when)s. The provider goes on trying.")
        return words % {"when": moment_words(message.delayed_at, "j M")}
    if outcome == "failed":
        return failed_sentence(message)
    return ""


def _switch(
    request: HttpRequest, slug: str, id: UUID, act: Callable[[Sequence], object], sentence: str
) -> HttpResponse:
    try:
        act(get_sequence(id))
    except DomainError as problem:
        if problem.status == 404:
            raise
        messages.error(request, str(problem))
    else:
        messages.success(request, sentence)
    return redirect("campaigns:sequence_detail", slug=slug, id=id)


def _notes(request: Any, sequence_id: UUID | None = None) -> dict[str, Any]:
    """What waits for all of us, and what is held because we were away: of a sequence, or of all."""
    profile = request.business_profile = get_profile()
    return {
        "sending_notes": sending_notes(now=now(), timezone=profile.timezone),
        "held": find_held_away(profile.absence_held, sequence_id=sequence_id),
    }


def _say(form: SequenceForm, problem: DomainError) -> None:
    form.add_error(problem.field if problem.field in form.fields else None, str(problem))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
