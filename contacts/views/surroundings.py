"""What a page needs of the business around it, read once a request, and where it leads back to."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from contacts.queries.timeline import kinds_hidden
from ecosystem.base.access import may
from ecosystem.base.clock import now
from ecosystem.queries.stakeholders import KindWords, words_by_kind


def words_of(request: Any) -> Mapping[str, KindWords]:
    """The business's own words for its kinds; badges on the same page read the same copy."""
    if not hasattr(request, "kind_words"):
        request.kind_words = words_by_kind()
    words: Mapping[str, KindWords] = request.kind_words
    return words


def back_to(request: HttpRequest, default: str) -> str:
    """Where a form leads afterwards: the page it names, else the page it stood on, else `default`; only our own."""
    for wanted in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
            return wanted
    return default


def hidden_kinds(request: Any) -> list[str]:
    """The kinds of timeline lines that the member may not see."""
    return kinds_hidden(partial(may, request.membership))


def today_of() -> date:
    """The day that it is for the business whose page is made."""
    return timezone.localtime(now()).date()
