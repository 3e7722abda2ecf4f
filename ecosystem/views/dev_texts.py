"""The local telephone: every text that this installation "sent" while its text sink stood in for the world.

These pages exist only where the sink runs (`bin/up` without SMS_URL), so they ask nobody who they are. Somebody may
also answer a text from here: it is signed and brought to the address that the text named, as a provider does.
"""

import hmac
import http.client
import json
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ecosystem.queries.kept_texts import KeptText, find_text, kept_texts

SHOWN = 50
MOST_SHOWN = 500


@transaction.non_atomic_requests
@never_cache
@require_safe
def text_list(request: HttpRequest) -> HttpResponse:
    """The newest texts, for all or for one number (`?to=`); `?format=json` for programs."""
    to = request.GET.get("to", "").replace(" ", "").strip()
    # In an address a plus means a space.
    to = f"+{to}" if to.isdecimal() else to
    given = request.GET.get("limit", "")
    limit = min(int(given), MOST_SHOWN) if given.isdecimal() else SHOWN
    texts = kept_texts(Path(settings.TEXT_SINK_DIR), limit=limit, to=to)
    if request.GET.get("format") == "json":
        return JsonResponse({"texts": [_as_json(text) for text in texts]})
    context = {"texts": texts, "to": to, "answer": request.GET.get("answer", "")}
    return render(request, "dev/texts/list.html", context)


@transaction.non_atomic_requests
@require_POST
def text_reply(request: HttpRequest, text_id: str) -> HttpResponse:
    """Answer a text from the number it went to."""
    text = find_text(Path(settings.TEXT_SINK_DIR), text_id)
    if text is None:
        raise Http404
    words = request.POST.get("words", "")
    told = {"type": "text", "id": uuid4().hex, "from": text.to, "to": text.sender, "text": words}
    was_taken = _bring(text.reply_url, json.dumps(told).encode()) == http.client.OK
    return redirect(f"{reverse('dev_text_list')}?answer={'taken' if was_taken else 'lost'}")


def _bring(reply_url: str, body: bytes) -> int:
    """Post to this installation alone, signed by the sink's secret; 0 where it is not there."""
    wanted, own = urlsplit(reply_url), urlsplit(settings.PUBLIC_URL)
    if wanted.netloc != own.netloc or wanted.scheme != "http":
        return 0
    secret = unquote(urlsplit(settings.SMS_URL).password or "").encode()
    moment = str(int(time.time()))
    signature = hmac.digest(secret, f"{moment}.".encode() + body, "sha256").hex()
    headers = {"Content-Type": "application/json", "X-Text-Signature": f"t={moment},v1={signature}"}
    line = http.client.HTTPConnection(own.hostname or "", own.port or 80, timeout=10)
    try:
        line.request("POST", wanted.path, body, headers)
        return line.getresponse().status
    except OSError:
        return 0
    finally:
        line.close()


def _as_json(text: KeptText) -> dict[str, object]:
    return {
        "id": text.id,
        "at": text.at.isoformat(),
        "message_id": text.message_id,
        "from": text.sender,
        "to": text.to,
        "text": text.text,
        "reply_url": text.reply_url,
    }
