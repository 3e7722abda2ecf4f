"""The hosted opt-in page."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.forms.public_signups import PublicSignupForm
from campaigns.models import Signup, SignupForm, SignupFormTopic, TextSignup
from campaigns.queries.signups import SHOWN, boxes_of, find_open_form
from campaigns.services.form_times import FormTime, Freshness, read_form_time, stamp_form, use_form_time
from campaigns.services.signups import request_signup
from campaigns.services.text_signups import request_texts, text_boxes
from campaigns.views.public_pages import evidence_of, public_page
from ecosystem.base import clock
from ecosystem.base.ratelimit import seconds_left, take
from ecosystem.queries.businesses import get_profile
from ecosystem.services.tallies import count

VISITOR_LIMIT, VISITOR_WINDOW = 30, 3600


@csrf_exempt  # nobody is signed in here; the time token says that this page was really shown
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Ask for a yes: what, how often, who. The answer is the same for every address and for machines."""
    page = find_open_form(form)
    if page is None:
        raise Http404
    if request.method == "POST":
        return _take(request, page)
    if "sent" in request.GET:
        return public_page(request, request.business, "campaigns/public/sent.html", {"page": page})
    if request.method == "GET":
        count(SHOWN, page.id.hex)
    return _show(request, page, _blank(page))


def _take(request: HttpRequest, page: SignupForm) -> HttpResponse:
    boxes = boxes_of(page)
    form = public_form(page, request.POST, boxes=boxes)
    token = read_form_time(request.POST.get("token", ""), now=clock.now().timestamp())
    is_other_form = token.freshness in (Freshness.GOOD, Freshness.HASTY) and token.about != page.id.bytes
    if form.was_filled_by_a_machine or is_other_form or token.freshness in (Freshness.HASTY, Freshness.FORGED):
        return _thank(page, request)
    evidence = evidence_of(request, page=request.path)
    key = ("signup_visitor", evidence.ip or "")
    if not take(key, VISITOR_LIMIT, VISITOR_WINDOW):
        form.add_error(None, _("Too many forms came from where you are. Please try again in an hour."))
        answer = _show(request, page, form, status=429)
        answer["Retry-After"] = str(seconds_left(key))
        return answer
    if not form.is_valid():
        return _show(request, page, form, status=422)
    if token.freshness == Freshness.STALE or not use_form_time(token):
        return _again(request, page, form, token)
    given_name = form.cleaned_data.get("given_name", "")
    signup = None
    if form.ticked():
        signup = request_signup(
            page,
            email=form.cleaned_data["email"],
            given_name=given_name,
            boxes=form.ticked(),
            signup_id=token.made_id,
            evidence=evidence,
        )
    if form.ticked_texts():
        request_texts(
            page,
            number=form.cleaned_data["phone"],
            boxes=form.ticked_texts(),
            given_name=given_name,
            signup=signup,
            request_id=token.made_id,
            evidence=evidence,
        )
    return _thank(page, request)


def _again(request: HttpRequest, page: SignupForm, form: PublicSignupForm, token: FormTime) -> HttpResponse:
    """A second click is the same request; another address on a used page, or an old page, is asked once more."""
    number = form.cleaned_data.get("phone") or ""
    is_same = Signup.objects.filter(id=token.made_id, email=form.cleaned_data["email"]).exists()
    if is_same or (number and TextSignup.objects.filter(id=token.made_id, number=number).exists()):
        return _thank(page, request)
    form.add_error(None, _("This page lay open for a while. Tick your boxes and press the button once more."))
    return _show(request, page, form, status=422, is_fresh=True)


def _show(
    request: HttpRequest, page: SignupForm, form: PublicSignupForm, *, status: int = 200, is_fresh: bool = False
) -> HttpResponse:
    token = form.data.get("token") if form.is_bound and not is_fresh else stamp_form(page.id.bytes)
    context = {"page": page, "form": form, "token": token}
    return public_page(request, request.business, "campaigns/public/join.html", context, status=status)


def _blank(page: SignupForm) -> PublicSignupForm:
    return public_form(page, boxes=boxes_of(page))


def public_form(page: SignupForm, *given: Any, boxes: Sequence[SignupFormTopic]) -> PublicSignupForm:
    """The form of an opt-in page, with boxes for texts where it offers them."""
    texts = text_boxes(page, boxes)
    country = get_profile().country if texts else ""
    return PublicSignupForm(*given, boxes=boxes, asks_name=page.asks_name, texts=texts, country=country)


def _thank(page: SignupForm, request: HttpRequest) -> HttpResponse:
    return redirect(f"{request.path}?sent")
