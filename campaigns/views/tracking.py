"""Tracked links of letters: one redirect, to where the database says and nowhere else; and the picture that tells of
opening."""

from base64 import b64decode
from typing import TypedDict

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.services.tracking import follow_link, note_open
from ecosystem.base.clock import now
from ecosystem.base.links import LINK, OPEN, BadLink, read_link

LONGEST_AGENT = 500
# One transparent pixel, as a GIF.
PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@never_cache
@require_safe
def follow(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Send the reader on. No part of the request can change where to; what is not ours is a plain 404."""
    try:
        link = read_link(LINK, token)
        message_id = link.uuid
    except BadLink as error:
        raise Http404 from error
    target = follow_link(link.business_id, message_id, number, now=now(), **_who(request))
    if target is None or not target.startswith(("https://", "http://")):
        raise Http404
    response = HttpResponseRedirect(target)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@never_cache
@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """The picture, whoever asks and whatever the token says; a letter of ours that may tell is noted as opened."""
    try:
        link = read_link(OPEN, token)
        note_open(link.business_id, link.uuid, now=now(), **_who(request))
    except BadLink:
        pass
    response = HttpResponse(PICTURE, content_type="image/gif")
    # Mail is read on pages of others.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


class _Who(TypedDict):
    """What a request tells of the program that asks."""

    user_agent: str
    ip: str | None
    is_head: bool


def _who(request: HttpRequest) -> _Who:
    return _Who(
        user_agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT],
        ip=get_adapter(request).get_client_ip(request) or None,
        is_head=request.method == "HEAD",
    )
