"""The core message: what the team reads, and where it is written."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Action, may, member_required
from ecosystem.base.errors import Conflict
from ecosystem.forms.core_message import CoreMessageForm
from ecosystem.queries.businesses import get_profile
from ecosystem.services.core_message import change_core_message


@member_required(Action.SEE_TODAY)
def core_message(request: HttpRequest, slug: str) -> HttpResponse:
    """What the business says of itself, for everybody of the team."""
    profile = request.business_profile = get_profile()
    context = {"profile": profile, "may_edit": may(request.membership, Action.EDIT_SETTINGS)}
    return render(request, "ecosystem/core_message/detail.html", context)


@member_required(Action.EDIT_SETTINGS)
def core_message_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Write it anew. An edit made on an old page is refused and shown with what stands there now."""
    kept = get_profile()
    form = CoreMessageForm(request.POST or None, instance=kept, initial={"version": kept.version})
    if request.method == "POST" and form.is_valid():
        try:
            change_core_message(**form.cleaned_data, actor=request.membership)
        except Conflict as error:
            fresh = get_profile()
            form = CoreMessageForm(instance=fresh, initial={"version": fresh.version})
            return render(request, "ecosystem/core_message/form.html", {"form": form, "stale": error}, status=409)
        messages.success(request, _("Saved. Tell it to somebody today."))
        return redirect("ecosystem:core_message", slug=slug)
    context = {"form": form}
    return render(request, "ecosystem/core_message/form.html", context, status=422 if form.is_bound else 200)
