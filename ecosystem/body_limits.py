"""How much may be sent to a page at once: told by its first line, before any of it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from ecosystem.base.errors import DomainError
from ecosystem.base.http import problem, wants_json

MEGABYTE = 1024 * 1024


class BodyTooLarge(DomainError):
    """More was sent than the page takes."""

    status = 413


class BodyLimitMiddleware:
    """Refuses what is larger than its page takes: 1 MB, or what `takes_body` says of a page that takes a file.

    Stands outside of whatever reads forms. Django itself counts the fields of a form, and no file in it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        megabytes = file_megabytes(request.path_info)
        if length.isdigit() and int(length) <= megabytes * MEGABYTE + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        return _refusal(request, megabytes or 1)


def file_megabytes(path: str) -> int:
    """How many megabytes a file may have that is sent to the page at a path; 0 where none is taken."""
    try:
        return int(getattr(resolve(path).func, "most_megabytes", 0))
    except Resolver404:
        return 0


def _refusal(request: HttpRequest, megabytes: int) -> HttpResponse:
    sentence = _("At most %(most)d MB can be sent here at once. Nothing was changed.")
    error = BodyTooLarge("too_large", sentence % {"most": megabytes})
    if wants_json(request):
        return problem(error)
    return HttpResponse(render_to_string("413.html", {"message": error.message}), status=413)
