"""What was done in a business, and by whom."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ecosystem.acts import ACT_SUBJECTS, ACTS
from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.queries.audit import AuditLine, audit_page, people_in_audit


@member_required(Action.SEE_AUDIT)
@require_safe
@takes("cursor", "person")
def audit_list(request: HttpRequest, slug: str) -> HttpResponse:
    """The acts of the team, newest first, told in sentences."""
    people = people_in_audit()
    chosen = next((one.user_id for one in people if str(one.user_id) == request.GET.get("person")), None)
    lines, page = audit_page(request.GET.get("cursor"), actor_user_id=chosen)
    context = {
        "lines": [_told(line, slug) for line in lines],
        "page": page,
        "people": people,
        "chosen": chosen,
    }
    return render(request, "ecosystem/audit/list.html", context)


def _told(line: AuditLine, slug: str) -> dict[str, Any]:
    """One line as it is read: icon, sentence, when, and the page of what it was about."""
    entry = line.entry
    words = ACTS.get(entry.action)
    names = {"who": line.who or _nobody(entry.actor_kind, entry.actor_user_id), "what": line.what or _("gone by now")}
    subject = ACT_SUBJECTS.get(entry.object_kind) if line.what else None
    url = reverse(subject.url_name, args=[slug, UUID(entry.object_id)]) if subject and subject.url_name else ""
    return {"icon": words.icon, "sentence": str(words.sentence) % names, "at": entry.created_at, "url": url}


def _nobody(actor_kind: str, user_id: int | None) -> str:
    if user_id is not None:
        return _("Somebody who has left")
    return _("A program") if actor_kind == "api_key" else settings.PRODUCT_NAME
