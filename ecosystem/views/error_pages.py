"""The page of a fault of ours, with the code by which its line in the log is found."""

from django.http import HttpRequest, HttpResponseServerError
from django.template.loader import render_to_string
from structlog.contextvars import get_contextvars

CODE_LENGTH = 8


def server_error(request: HttpRequest) -> HttpResponseServerError:
    """What somebody sees when something of ours broke. Asks neither the database nor the request for anything."""
    code = str(get_contextvars().get("request_id", ""))[:CODE_LENGTH]
    return HttpResponseServerError(render_to_string("500.html", {"code": code}))
