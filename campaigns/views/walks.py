"""One person's walk through a sequence, paused and gone on with, from their page or from the people of the sequence."""

from collections.abc import Callable
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.models import Enrollment
from campaigns.queries.enrollments import get_enrollment
from campaigns.services.walk_pauses import pause_walk, resume_walk
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict


@require_POST
@member_required(Action.START_SEQUENCES)
def walk_pause(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let one person rest on their way. A second click changes nothing."""
    told = _("Paused. %(name)s gets no letter of “%(sequence)s” until you go on.")
    return _switch(request, slug, get_enrollment(id), pause_walk, told=told, undo="walk_resume")


@require_POST
@member_required(Action.START_SEQUENCES)
def walk_resume(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Let one person walk on who rests. A second click changes nothing."""
    told = _("%(name)s walks on. What is still to come comes later by the pause.")
    return _switch(request, slug, get_enrollment(id), resume_walk, told=told, undo="walk_pause")


def page_before(request: HttpRequest, slug: str) -> str:
    """The page of this business that a form, or the address of an Undo, names to go back to; empty where none."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    return wanted if wanted.startswith(f"/b/{slug}/") else ""


def _switch(
    request: HttpRequest, slug: str, walk: Enrollment, act: Callable[..., Enrollment], *, told: str, undo: str
) -> HttpResponse:
    """Do it, say so with an Undo, and go back to where it was done."""
    try:
        act(walk, actor=request.membership)
    except Conflict as refused:
        messages.error(request, str(refused))
    else:
        names = {"name": walk.contact.display_name, "sequence": walk.sequence.name}
        messages.success(request, told % names, extra_tags=_undo(request, undo, slug, walk))
    return redirect(_back(request, slug, walk))


def _undo(request: HttpRequest, name: str, slug: str, walk: Enrollment) -> str:
    """What takes it back, from the page on which it was done."""
    url = reverse(f"campaigns:{name}", kwargs={"slug": slug, "id": walk.id})
    return f"undo:{url}?next={quote(_back(request, slug, walk))}"


def _back(request: HttpRequest, slug: str, walk: Enrollment) -> str:
    person = reverse("contacts:contact_detail", kwargs={"slug": slug, "id": walk.contact_id})
    return page_before(request, slug) or person
