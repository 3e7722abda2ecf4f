"""The local telephone: every text that this installation "sent" while its text sink stood in for the world.

These pages exist only where the sink runs (`bin/up` without SMS_URL), so they ask nobody who they are.
"""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ecosystem.queries.kept_texts import KeptText, kept_texts

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
    return render(request, "dev/texts/list.html", {"texts": texts, "to": to})


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
