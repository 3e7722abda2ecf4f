"""The business's own mail provider: connected, tried, changed, let go."""

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.mail_accounts import EVENT_FORMS, FORMS
from campaigns.gateways.provider_events import TELLING
from campaigns.models import ProviderAccount
from campaigns.queries.mail_accounts import (
    CALL_WITH_PASSWORD,
    PROVIDERS,
    account_of,
    account_shown,
    address_in_use,
    mail_page,
)
from campaigns.queries.mail_words import place_of, trouble_sentence
from campaigns.queries.sender_domains import domain_of, find_domain, shared_address
from campaigns.services.accounts import (
    event_door,
    forget_events_secret,
    forget_old_events_secret,
    keep_events_secret,
    new_events_password,
)
from campaigns.services.mail_accounts import (
    disconnect_mail_account,
    forget_candidate,
    try_again,
    try_mail_account,
)
from campaigns.services.slowing import slowings
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes
from ecosystem.fresh_login import fresh_login_required
from ecosystem.queries.businesses import get_profile

PAGE = "campaigns:mail_account"


@require_safe
@member_required(Action.EDIT_SETTINGS)
@takes("said")
def mail_account(request: HttpRequest, slug: str) -> HttpResponse:
    """By which provider letters go, how the test letter fares, and what stands in the way."""
    page, profile = mail_page(), get_profile()
    domain = find_domain(domain_of(profile))
    context = {
        "page": page,
        "used_place": place_of(page.used) if page.used else "",
        "tried_place": place_of(page.tried) if page.tried else "",
        "trouble": trouble_sentence(page.tried) if page.tried and page.tried.trial == "refused" else "",
        "providers": PROVIDERS,
        "profile": profile,
        "now": now(),
        "domain": domain,
        "slowings": slowings(account_shown(page), page, profile, domain, now=now()),
        "shared_address": shared_address(),
        "tells": bool(page.used and page.used.provider in TELLING),
    }
    # Said aloud once a step, not every second that it lasts.
    context["is_said"] = page.tried is not None and request.GET.get("said") != page.tried.trial
    template = "_tried.html" if request.htmx and page.tried else "page.html"
    return render(request, f"campaigns/mail_accounts/{template}", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
@fresh_login_required(PAGE)
def mail_account_connect(request: HttpRequest, slug: str, provider: str) -> HttpResponse:
    """Enter how a provider is reached, for the first time or anew; the test letter goes at once."""
    if provider not in FORMS:
        raise Http404
    known = account_of(provider)
    limits = {"per_second": known.per_second, "per_day": known.per_day} if known else {}
    address = address_in_use(known) if known else None
    form = FORMS[provider](request.POST if request.method == "POST" else None, address=address, initial=limits)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        given = {"per_second": asked["per_second"], "per_day": asked["per_day"]}
        try:
            try_mail_account(provider, form.address(), actor=request.membership, now=now(), **given)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            return redirect(PAGE, slug=slug)
    label = ProviderAccount.Provider(provider).label
    context = {"form": form, "label": label, "email": request.user.email, "is_known": bool(known and known.carries)}
    return render(request, "campaigns/mail_accounts/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
@fresh_login_required(PAGE)
@never_cache
def mail_account_events(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the provider tells what became of letters, and what proves that it is the provider."""
    account = mail_page().used
    if account is None or account.provider not in TELLING:
        return redirect(PAGE, slug=slug)
    wants = EVENT_FORMS.get(account.provider)
    act = request.POST.get("do", "") if request.method == "POST" else ""
    form = wants(request.POST if request.method == "POST" and act != "drop_old" else None) if wants else None
    if request.method == "POST" and _change_proof(request, account, form, act):
        return redirect("campaigns:mail_account_events", slug=slug)
    told = event_door(account, now=now())
    context = {"account": account, "form": form, "door": told, "has_password": account.provider in CALL_WITH_PASSWORD}
    return render(request, "campaigns/mail_accounts/events.html", context, status=422 if form and form.errors else 200)


def _change_proof(request: HttpRequest, account: ProviderAccount, form: Form | None, act: str) -> bool:
    """Do what was asked about the proof of an account; False where the form has faults."""
    member = request.membership
    if act == "drop_old":
        forget_old_events_secret(account, actor=member)
        messages.success(request, _("Only the newest one counts from now on."))
    elif account.provider in CALL_WITH_PASSWORD:
        new_events_password(account, actor=member, now=now())
        messages.success(request, _("Here is the new address. The one before it works for another week."))
    elif form is None:
        forget_events_secret(account, actor=member)
        messages.success(request, _("Saved."))
    elif form.is_valid():
        keep_events_secret(account, form.cleaned_data["secret"], actor=member, now=now())
        messages.success(request, _("Saved."))
    else:
        return False
    return True


@require_POST
@member_required(Action.EDIT_SETTINGS)
def mail_account_test(request: HttpRequest, slug: str) -> HttpResponse:
    """One more test letter."""
    page = mail_page()
    account = page.tried or page.used
    if account is not None:
        try:
            try_again(account, actor=request.membership, now=now())
        except DomainError as error:
            messages.error(request, str(error.message))
    return redirect(PAGE, slug=slug)


@require_POST
@member_required(Action.EDIT_SETTINGS)
def mail_account_drop(request: HttpRequest, slug: str) -> HttpResponse:
    """Forget what was tried and did not work."""
    tried = mail_page().tried
    if tried is not None:
        forget_candidate(tried, actor=request.membership)
        messages.success(request, _("Forgotten. Letters go as before."))
    return redirect(PAGE, slug=slug)


@require_POST
@member_required(Action.EDIT_SETTINGS)
@fresh_login_required(PAGE)
def mail_account_disconnect(request: HttpRequest, slug: str) -> HttpResponse:
    """Letters go by the account of the installation again."""
    used = mail_page().used
    if used is not None:
        disconnect_mail_account(used, actor=request.membership)
        messages.success(request, _("%(name)s is disconnected. We have forgotten how to sign in.") % {"name": used})
    return redirect(PAGE, slug=slug)
