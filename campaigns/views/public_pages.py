"""What every page has in common that a customer reaches without signing in."""

from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contacts.services.consent_ledger import Evidence
from ecosystem.models import Business
from ecosystem.queries.businesses import get_profile


def public_page(
    request: HttpRequest, business: Business, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page in the business's mark that no cache keeps and whose address is told to nobody."""
    profile = get_profile()
    with timezone.override(ZoneInfo(profile.timezone)):
        page = render(request, template, {"business": business, "profile": profile, **context}, status=status)
    return private(page)


def lost_page(request: HttpRequest, *, is_expired: bool) -> HttpResponse:
    """The kind page for a link that is not ours, cut in two, or too old. Nothing has changed."""
    context = {"is_expired": is_expired}
    return private(render(request, "campaigns/public/lost.html", context, status=410 if is_expired else 404))


def closed_page(request: HttpRequest) -> HttpResponse:
    """What every old link answers once its business is gone: nothing comes any more, whatever was pressed."""
    return private(render(request, "campaigns/public/closed.html"))


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page out of caches, and its address (which holds a token) out of other sites' logs."""
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def evidence_of(request: HttpRequest, *, page: str) -> Evidence:
    """Where and by which machine something was said. `page` is a name: an address with a token is kept nowhere."""
    return Evidence(
        ip=get_adapter(request).get_client_ip(request) or None,
        user_agent=request.headers.get("User-Agent", "")[:300],
        page=page,
    )
