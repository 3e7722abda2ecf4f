"""How often somebody may try a password, a code, a form of the sign-in pages.

Counted in PostgreSQL, so that the limits outlive Redis and hold across processes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from math import ceil
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import LimitReached
from ecosystem.base.http import error_response, wants_json
from ecosystem.base.ratelimit import give_back, seconds_left, take

ACCOUNT_FAILURES, ACCOUNT_WINDOW = 5, 300
ADDRESS_FAILURES, ADDRESS_WINDOW = 10, 60
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Attempt:
    """One try of a password or a code: it counts as a failure until it is forgiven."""

    account: str
    ip: str

    def begin(self) -> bool:
        """Count the try; False when this account or this address has failed too often lately."""
        within_account = take(self._of_account, ACCOUNT_FAILURES, ACCOUNT_WINDOW)
        within_address = take(self._of_address, ADDRESS_FAILURES, ADDRESS_WINDOW)
        return within_account and within_address

    def forgive(self) -> None:
        """It succeeded, so it was no failure; earlier failures still count."""
        give_back(self._of_account)
        give_back(self._of_address)

    @property
    def _of_account(self) -> tuple[str, str]:
        return ("login_failed", self.account.strip().lower())

    @property
    def _of_address(self) -> tuple[str, str]:
        return ("login_failed_from", self.ip)


def limited(view: View, name: str, *, per_minute: int, is_atomic: bool = True) -> View:
    """A view of the sign-in pages that one address may post to so often in a minute, then gets 429.

    The count is committed before the view begins, so that many requests of one address do not wait for each other.
    """

    @transaction.non_atomic_requests
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = ("sign_in_page", name, get_adapter(request).get_client_ip(request))
        if request.method == "POST" and not take(key, per_minute, 60):
            return _wait(request, seconds_left(key))
        if not is_atomic:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    return guarded


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    if wants_json(request) or getattr(request, "htmx", False):
        answer = error_response(request, LimitReached("too_often", TOO_OFTEN))
    else:
        answer = render(request, "429.html", {"minutes": ceil(seconds / 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


TOO_OFTEN = _("That was a lot of tries in a short time. Wait a minute, then go on.")
