"""The index of the settings."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.settings import settings_index
from ecosystem.settings_pages import SettingsFacts


@member_required(Action.SEE_TODAY)
@require_safe
@takes()
def settings_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Every page of settings that this member may open, and how it stands."""
    request.business_profile = get_profile()
    facts = SettingsFacts(request.membership, request.business.name, request.business_profile)
    groups = settings_index(facts, slug=slug)
    return render(request, "ecosystem/settings/list.html", {"groups": groups})
