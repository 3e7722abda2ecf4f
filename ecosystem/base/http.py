"""A broken rule as an answer: a page, a fragment, or a problem of RFC 9457."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from ecosystem.base.errors import DomainError

PROBLEM_JSON = "application/problem+json"


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
    if wants_json(request):
        return problem(error)
    template = "errors/_problem.html" if getattr(request, "htmx", False) else "errors/problem.html"
    return render(request, template, {"error": error}, status=error.status)


def wants_json(request: HttpRequest) -> bool:
    """Whether the asker is a program."""
    return request.path.startswith("/api/") or request.get_preferred_type(["text/html", "application/json"]) == (
        "application/json"
    )
