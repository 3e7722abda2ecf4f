"""The local mailbox: every mail that this installation "sent" while its mail sink stood in for the world.

These pages exist only where the sink runs (`bin/up` without EMAIL_URL), so they ask nobody who they are.
"""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from ecosystem.queries.kept_mails import KeptMail, find_mail, mail_ids

SHOWN = 50
MOST_SHOWN = 500
# A mail brings its own styles, and nothing else of it may act.
FRAME_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def _folder() -> Path:
    return Path(settings.MAIL_SINK_DIR)


def _mail(mail_id: str) -> KeptMail:
    mail = find_mail(_folder(), mail_id)
    if mail is None:
        raise Http404
    return mail


@transaction.non_atomic_requests
@never_cache
@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """The newest mails, for all or for one address (`?to=`); `?format=json` for programs."""
    to = request.GET.get("to", "").strip()
    given = request.GET.get("limit", "")
    limit = min(int(given), MOST_SHOWN) if given.isdecimal() else SHOWN
    found = [find_mail(_folder(), mail_id) for mail_id in mail_ids(_folder(), limit=limit, to=to)]
    mails = [mail for mail in found if mail is not None]
    if request.GET.get("format") == "json":
        return JsonResponse({"mails": [_as_json(mail) for mail in mails]})
    return render(request, "dev/mail/list.html", {"mails": mails, "to": to})


def _as_json(mail: KeptMail) -> dict[str, object]:
    return {
        "id": mail.id,
        "at": mail.at.isoformat(),
        "envelope_to": mail.envelope_to,
        "from": mail.sender,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": mail.headers,
    }


@transaction.non_atomic_requests
@never_cache
@require_safe
def mail_detail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail as a reader sees it, with its text twin and its headers."""
    return render(request, "dev/mail/detail.html", {"mail": _mail(mail_id)})


@transaction.non_atomic_requests
@never_cache
@require_safe
@xframe_options_sameorigin
def mail_html(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML of a mail, for the frame of its page; its links open outside of it."""
    mail = _mail(mail_id)
    answer = HttpResponse(f'<base target="_blank">{mail.html}')
    answer["Content-Security-Policy"] = FRAME_POLICY
    return answer


@transaction.non_atomic_requests
@never_cache
@require_safe
def mail_raw(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The mail as it came over the wire."""
    return HttpResponse(_mail(mail_id).raw, content_type="text/plain; charset=utf-8")
