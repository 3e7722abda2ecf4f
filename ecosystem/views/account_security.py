"""Seeing to one's own login: where it is signed in, and what to do when the phone is gone."""

from typing import Any

from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.posting import posted
from ecosystem.forms.team import SecondStepForm
from ecosystem.fresh_login import fresh_login_required
from ecosystem.middleware import forget_businesses
from ecosystem.queries.businesses import businesses_of
from ecosystem.services.second_step_rule import want_second_step
from ecosystem.services.users import end_everything_opened_by, end_other_sessions


class _EndsWhatWasOpened:
    """Another factor counts from now on: what was opened without it ends in the same transaction."""

    request: Any

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        end_other_sessions(self.request, self.request.user)
        end_everything_opened_by(self.request.user)
        return response


class SecondStepOn(_EndsWhatWasOpened, ActivateTOTPView):  # type: ignore[misc]
    """Turning two-step sign-in on."""


class SecondStepOff(_EndsWhatWasOpened, DeactivateTOTPView):  # type: ignore[misc]
    """Turning two-step sign-in off."""


class NewRecoveryCodes(_EndsWhatWasOpened, GenerateRecoveryCodesView):  # type: ignore[misc]
    """Making new recovery codes; the former ones end."""


@login_required
@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one other device out; this one logs out by its own button."""
    found = UserSession.objects.filter(user=request.user, pk=session_id).first()
    if found is None:
        raise Http404
    if found.session_key != request.session.session_key:
        found.end()
        messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")


@require_safe
def second_step_lost(request: HttpRequest) -> HttpResponse:
    """What helps somebody whose phone is gone, in the order in which it should be tried."""
    return render(request, "mfa/lost.html")


@login_required
@require_safe
def second_step_wanted(request: HttpRequest, slug: str) -> HttpResponse:
    """Where somebody stands whom a business does not let in without a second step."""
    own = next((found for found in businesses_of(request.user) if found.slug == slug), None)
    if own is None:
        raise Http404
    return render(request, "ecosystem/team/second_step_wanted.html", {"own": own})


@member_required(Action.SECURE_TEAM)
@fresh_login_required("ecosystem:team_second_step")
def team_second_step(request: HttpRequest, slug: str) -> HttpResponse:
    """From when on the whole team needs a second step, or that it does not."""
    form = SecondStepForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            want_second_step(form.wanted_days, actor=request.membership)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            forget_businesses()
            messages.success(request, _("Saved. Everybody without it sees from when on it counts."))
            return redirect("ecosystem:team", slug=slug)
    return render(request, "ecosystem/team/second_step.html", {"form": form}, status=422 if form.is_bound else 200)
