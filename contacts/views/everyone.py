"""The list of everyone: filters, views that were kept, lines."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from contacts.forms.people_filter import FilterNotUnderstood, read_address
from contacts.forms.people_views import KeepViewForm
from contacts.queries.kinds import rungs_in_use
from contacts.queries.people_choices import PeopleChoices, people_choices
from contacts.queries.people_filter import PeopleFilter
from contacts.queries.people_list import PeopleList, people_list
from contacts.views.people_filters import (
    address_with,
    chips_of,
    fields_of,
    refuse_gone,
    refuse_hidden,
    sent_filter,
    sorts_of,
    view_tabs_of,
)
from contacts.views.surroundings import words_of
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.queries.memberships import team
from ecosystem.ways_in import WAYS_IN


@require_GET
@member_required(Action.SEE_PEOPLE)
def contact_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everyone, or those who pass the filters in the address."""
    try:
        return render(request, "contacts/contacts/list.html", _list_context(request))
    except FilterNotUnderstood as not_understood:
        broken = not_understood
    except Invalid as broken_place:
        broken = FilterNotUnderstood("cursor", str(broken_place))
    names = [broken.value] if broken.name in ("unknown", "twice") else [broken.name]
    mended = address_with(request.GET, **dict.fromkeys(names))
    return render(request, "contacts/contacts/list.html", {"broken": broken, "mended": mended}, status=400)


def _list_context(request: HttpRequest) -> dict[str, Any]:
    """All that the list shows; raises FilterNotUnderstood, and Invalid for a place that is not known."""
    wanted, words, moment = read_address(request.GET), words_of(request), now()
    refuse_hidden(request, wanted)
    choices = people_choices(wanted, member_id=request.membership.pk)
    members = list(team()) if may(request.membership, Action.SEE_TEAM) else []
    refuse_gone(wanted, choices, members)
    cursor, count_it = request.GET.get("cursor"), request.GET.get("count") == "1"
    found = people_list(wanted, words, cursor=cursor, now=moment, count_it=count_it)
    filters = fields_of(request, wanted, choices, members, words, found.yeses)
    return {
        "ways_in": _ways_in(request),
        "wanted": wanted,
        "found": found,
        "filters": filters,
        "sorts": sorts_of(wanted),
        "chips": chips_of(request.GET, wanted, choices, members, words),
        "less": address_with(QueryDict(), kind=wanted.kind),
        "sent": sent_filter(request.GET),
        **_views_around(request, wanted, choices, found),
        "chosen_kind": words.get(wanted.kind),
        "tags": list(choices.tags.values()),
        "rungs": rungs_in_use(words),
        "members": members,
    }


def _views_around(
    request: HttpRequest, wanted: PeopleFilter, choices: PeopleChoices, found: PeopleList
) -> dict[str, Any]:
    """The kept views, the one that is shown, and the form that keeps another one where the filter can be kept."""
    tabs = view_tabs_of(request, wanted, choices.views, found.kept_count)
    shown = next((tab.view for tab in tabs if tab.is_shown), None)
    can_keep = shown is None and not wanted.begins and wanted != PeopleFilter()
    return {
        "view_tabs": tabs,
        "shown_view": shown,
        "keep_form": KeepViewForm(auto_id="keep_%s") if can_keep else None,
    }


def _ways_in(request: HttpRequest) -> list[dict[str, Any]]:
    """How people can come in, for those who may bring them in."""
    slug = request.business.slug
    return [
        {"way": way, "url": reverse(way.url_name, kwargs={"slug": slug})}
        for way in WAYS_IN
        if may(request.membership, way.action)
    ]
