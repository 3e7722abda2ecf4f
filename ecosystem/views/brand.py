"""How the business looks to its customers, and a look at it before anything is saved."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict, DomainError, Invalid
from ecosystem.base.http import takes_body
from ecosystem.customer_previews import CUSTOMER_PREVIEWS
from ecosystem.forms.brand import BrandForm
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.posting import posted
from ecosystem.models import BusinessProfile
from ecosystem.queries.businesses import get_profile
from ecosystem.services.brand import Brand, change_brand, keep_image

# Drawn in our own style, and closed: nothing in it runs, is sent or leads out of the frame.
CLOSED = {"frame-ancestors": ["'self'"], "sandbox": ["allow-same-origin"], "script-src": ["'none'"]}
DRAFT = "ecosystem.brand.draft"
DRAFT_SECONDS = 24 * 3600


@takes_body(megabytes=5)
@member_required(Action.EDIT_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    """Mark, colour and headline. `do=look` shows what customers would see, with what was typed and nothing saved."""
    kept = get_profile()
    form = BrandForm(posted(request), request.FILES or None, profile=kept)
    if request.method == "POST" and form.is_valid():
        try:
            asked = form.brand(new_key=_uploaded(request))
            if request.POST.get("do") == "look":
                return render(request, "ecosystem/brand/form.html", _with_look(request, kept, asked))
            change_brand(asked, version=form.cleaned_data["version"], actor=request.membership)
        except Conflict as error:
            return _on_top(request, asked, error)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved. Customers see it from now on."))
            return redirect("ecosystem:brand", slug=slug)
    context = {"form": form, "shown": kept, "all_previews": CUSTOMER_PREVIEWS.items()}
    return render(request, "ecosystem/brand/form.html", context, status=422 if form.is_bound else 200)


@member_required(Action.EDIT_SETTINGS)
@require_safe
@xframe_options_sameorigin
@csp_replace(CLOSED)
def brand_frame(request: HttpRequest, slug: str, what: str) -> HttpResponse:
    """One thing as customers see it, or would with the draft that the address carries; for a closed frame."""
    if what not in CUSTOMER_PREVIEWS:
        raise Http404
    profile = get_profile()
    draft = request.GET.get("draft", "")
    try:
        told = signing.loads(draft, salt=DRAFT, max_age=DRAFT_SECONDS) if draft else None
        if told is not None:
            if told.pop("business") != request.business.pk:
                raise signing.BadSignature
            _put(profile, Brand(**told))
    except signing.BadSignature as error:
        raise Invalid("draft_old", _("This look is of yesterday. Press “Look at it” once more.")) from error
    return CUSTOMER_PREVIEWS.get(what).draw(request, profile)


def _uploaded(request: HttpRequest) -> str:
    """The key of the picture that came with the form, drawn anew and kept; empty where none came."""
    sent = request.FILES.get("mark")
    return keep_image(sent.read()).key if sent else ""


def _on_top(request: HttpRequest, asked: Brand, error: Conflict) -> HttpResponse:
    """What was typed, ready to be saved over what somebody else saved meanwhile."""
    fresh = get_profile()
    typed = {**asdict(asked), "kept_key": asked.mark_key, "version": fresh.version}
    form = BrandForm(typed, profile=fresh)
    context = {"form": form, "shown": _put(get_profile(), asked), "stale": error, "theirs": fresh}
    context["all_previews"] = CUSTOMER_PREVIEWS.items()
    return render(request, "ecosystem/brand/form.html", context, status=409)


def _with_look(request: HttpRequest, kept: BusinessProfile, asked: Brand) -> dict[str, Any]:
    typed = {**asdict(asked), "kept_key": asked.mark_key, "version": request.POST["version"]}
    draft = signing.dumps({**asdict(asked), "business": request.business.pk}, salt=DRAFT, compress=True)
    what = request.POST.get("what", "")
    names = CUSTOMER_PREVIEWS.keys()
    what = what if what in names else names[0]
    address = reverse("ecosystem:brand_frame", kwargs={"slug": request.business.slug, "what": what})
    return {
        "form": BrandForm(typed, profile=kept),
        "shown": _put(get_profile(), asked),
        "frame_url": f"{address}?{urlencode({'draft': draft})}",
        "what": what,
        "label": CUSTOMER_PREVIEWS.get(what).label,
        "all_previews": CUSTOMER_PREVIEWS.items(),
        "is_phone": request.POST.get("width") == "phone",
    }


def _put(profile: BusinessProfile, brand: Brand) -> BusinessProfile:
    for name, value in asdict(brand).items():
        setattr(profile, name, value)
    return profile
