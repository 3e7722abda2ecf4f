"""The link of an invitation: looking at it changes nothing, accepting it needs the address it was sent to."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ecosystem.base.clock import now
from ecosystem.base.errors import NotFound
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.businesses import current_business
from ecosystem.queries.users import has_verified_address
from ecosystem.services.invitations import InvitationLink, find_open_invitation, read_invitation_link
from ecosystem.services.memberships import accept_invitation


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What somebody is invited to; POST joins."""
    try:
        link = read_invitation_link(token)
        response = _join(request, link) if request.method == "POST" else _show(request, link, token)
    except NotFound as error:
        context = {"why": error}
        response = render(request, "ecosystem/team/invitation_over.html", context, status=404)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _show(request: HttpRequest, link: InvitationLink, token: str) -> HttpResponse:
    here = urlencode({"next": reverse("ecosystem:invitation", kwargs={"token": token})})
    with business_scope(link.business_id):
        found = find_open_invitation(link, at=now())
        context = {
            "invitation": found,
            "business": current_business(),
            "login_url": f"{reverse('account_login')}?{here}",
            "signup_url": f"{reverse('account_signup')}?{here}&{urlencode({'email': found.email})}",
            "is_theirs": request.user.is_authenticated and has_verified_address(request.user, found.email),
        }
        return render(request, "ecosystem/team/invitation.html", context)


def _join(request: HttpRequest, link: InvitationLink) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    with business_scope(link.business_id, request.user):
        accept_invitation(link, user=request.user)
        business = current_business()
    messages.success(request, _("Welcome to %s.") % business.name)
    return redirect("ecosystem:today", slug=business.slug)
