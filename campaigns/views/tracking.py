"""Tracked links of letters: one redirect, to where the database says and nowhere else."""

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.services.tracking import follow_link
from ecosystem.base.clock import now
from ecosystem.base.links import LINK, BadLink, read_link

LONGEST_AGENT = 500


@never_cache
@require_safe
def follow(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Send the reader on. No part of the request can change where to; what is not ours is a plain 404."""
    try:
        link = read_link(LINK, token)
        message_id = link.uuid
    except BadLink as error:
        raise Http404 from error
    agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    ip = get_adapter(request).get_client_ip(request) or None
    is_head = request.method == "HEAD"
    target = follow_link(link.business_id, message_id, number, now=now(), user_agent=agent, ip=ip, is_head=is_head)
    if target is None or not target.startswith(("https://", "http://")):
        raise Http404
    response = HttpResponseRedirect(target)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
