"""A broken rule as an answer: a page, a fragment, or a problem of RFC 9457."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

from ecosystem.base.errors import DomainError, Invalid, Moved, NotFound

PROBLEM_JSON = "application/problem+json"
LONGEST_SHOWN = 40
View = Callable[..., HttpResponseBase]


def takes(*names: str) -> Callable[[View], View]:
    """Let a page be asked for with these query parameters and no other one.

    Every other name, and a name that stands there twice, raises Invalid: a 400 which says what it is about. So no
    parameter can reach past what the view reads, into a relation or an order that nobody thought of.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            for name, values in request.GET.lists():
                if name not in names or len(values) > 1:
                    sentence = _("This page cannot be asked for by “%(name)s”. Take it out of the address.")
                    raise Invalid("parameter_unknown", sentence % {"name": name[:LONGEST_SHOWN]}, field=name)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def takes_body(*, megabytes: int) -> Callable[[View], View]:
    """Let a page be sent a file of so many megabytes, and what else stands in its form."""

    def decorate(view: View) -> View:
        view.most_megabytes = megabytes  # type: ignore[attr-defined]
        return view

    return decorate


def lead(request: HttpRequest, to: str, **kwargs: Any) -> HttpResponse:
    """Lead whoever looks to another page; htmx loads it as a whole.

    A browser follows a plain redirect before htmx hears of it, which would put the page into a part of this one.
    """
    address = resolve_url(to, **kwargs)
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def problem(error: DomainError) -> JsonResponse:
    """The error for a program: RFC 9457 with our stable `code`, and `errors` by field."""
    body: dict[str, Any] = {
        **error.extra,
        "type": "about:blank",
        "title": str(error.message),
        "status": error.status,
        "code": error.code,
    }
    if error.field:
        body["errors"] = {error.field: [str(error.message)]}
    return JsonResponse(body, status=error.status, content_type=PROBLEM_JSON)


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error for whoever asked: a problem for the API, a fragment for htmx, else a page."""
    if isinstance(error, Moved):
        return _moved(request, error)
    if wants_json(request):
        return problem(error)
    template = "errors/_problem.html" if getattr(request, "htmx", False) else "errors/problem.html"
    return render(request, template, {"error": error}, status=error.status)


def moved_address(request: HttpRequest, error: Moved) -> str:
    """The same address under the new id, without what was asked beside it."""
    return request.path.replace(error.old_id, error.new_id)


def _moved(request: HttpRequest, error: Moved) -> HttpResponse:
    """Lead whoever looks to the new address; what was sent to the old one is not sent on."""
    if request.method not in ("GET", "HEAD"):
        gone = NotFound(error.code, error.message)
        return (
            problem(gone)
            if wants_json(request)
            else render(request, "errors/problem.html", {"error": gone}, status=404)
        )
    answer = problem(error) if wants_json(request) else HttpResponse(status=error.status)
    answer["Location"] = moved_address(request, error)
    return answer


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a program."""
    return request.path.startswith("/api/") or request.get_preferred_type(["text/html", "application/json"]) == (
        "application/json"
    )
