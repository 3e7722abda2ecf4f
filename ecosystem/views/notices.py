"""What a member is told, and how soon by mail."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.http import takes
from ecosystem.forms.notices import PaceForm
from ecosystem.forms.posting import posted
from ecosystem.notices import NOTICES
from ecosystem.queries.notices import get_notice, notices_of, paces_of, running_jobs_of
from ecosystem.services.notices import choose_paces, mark_all_read, mark_read, told


@member_required(Action.SEE_TODAY)
@require_safe
@takes("cursor")
def notices(request: HttpRequest, slug: str) -> HttpResponse:
    """What this member was told, newest first, and which of their long work is going on."""
    page = notices_of(request.membership, request.GET.get("cursor"))
    lines = [
        {
            "notice": one,
            "sentence": told(one),
            "icon": NOTICES.get(one.kind).icon if one.kind in NOTICES else "bell",
        }
        for one in page.items
    ]
    context = {"lines": lines, "page": page, "jobs": running_jobs_of(request.membership, slug)}
    return render(request, "ecosystem/notices/list.html", context)


@member_required(Action.SEE_TODAY)
@require_POST
def notice_open(request: HttpRequest, slug: str, notice_id: UUID) -> HttpResponse:
    """Mark one as seen and go to what it is about."""
    notice = get_notice(notice_id, member=request.membership)
    mark_read(notice)
    is_ours = bool(notice.url) and url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url) if is_ours else redirect("ecosystem:notices", slug=slug)


@member_required(Action.SEE_TODAY)
@require_POST
def notices_read(request: HttpRequest, slug: str) -> HttpResponse:
    """Mark all of them as seen."""
    mark_all_read(request.membership)
    return redirect("ecosystem:notices", slug=slug)


@member_required(Action.SEE_TODAY)
def notice_paces(request: HttpRequest, slug: str) -> HttpResponse:
    """How soon this member wants to hear of what by mail."""
    form = PaceForm(posted(request), kept=paces_of(request.membership))
    if request.method == "POST" and form.is_valid():
        choose_paces(request.membership, form.cleaned_data)
        messages.success(request, _("Saved. It counts for what comes from now on."))
        return redirect("ecosystem:notices", slug=slug)
    status = 422 if form.is_bound else 200
    return render(request, "ecosystem/notices/paces.html", {"form": form}, status=status)
