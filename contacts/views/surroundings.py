"""What a page needs of the business around it, read once a request, and where it leads back to."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from ecosystem.models import BusinessProfile
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.stakeholders import KindWords, words_by_kind

View = Callable[..., HttpResponseBase]


def words_of(request: Any) -> Mapping[str, KindWords]:
    """The business's own words for its kinds; badges on the same page read the same copy."""
    if not hasattr(request, "kind_words"):
        request.kind_words = words_by_kind()
    words: Mapping[str, KindWords] = request.kind_words
    return words


def zone_of(request: Any) -> ZoneInfo:
    """The business's time zone."""
    if not hasattr(request, "business_profile"):
        request.business_profile = get_profile()
    profile: BusinessProfile = request.business_profile
    return ZoneInfo(profile.timezone)


def in_business_time(view: View) -> View:
    """Have a view read and show times as the business's clock shows them."""

    @wraps(view)
    def timed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(zone_of(request)):
            return view(request, *args, **kwargs)

    return timed


def back_to(request: HttpRequest, default: str) -> str:
    """Where a form leads afterwards: the page it names, else the page it stood on, else `default`; only our own."""
    for wanted in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            return wanted
    return default
