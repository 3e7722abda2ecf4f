"""The settings page that says what letters tell of their readers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.forms.measuring import MeasuringForm
from campaigns.services.measuring import set_measuring
from ecosystem.base.access import Action, member_required
from ecosystem.queries.businesses import get_profile


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
def measuring(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether links are followed, and whether it is seen that a letter was opened."""
    if request.method == "POST":
        form = MeasuringForm(request.POST)
        if form.is_valid():
            set_measuring(form.chosen(), actor=request.membership)
            messages.success(request, _("Saved. It counts for every letter from now on."))
            return redirect("campaigns:measuring", slug=slug)
    else:
        form = MeasuringForm(initial=MeasuringForm.initial_of(get_profile()))
    return render(request, "campaigns/measuring/form.html", {"form": form}, status=422 if form.errors else 200)
