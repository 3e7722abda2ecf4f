"""What a browser sent, if it sent a form."""

from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """The posted fields, also when there are none; None for a page that was only asked for."""
    return request.POST if request.method == "POST" else None
