"""How much of each thing the business uses, and how much it may."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.queries.quotas import usages


@member_required(Action.EDIT_SETTINGS)
@require_safe
@takes()
def usage(request: HttpRequest, slug: str) -> HttpResponse:
    """Every quota with what is used of it; above them what is full, and what is nearly so."""
    found = usages()
    context = {
        "usages": found,
        "full": [one for one in found if one.is_full],
        "nearly": [one for one in found if one.is_nearly_full],
    }
    return render(request, "ecosystem/usage/page.html", context)
