"""The front door: the first page, the choice of a business, the colours."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from ecosystem.forms.account import ThemeForm
from ecosystem.queries.businesses import businesses_of, setup_is_open
from ecosystem.services.users import choose_theme
from ecosystem.visits import LAST_BUSINESS


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A visitor sees what this is; a member goes to the business they were in last, their only one, or chooses."""
    if not request.user.is_authenticated:
        return render(request, "ecosystem/setup/landing.html")
    businesses = businesses_of(request.user)
    if not businesses:
        return redirect("ecosystem:business_new")
    last = next((found for found in businesses if found.id == request.session.get(LAST_BUSINESS)), None)
    chosen = last or (businesses[0] if len(businesses) == 1 else None)
    if chosen is None:
        return redirect("ecosystem:business_choice")
    return redirect("ecosystem:setup" if setup_is_open(chosen) else "ecosystem:today", slug=chosen.slug)


@login_required
@require_safe
def business_choice(request: HttpRequest) -> HttpResponse:
    """The user's businesses to choose from."""
    return render(request, "ecosystem/setup/choice.html", {"businesses": businesses_of(request.user)})


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours; a script that switched them already gets an empty answer, a form its page again."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    choose_theme(request.user, form.cleaned_data["theme"])
    wanted = request.POST.get("next", "")
    if request.htmx or not wanted:
        return HttpResponse(status=204)
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return HttpResponseRedirect(wanted if is_ours else "/")
