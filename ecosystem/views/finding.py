"""The palette: finding people, things to do and places by one field."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.queries.finding import find_anything


@require_safe
@member_required(Action.SEE_TODAY)
@takes("q")
def find(request: HttpRequest, slug: str) -> HttpResponse:
    """What a text finds: a page, or for the palette its lines alone."""
    text = request.GET.get("q", "")
    template = "ecosystem/find/_options.html" if request.htmx else "ecosystem/find/page.html"  # type: ignore[attr-defined]
    return render(request, template, {"text": text, "groups": find_anything(request, text)})
