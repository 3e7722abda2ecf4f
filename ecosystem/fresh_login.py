"""What matters most asks once more who is there: keys and the team, unless somebody has just signed in."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from ecosystem.base.clock import now
from ecosystem.session_limits import SIGNED_IN_AT

View = Callable[..., HttpResponseBase]


def fresh_login_required(page: str, *, keeps: Collection[str] = ()) -> Callable[[View], View]:
    """Lead a member whose last sign-in is older than 15 minutes to a page that asks for the password again.

    Afterwards they stand on `page`, a URL name of the business, and do it there. `keeps` names what else of the address
    that page has too.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if has_just_signed_in(request):
                return view(request, *args, **kwargs)
            return sign_in_again(page, **{name: kwargs[name] for name in ("slug", *keeps)})

        return guarded

    return decorate


def sign_in_again(page: str, **kwargs: Any) -> HttpResponseRedirect:
    """The way to the page that asks for the password again, and from there to `page`."""
    back = reverse(page, kwargs=kwargs)
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def has_just_signed_in(request: HttpRequest) -> bool:
    """Whether this session began, or a password or a code was given in it, within the last 15 minutes."""
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    latest = max([request.session.get(SIGNED_IN_AT, 0), *moments])
    return bool(now().timestamp() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
