"""Whether anything leaves: the page where it is stopped and let go again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.queries.businesses import get_profile
from ecosystem.sending_figures import SENDING_FIGURES
from ecosystem.services.sending import find_sending_stop, pause_sending, resume_sending


@member_required(Action.EDIT_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def sending(request: HttpRequest, slug: str) -> HttpResponse:
    """How it stands, why, and the one button that changes it."""
    if request.method == "POST":
        if request.POST.get("do") == "resume":
            if resume_sending(actor=request.membership, now=now()):
                messages.success(request, _("Letters go out again, within a few minutes."))
        elif pause_sending(reason=_("Somebody of the team stopped it."), actor=request.membership, now=now()):
            messages.success(request, _("Nothing leaves any more. What waits stays where it is."))
        return redirect("ecosystem:sending", slug=slug)
    figures = [figure for ask in SENDING_FIGURES for figure in ask()]
    return render(
        request,
        "ecosystem/sending/page.html",
        {"profile": get_profile(), "figures": figures, "stop": find_sending_stop()},
    )
