"""The opt-in page: hosted by us, and framed by the business's own site."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.forms.public_signups import PublicSignupForm
from campaigns.models import SignupForm, SignupFormTopic
from campaigns.queries.signups import SHOWN, boxes_of, find_open_form
from campaigns.services.form_times import stamp_form
from campaigns.services.intake import Verdict, judge_sender, take_request
from campaigns.services.text_signups import text_boxes
from campaigns.views.public_pages import evidence_of, public_page
from ecosystem.queries.businesses import get_profile
from ecosystem.services.tallies import count


@csrf_exempt  # nobody is signed in here; the time token says that this page was really shown
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Ask for a yes: what, how often, who. The answer is the same for every address and for machines."""
    return _answer(request, _page(request, form))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def join_embedded(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """The same page for a frame in the sites that the business has named, and in no other.

    It knows no cookie (ecosystem.middleware), so nobody's press can be stolen by framing it.
    """
    page = _page(request, form)
    answer = _answer(request, page)
    if sites := page.frame_sites.split():
        answer._csp_replace = {"frame-ancestors": sites}  # type: ignore[attr-defined]
        answer.xframe_options_exempt = True  # type: ignore[attr-defined]
    return answer


def find_page(request: HttpRequest, form: str) -> SignupForm | None:
    """The open page of that name; none of a business that is closing."""
    return None if request.business.is_closing else find_open_form(form)


def _page(request: HttpRequest, form: str) -> SignupForm:
    page = find_page(request, form)
    if page is None:
        raise Http404
    return page


def _answer(request: HttpRequest, page: SignupForm) -> HttpResponse:
    if request.method == "POST":
        return _take(request, page)
    if "sent" in request.GET:
        context = {"page": page, "here": request.path}
        return public_page(request, request.business, "campaigns/public/sent.html", context)
    if request.method == "GET":
        count(SHOWN, page.id.hex)
    return _show(request, page, public_form(page, boxes=boxes_of(page)))


def _take(request: HttpRequest, page: SignupForm) -> HttpResponse:
    form = public_form(page, request.POST, boxes=boxes_of(page))
    evidence = evidence_of(request, page=request.path)
    token = request.POST.get("token", "")
    sender = judge_sender(page, token=token, fell_for_trap=form.was_filled_by_a_machine, ip=evidence.ip)
    if sender.verdict == Verdict.MACHINE:
        return _thank(request)
    if sender.verdict == Verdict.HASTY:
        form.add_error(None, _("That was very fast. Look it over, tick your boxes and press the button once more."))
        return _show(request, page, form, status=422)
    if sender.verdict == Verdict.CROWDED:
        form.add_error(None, _("Too many forms came from where you are. Please try again in an hour."))
        answer = _show(request, page, form, status=429)
        answer["Retry-After"] = str(sender.wait_seconds)
        return answer
    if not form.is_valid():
        return _show(request, page, form, status=422)
    if take_request(page, sender.token, **form.request(), evidence=evidence):
        return _thank(request)
    form.add_error(None, _("This page lay open for a while. Tick your boxes and press the button once more."))
    return _show(request, page, form, status=422, is_fresh=True)


def _show(
    request: HttpRequest, page: SignupForm, form: PublicSignupForm, *, status: int = 200, is_fresh: bool = False
) -> HttpResponse:
    token = form.data.get("token") if form.is_bound and not is_fresh else stamp_form(page.id.bytes)
    context = {"page": page, "form": form, "token": token, "here": request.path}
    return public_page(request, request.business, "campaigns/public/join.html", context, status=status)


def public_form(page: SignupForm, *given: Any, boxes: Sequence[SignupFormTopic]) -> PublicSignupForm:
    """The form of an opt-in page, with boxes for texts where it offers them."""
    texts = text_boxes(page, boxes)
    country = get_profile().country if texts else ""
    return PublicSignupForm(*given, boxes=boxes, asks_name=page.asks_name, texts=texts, country=country)


def _thank(request: HttpRequest) -> HttpResponse:
    return redirect(f"{request.path}?sent")
