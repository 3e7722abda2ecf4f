"""A business in four short steps: each is saved, and one can go back and come again later."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ecosystem.base.access import Action, member_required
from ecosystem.forms.posting import posted
from ecosystem.forms.setup import BusinessStepForm, MessageStepForm, SenderStepForm
from ecosystem.fresh_login import has_just_signed_in, sign_in_again
from ecosystem.middleware import forget_businesses
from ecosystem.places import country_of_zone, currency_of_country
from ecosystem.queries.businesses import find_begun, get_profile
from ecosystem.services.businesses import create_business, describe_business, finish_setup, set_core_message, set_sender
from ecosystem.ways_in import WAYS_IN

STEPS = (_("Your business"), _("Your message"), _("Your letters"), _("Your people"))
STEP_URLS = (
    "ecosystem:setup_business",
    "ecosystem:setup_message",
    "ecosystem:setup_sender",
    "ecosystem:setup_people",
)


def _page(request: HttpRequest, step: int, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = ("business", "message", "sender", "people")[step - 1]
    common = {"steps": STEPS, "step": step}
    return render(request, f"ecosystem/setup/{template}.html", common | context, status=status)


@login_required
def business_new(request: HttpRequest) -> HttpResponse:
    """The first step: it makes the business. A second click of the same form finds it made already."""
    form = BusinessStepForm(posted(request), initial={"trade": "food"})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        begun = find_begun(request.user, asked["name"])
        return redirect("ecosystem:setup_message", slug=begun.slug if begun else _create(request, asked))
    context = {"form": form, "known": form.data.getlist("known_kinds") if form.is_bound else []}
    return _page(request, 1, context, status=422 if form.is_bound else 200)


def _create(request: HttpRequest, asked: dict[str, Any]) -> str:
    country = country_of_zone(asked["timezone"]) or "US"
    business = create_business(
        owner=request.user,
        name=asked["name"],
        trade=asked["trade"],
        country=country,
        timezone=asked["timezone"] or "America/New_York",
        language=get_language() or "en",
        currency=currency_of_country(country),
        known_kinds=asked["known_kinds"],
    )
    return business.slug


@member_required(Action.EDIT_SETTINGS)
def setup(request: HttpRequest, slug: str) -> HttpResponse:
    """Go on where the set-up was left."""
    profile = get_profile()
    if profile.setup_is_complete:
        return redirect("ecosystem:today", slug=slug)
    return redirect(STEP_URLS[max(profile.setup_step, 1) - 1], slug=slug)


@member_required(Action.EDIT_SETTINGS)
def setup_business(request: HttpRequest, slug: str) -> HttpResponse:
    profile = get_profile()
    kept = {"name": request.business.name, "trade": profile.trade, "known_kinds": profile.known_kinds}
    form = BusinessStepForm(posted(request), initial=kept)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        describe_business(
            name=asked["name"], trade=asked["trade"], known_kinds=asked["known_kinds"], actor=request.membership
        )
        forget_businesses()
        return redirect("ecosystem:setup_message", slug=slug)
    context = {"form": form, "profile": profile, "known": profile.known_kinds}
    return _page(request, 1, context, status=422 if form.is_bound else 200)


@member_required(Action.EDIT_SETTINGS)
def setup_message(request: HttpRequest, slug: str) -> HttpResponse:
    profile = get_profile()
    form = MessageStepForm(posted(request), instance=profile)
    if request.method == "POST" and form.is_valid():
        set_core_message(form.cleaned_data["core_message"], actor=request.membership)
        return redirect("ecosystem:setup_sender", slug=slug)
    context = {"form": form, "profile": profile, "known": profile.known_kinds, "back": STEP_URLS[0]}
    return _page(request, 2, context, status=422 if form.is_bound else 200)


@member_required(Action.EDIT_SETTINGS)
def setup_sender(request: HttpRequest, slug: str) -> HttpResponse:
    profile = get_profile()
    sender = profile.sender_email
    first = {} if profile.sender_email else {"sender_email": request.user.email}
    form = SenderStepForm(posted(request), instance=profile, initial=first)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["sender_email"] != sender and not has_just_signed_in(request):
            return sign_in_again("ecosystem:setup_sender", slug=slug)
        set_sender(**form.cleaned_data, actor=request.membership)
        return redirect("ecosystem:setup_people", slug=slug)
    context = {"form": form, "profile": profile, "known": profile.known_kinds, "back": STEP_URLS[1]}
    return _page(request, 3, context, status=422 if form.is_bound else 200)


@member_required(Action.EDIT_SETTINGS)
def setup_people(request: HttpRequest, slug: str) -> HttpResponse:
    """Four ways to bring people in; each of them ends the set-up."""
    profile = get_profile()
    context = {"profile": profile, "known": profile.known_kinds, "back": STEP_URLS[2], "ways": WAYS_IN.items()}
    return _page(request, 4, context)


@member_required(Action.EDIT_SETTINGS)
@require_POST
def setup_finish(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave the set-up by the way that was chosen; an unknown one leads to Today."""
    finish_setup(actor=request.membership)
    messages.success(request, _("Your business stands. Bring in your people and it comes alive."))
    way = request.POST.get("way", "")
    return redirect(WAYS_IN.get(way).url_name if way in WAYS_IN else "ecosystem:today", slug=slug)
