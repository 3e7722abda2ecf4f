"""The letters of a sequence, or of none, of which nobody knows whether they arrived, and the decision about them."""

from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from campaigns.forms.unknown import DecisionForm, UndoForm
from campaigns.queries.messages import count_unknown_of_none, find_unknown_message, unknown_of
from campaigns.queries.sequences import get_sequence, sequence_numbers
from campaigns.services.unknown import decide_all_unknown, decide_unknown, undo_decision
from ecosystem.base import clock
from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.base.keyset import keyset_page


@require_GET
@member_required(Action.SEE_SEQUENCES)
@takes("cursor")
def unknown_list(request: HttpRequest, slug: str, id: UUID | None = None) -> HttpResponse:
    """Who may or may not have got a letter of a sequence, or of none, each with the question what to do."""
    sequence = get_sequence(id) if id else None
    seen_at = clock.now()
    page = keyset_page(unknown_of(sequence), order=("-id",), cursor=request.GET.get("cursor"))
    context = {
        "sequence": sequence,
        "page": page,
        "number": sequence_numbers(sequence).unknown if sequence else count_unknown_of_none(),
        "seen_at": seen_at.isoformat(),
        "decide_url": _here("unknown_decide", slug, id),
    }
    return render(request, "campaigns/sequences/unknown.html", context)


@require_POST
@member_required(Action.START_SEQUENCES)
def unknown_decide(request: HttpRequest, slug: str, id: UUID | None = None) -> HttpResponse:
    """Send again or give up: one letter, or all that were seen. A second click changes nothing."""
    sequence = get_sequence(id) if id else None
    form = DecisionForm(request.POST)
    if not form.is_valid() or not (form.cleaned_data["message"] or form.cleaned_data["seen_at"]):
        messages.error(request, _("Say what should become of them."))
        return redirect(_here("unknown_list", slug, id))
    again, decided_at = form.sends_again, clock.now()
    if form.cleaned_data["message"]:
        message = find_unknown_message(sequence, form.cleaned_data["message"])
        number = int(message is not None)
        if message is not None:
            decided_at = decide_unknown(message.id, sends_again=again, actor=request.membership).updated_at
    else:
        seen_at = form.cleaned_data["seen_at"]
        number = decide_all_unknown(
            sequence, sends_again=again, seen_at=seen_at, decided_at=decided_at, actor=request.membership
        )
    undo = f"{_here('unknown_undo', slug, id)}?at={quote(decided_at.isoformat())}"
    messages.success(request, _sentence(number, again=again), extra_tags=f"undo:{undo}" if number else "")
    return redirect(_here("unknown_list", slug, id))


@require_POST
@member_required(Action.START_SEQUENCES)
def unknown_undo(request: HttpRequest, slug: str, id: UUID | None = None) -> HttpResponse:
    """Take back a decision, as far as nothing has left since."""
    sequence = get_sequence(id) if id else None
    form = UndoForm(request.GET)
    decided_at = form.cleaned_data["at"] if form.is_valid() else None
    number = undo_decision(sequence, decided_at=decided_at, actor=request.membership) if decided_at else 0
    if number:
        words = ngettext("%(n)s letter is undecided again.", "%(n)s letters are undecided again.", number)
        messages.success(request, words % {"n": number})
    else:
        messages.error(request, _("That cannot be undone any more: the letters are on their way."))
    return redirect(_here("unknown_list", slug, id))


def _here(name: str, slug: str, sequence_id: UUID | None) -> str:
    """The address of one of these pages, for a sequence or for what belongs to none."""
    if sequence_id is None:
        return reverse(f"campaigns:loose_{name}", kwargs={"slug": slug})
    return reverse(f"campaigns:{name}", kwargs={"slug": slug, "id": sequence_id})


def _sentence(number: int, *, again: bool) -> str:
    if not number:
        return _("Nothing was left to decide. Somebody has done it already.")
    if again:
        words = ngettext("%(n)s letter goes once more.", "%(n)s letters go once more.", number)
    else:
        words = ngettext(
            "%(n)s letter is given up. It is not sent again.",
            "%(n)s letters are given up. They are not sent again.",
            number,
        )
    return words % {"n": number}
