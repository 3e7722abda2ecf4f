"""The opt-in page for a script of the business's own site: what to show, and what somebody typed there, as JSON."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from campaigns.models import SignupForm
from campaigns.queries.signups import SHOWN, boxes_of
from campaigns.services.form_times import stamp_form
from campaigns.services.intake import Verdict, judge_sender, take_request
from campaigns.services.text_signups import text_boxes
from campaigns.views.public_pages import evidence_of, private
from campaigns.views.public_signups import find_page, public_form
from ecosystem.base.errors import DomainError, Invalid, LimitReached, NotFound
from ecosystem.base.http import problem
from ecosystem.services.tallies import count

METHODS = "GET, POST, OPTIONS"
LONGEST_BODY = 20_000


def for_every_site(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let scripts of any site read the answer. No cookie is known here, so they see what everybody sees."""

    @csrf_exempt
    @wraps(view)
    def open_to_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer = HttpResponse(status=204) if request.method == "OPTIONS" else view(request, *args, **kwargs)
        except DomainError as error:
            answer = problem(error)
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return private(answer)

    return open_to_all


@for_every_site
def join_by_program(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """GET tells what to show and gives the time token that the POST must bring along."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": METHODS})
    page = find_page(request, form)
    if page is None:
        raise NotFound("not_found", _("There is no such page."))
    if request.method == "POST":
        return _take(request, page)
    if request.method == "GET":
        count(SHOWN, page.id.hex)
    return JsonResponse(_shown(page))


def _shown(page: SignupForm) -> dict[str, Any]:
    boxes = boxes_of(page)
    return {
        "headline": page.headline,
        "intro": page.intro,
        "promises": [page.promise_how_often, page.promise_no_abuse, page.promise_how_to_leave],
        "asks_name": page.asks_name,
        "boxes": [{"topic": str(box.topic_id), "wording": box.wording, "promise": box.topic.promise} for box in boxes],
        # What stands there must stand beside the box as it is: it is kept with the yes.
        "text_boxes": [{"topic": topic, "wording": words} for topic, words in text_boxes(page, boxes).items()],
        "token": stamp_form(page.id.bytes),
    }


def _take(request: HttpRequest, page: SignupForm) -> HttpResponse:
    sent = _read(request)
    form = public_form(page, sent, boxes=boxes_of(page))
    evidence = evidence_of(request, page=f"{request.path} {request.headers.get('Origin', '')}".strip())
    sender = judge_sender(page, token=sent["token"], fell_for_trap=form.was_filled_by_a_machine, ip=evidence.ip)
    if sender.verdict == Verdict.MACHINE:
        return _thank(page)
    if sender.verdict == Verdict.HASTY:
        raise Invalid("too_fast", _("That was very fast. Send it once more."))
    if sender.verdict == Verdict.CROWDED:
        answer = problem(LimitReached("too_many", _("Too many forms came from where you are. Try again in an hour.")))
        answer.headers["Retry-After"] = str(sender.wait_seconds)
        return answer
    if not form.is_valid():
        error = Invalid("invalid", _("Something is missing or wrong."))
        error.extra = {"errors": form.errors}
        raise error
    if take_request(page, sender.token, **form.request(), evidence=evidence):
        return _thank(page)
    raise Invalid("stale_token", _("This page lay open for a while. Ask for a new token and send it once more."))


def _read(request: HttpRequest) -> dict[str, Any]:
    """What a program sent, as the fields of the page: texts, and a list of topics."""
    try:
        if len(request.body) > LONGEST_BODY:
            raise ValueError
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Invalid("not_json", _("The body is not JSON.")) from error
    if not isinstance(sent, dict):
        raise Invalid("not_json", _("The body is not a JSON object."))
    names = ("email", "given_name", "phone", "company_website", "token")
    texts = {name: value if isinstance(value := sent.get(name), str) else "" for name in names}
    boxes = {name: value if isinstance(value := sent.get(name), list) else [] for name in ("topics", "texts")}
    return {**texts, **{name: [str(topic) for topic in ticked] for name, ticked in boxes.items()}}


def _thank(page: SignupForm) -> HttpResponse:
    words = _("A letter with one button is on its way to the address you typed. Press it, and you are in.")
    if page.offers_texts:
        words = f"{words} {_('If you ticked a box for texts: answer YES to the one that comes to your phone.')}"
    return JsonResponse({"state": "sent", "message": words})
