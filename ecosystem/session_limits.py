"""Sessions end: after 12 hours or 3 idle hours, and after 30 days where the user chose to be remembered."""

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from ecosystem.base.clock import now

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
LONGEST = 12 * 3600
LONGEST_REMEMBERED = 30 * 24 * 3600
IDLE = 3 * 3600
# Written at most so often, so that reading pages does not write a session each time.
SEEN_EVERY = 5 * 60


class SessionLimitsMiddleware:
    """Signs a user out whose session is too old; stands behind Django's authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.session.session_key and request.user.is_authenticated:
            moment = int(now().timestamp())
            if is_over(request, moment):
                logout(request)
            elif moment - request.session.get(SEEN_AT, 0) >= SEEN_EVERY:
                request.session[SEEN_AT] = moment
                UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=now())
        return self.get_response(request)


def is_over(request: HttpRequest, moment: int) -> bool:
    """Whether the session has lived or idled too long."""
    session = request.session
    is_remembered = not session.get_expire_at_browser_close()
    signed_in_at = session.setdefault(SIGNED_IN_AT, moment)
    age = moment - signed_in_at
    idle = moment - session.get(SEEN_AT, signed_in_at)
    if is_remembered:
        return bool(age >= LONGEST_REMEMBERED)
    return bool(age >= LONGEST or idle >= IDLE)
