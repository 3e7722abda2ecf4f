"""Every failure of the API as a problem of RFC 9457, with a stable code and errors by field."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response

from ecosystem.base.errors import DomainError, Moved, NotFound
from ecosystem.base.http import PROBLEM_JSON, moved_address, problem

CODES = {
    status.HTTP_400_BAD_REQUEST: "bad_request",
    status.HTTP_401_UNAUTHORIZED: "no_key",
    status.HTTP_403_FORBIDDEN: "scope_missing",
    status.HTTP_404_NOT_FOUND: "not_found",
    status.HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
    status.HTTP_406_NOT_ACCEPTABLE: "not_acceptable",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}

# No wall further out knows of scopes.
CODES_FURTHER_OUT = CODES | {status.HTTP_403_FORBIDDEN: "refused"}


def answer_error(error: Exception, context: dict[str, Any]) -> Response | JsonResponse | None:
    """What a view raised, as an answer; None for what nobody expected, which becomes a 500 and a line in the log."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, DomainError | exceptions.APIException):
        return None
    if isinstance(error, Moved) and context["request"].method in SAFE_METHODS:
        moved = problem(error)
        moved["Location"] = moved_address(context["request"], error)
        return moved
    if isinstance(error, Moved):
        error = NotFound(error.code, error.message)
    if isinstance(error, DomainError):
        return problem(error)
    response = JsonResponse(_body(error), status=error.status_code, content_type=PROBLEM_JSON)
    if getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    return response


def is_problem(response: HttpResponseBase) -> bool:
    """Whether an answer that is a refusal says so in the one form of the API."""
    return response.headers.get("Content-Type", "").startswith(PROBLEM_JSON)


def as_problem(response: HttpResponseBase) -> JsonResponse:
    """A refusal from further out than our views, which would be a page, told as every other failure of the API."""
    told = JsonResponse(
        {
            "type": "about:blank",
            "title": _("This could not be taken as a call of the API; see /api/docs."),
            "status": response.status_code,
            "code": CODES_FURTHER_OUT.get(response.status_code, "error"),
        },
        status=response.status_code,
        content_type=PROBLEM_JSON,
    )
    for name, value in response.headers.items():
        if not name.startswith("Content-"):
            told.headers[name] = value
    return told


@csrf_exempt  # a program brings a key and no cookie: there is nothing to forge
def not_found(request: HttpRequest, **_kwargs: object) -> JsonResponse:
    """An address that the API does not have."""
    return problem(NotFound("not_found", _("There is no such address in the API; see /api/docs.")))


def _body(error: exceptions.APIException) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "about:blank", "status": error.status_code}
    if isinstance(error, exceptions.ValidationError):
        errors = sentences_by_field(error.detail)
        return body | {"title": _("Some fields need another look."), "code": "invalid", "errors": errors}
    return body | {"title": str(error.detail), "code": CODES.get(error.status_code, "error")}


def sentences_by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Sentences by the dotted path of their field: `points.0.email`."""
    if isinstance(detail, dict):
        pairs = [(f"{path}.{name}" if path else str(name), inner) for name, inner in detail.items()]
    elif isinstance(detail, list) and any(isinstance(inner, dict | list) for inner in detail):
        pairs = [(f"{path}.{number}" if path else str(number), inner) for number, inner in enumerate(detail) if inner]
    else:
        return {path or "body": [str(sentence) for sentence in (detail if isinstance(detail, list) else [detail])]}
    return {name: sentences for key, inner in pairs for name, sentences in sentences_by_field(inner, key).items()}
