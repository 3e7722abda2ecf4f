"""Closing the account, and taking that back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.http import takes
from ecosystem.closing import COPIES
from ecosystem.forms.closing import ClosingForm
from ecosystem.fresh_login import fresh_login_required
from ecosystem.middleware import forget_businesses
from ecosystem.queries.memberships import team
from ecosystem.services.closing import GRACE, begin_closing, undo_closing


@member_required(Action.CLOSE_BUSINESS)
@require_safe
@takes()
def close(request: HttpRequest, slug: str) -> HttpResponse:
    """What goes and when; or, once it is closing, the way back."""
    return _page(request, ClosingForm(business_name=request.business.name))


@member_required(Action.CLOSE_BUSINESS)
@require_POST
@fresh_login_required("ecosystem:close")
def close_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the thirty days. Asks for a fresh sign-in and for the name of the business."""
    form = ClosingForm(request.POST, business_name=request.business.name)
    if not form.is_valid():
        return _page(request, form, status=422)
    begin_closing(actor=request.membership, now=now())
    forget_businesses()
    messages.success(request, _("Nothing is sent any more. You can take this back for 30 days."))
    return redirect("ecosystem:close", slug=slug)


@member_required(Action.CLOSE_BUSINESS)
@require_POST
@fresh_login_required("ecosystem:close")
def close_undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the account after all."""
    undo_closing(actor=request.membership, now=now())
    forget_businesses()
    messages.success(request, _("The account stays, with everything in it."))
    return redirect("ecosystem:close", slug=slug)


def _page(request: HttpRequest, form: ClosingForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "day": now() + GRACE, "people": team().count(), "copies": list(COPIES)}
    return render(request, "ecosystem/closing/page.html", context, status=status)
