"""The domain that letters come from: the records to set, and whether DNS shows them."""

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.queries.accounts import account_for
from campaigns.queries.sender_domains import domain_of, find_domain, records_of, shared_address
from campaigns.services.sender_domains import ask_for_domain
from contacts.models import Channel
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.fresh_login import fresh_login_required
from ecosystem.queries.businesses import get_profile

PAGE = "campaigns:sender_domain"
SELECTOR = re.compile(r"\A(?:[a-z0-9](?:[a-z0-9_.-]{0,61}[a-z0-9])?)?\Z")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
def sender_domain(request: HttpRequest, slug: str) -> HttpResponse:
    """What to write into DNS, what was found there, and what follows from it."""
    if request.method == "POST":
        return _ask(request, slug=slug)
    profile = get_profile()
    domain = domain_of(profile)
    kept, account = find_domain(domain), account_for(Channel.EMAIL)
    moment = now()
    context = {
        "domain": domain,
        "kept": kept,
        "records": records_of(kept, provider=account.provider) if kept else [],
        "is_good": bool(kept and kept.good_until and kept.good_until > moment),
        "is_looking": bool(kept and kept.checked_at is None),
        "is_own": account.is_own,
        "shared_address": shared_address(),
    }
    template = "_state.html" if request.htmx and kept else "domain.html"
    return render(request, f"campaigns/mail_accounts/{template}", context)


@fresh_login_required(PAGE)
def _ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Have DNS asked, perhaps with another name for the key."""
    selector = request.POST.get("selector")
    selector = selector.strip().lower().removesuffix("._domainkey") if selector is not None else None
    if selector is not None and not SELECTOR.match(selector):
        messages.error(request, _("The name of the key has letters, digits, dots and dashes, like mail or pm2026."))
    elif ask_for_domain(actor=request.membership, now=now(), selector=selector) is None:
        messages.error(request, _("Say first which address your letters come from."))
    return redirect(PAGE, slug=slug)
