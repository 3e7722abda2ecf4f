"""What stands around every request: safe headers, a calm answer while PostgreSQL is away, and the business."""

import copy
import re
import sys
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from psycopg2.errors import QueryCanceled

from ecosystem.base import clock
from ecosystem.base.access import login_redirect
from ecosystem.base.errors import DomainError
from ecosystem.base.http import error_response, problem
from ecosystem.base.tenancy import business_scope, own_rows, user_scope
from ecosystem.manners import forget_manners, manners_of
from ecosystem.models import Business, Membership
from ecosystem.places import ZONES
from ecosystem.rest.errors import as_problem, is_problem
from ecosystem.second_step import second_step_is_missing

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_DASHBOARD = re.compile(r"/b/(?P<slug>[-\w]+)(?:/|$)")
_PUBLIC = re.compile(r"/p/(?P<slug>[-\w]+)(?:/|$)")
_FRAMED = re.compile(r"/p/[-\w]+/(?:.+/)?embed/$")
_KEPT_SECONDS, _KEPT_BUSINESSES = 20, 5_000
_AWAY = (OperationalError, InterfaceError)

# slug -> (the business as it was read, until when that is believed); per process.
_known: dict[str, tuple[Business, float]] = {}


class HeadersMiddleware:
    """The outermost layer: what every answer says beside the headers that Django and the CSP package set."""

    headers = {
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if _is_personal(request, response):
            response.headers["Cache-Control"] = "no-store, private"
        return response


class FramedMiddleware:
    """A page for the frames of other sites knows nobody: what the browser holds of us is neither read nor written.

    Stands outside of sessions. Whoever frames such a page can steal no press of somebody who is signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _FRAMED.match(request.path_info):
            request.COOKIES = {}
        return self.get_response(request)


class FailureMiddleware:
    """Turns what can be foreseen into an answer: 503 while PostgreSQL is away or where a statement took longer than it
    may, a sentence for a broken rule.

    Stands outside of sessions and accounts, which ask the database too, and inside of what sets headers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        got_request_exception.connect(_note_absence, dispatch_uid="ecosystem.middleware.note_absence")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code >= 500 and getattr(request, "database_is_away", False):
            return _come_back_later(request, getattr(request, "database_error", None))
        # A wall further out than the API's own refuses with a page: a forged Host, a thousand parameters.
        if request.path_info.startswith("/api/v1/") and response.status_code >= 400 and not is_problem(response):
            return as_problem(response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a view: later, if the database is away; with its sentence, if a rule was broken."""
        if isinstance(exception, _AWAY):
            return _come_back_later(request, exception)
        if isinstance(exception, DomainError):
            return error_response(request, exception)
        return None


class TenantMiddleware:
    """Enters the business that the address names, for the whole request, rendering included.

    `/b/<slug>/` is for members: a visitor is led to the login; not there and not yours are the same 404.
    `/p/<slug>/` is for everybody, without a user. An answer of 500 and above leaves nothing behind.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if found := _DASHBOARD.match(request.path_info):
            return self._for_member(request, found["slug"])
        if found := _PUBLIC.match(request.path_info):
            return self._for_everybody(request, found["slug"])
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Refuse a member's page that says nothing of who may see it: what is not allowed is closed."""
        if _DASHBOARD.match(request.path_info) and not hasattr(view, "required_action"):
            raise PermissionDenied

    def _for_member(self, request: Any, slug: str) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if _is_hidden_from_visitors(request.path_info):
                raise Http404
            return login_redirect(request)
        business = _business_by_slug(slug)
        with user_scope(request.user.pk):
            membership = own_rows(Membership).filter(business_id=business.pk).first()
            if membership is None or membership.has_ended(clock.now()):
                raise Http404
            request.business, request.membership = business, membership
            with business_scope(business, savepoint=False):
                wanted_from = manners_of(business.pk).second_step_from
                if second_step_is_missing(request, wanted_from):
                    if wanted_from <= clock.now():
                        return redirect("ecosystem:second_step_wanted", slug=slug)
                    request.second_step_due = wanted_from
                return self._answer(request)

    def _for_everybody(self, request: Any, slug: str) -> HttpResponseBase:
        business = _business_by_slug(slug)
        request.business, request.membership = business, None
        with business_scope(business):
            return self._answer(request)

    def _answer(self, request: Any) -> HttpResponseBase:
        """The view's answer, in the business's time or the member's own, and in the language of whoever reads it.

        A page may fail while it is drawn, after the view's own transaction: nothing of it stays.
        """
        manners = manners_of(request.business.pk)
        tongue = manners.team_tongue if request.membership else manners.customer_tongue
        with timezone.override(_zone_of(request)), translation.override(tongue):
            response = self.get_response(request)
        if response.status_code >= 500:
            transaction.set_rollback(True)
        return response


def _zone_of(request: Any) -> ZoneInfo:
    """The time that a page shows: the member's own where they chose one, otherwise that of the business."""
    if request.membership is not None and request.user.time_zone in ZONES:
        return ZoneInfo(request.user.time_zone)
    return manners_of(request.business.pk).zone


def forget_businesses() -> None:
    """Have every slug read anew; for a service that renames or closes a business, and for tests."""
    _known.clear()
    forget_manners()


def _business_by_slug(slug: str) -> Business:
    """The business of a slug, of which a copy is kept for a few seconds; raises Http404 for none or a closed one."""
    business, until = _known.get(slug, (None, 0.0))
    if business is None or until <= time.monotonic():
        business = Business.objects.filter(slug=slug).exclude(state=Business.State.CLOSED).first()
        if business is None:
            _known.pop(slug, None)
            raise Http404
        if len(_known) >= _KEPT_BUSINESSES:
            _known.clear()
        _known[slug] = (business, time.monotonic() + _KEPT_SECONDS)
    return copy.copy(business)


def _is_personal(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether an answer may depend on who asked: no cache on the way may keep it."""
    if request.path_info.startswith(("/b/", "/api/")) or settings.SESSION_COOKIE_NAME in response.cookies:
        return True
    return hasattr(request, "session") and settings.SESSION_COOKIE_NAME in request.COOKIES


class _Away(DomainError):
    """PostgreSQL does not answer, or somebody else holds what is needed for too long."""

    status = 503


class _TooLong(DomainError):
    """A statement was cut off, so that nobody else waits for it."""

    status = 503


def _come_back_later(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """The answer where the database did not do what was asked; nothing of the request stays."""
    is_too_long = isinstance(getattr(error, "__cause__", None), QueryCanceled)
    if request.path_info.startswith("/api/"):
        told = (
            _TooLong(
                "took_too_long", _("This took too long and was cut off. Nothing was changed. Ask for less at once.")
            )
            if is_too_long
            else _Away("come_back_later", _("We cannot do this just now. Try again in a moment."))
        )
        answer: HttpResponse = problem(told)
    else:
        answer = HttpResponse(render_to_string("503_too_long.html" if is_too_long else "503.html"), status=503)
    answer.headers["Retry-After"] = "5"
    return answer


def _note_absence(request: HttpRequest | None = None, **_: Any) -> None:
    """Mark a request that failed outside its view because the database did not answer."""
    error = sys.exc_info()[1]
    if request is not None and isinstance(error, _AWAY):
        request.database_is_away, request.database_error = True, error  # type: ignore[attr-defined]


def _is_hidden_from_visitors(path: str) -> bool:
    """Whether the page at a path is there for members alone and leads nobody to the login."""
    try:
        return getattr(resolve(path).func, "is_hidden_from_visitors", False)
    except Resolver404:
        return False
