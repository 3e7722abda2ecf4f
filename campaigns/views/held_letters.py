"""The decision about letters that were due while we were away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns.forms.held_letters import HeldDecisionForm
from campaigns.queries.sequences import get_sequence
from campaigns.services.held_letters import decide_held
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict


@require_POST
@member_required(Action.START_SEQUENCES)
def held_decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Send or drop what was held of a sequence. A second click changes nothing."""
    form = HeldDecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what should become of them."))
        return redirect("campaigns:sequence_list", slug=slug)
    sequence = get_sequence(form.cleaned_data["sequence"]) if form.cleaned_data["sequence"] else None
    sends = form.cleaned_data["decision"] == "send"
    absence = form.cleaned_data["absence"]
    try:
        number = decide_held(sequence, sends=sends, absence=absence, actor=request.membership)
    except Conflict as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _sentence(number, sends=sends))
    return redirect("campaigns:sequence_list", slug=slug)


def _sentence(number: int, *, sends: bool) -> str:
    if not number:
        return _("Nothing was left to decide. Somebody has done it already.")
    if sends:
        words = ngettext("%(n)s letter goes out now.", "%(n)s letters go out now.", number)
    else:
        words = ngettext("%(n)s letter was dropped.", "%(n)s letters were dropped.", number)
    return words % {"n": number}
