"""The links that letters lead to: confirm, leave, choose. A GET shows a page; only a POST changes anything.

No cookie, no sign-in, no redirect: whoever holds the signed token holds the mailbox it was sent to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Message, Signup
from campaigns.queries.own_hours import QUIET_FROM, QUIET_UNTIL
from campaigns.queries.preferences import find_message, hashes_of_message, preference_page
from campaigns.queries.pressure import RHYTHMS
from campaigns.queries.signups import find_signup, topics_of
from campaigns.services.form_times import Freshness, read_form_time, stamp_form, use_form_time
from campaigns.services.measuring import keep_unmeasured
from campaigns.services.own_hours import keep_quiet_hours
from campaigns.services.preferences import (
    RESTS,
    come_back,
    end_rest,
    keep_preferences,
    keep_rhythm,
    leave_by_message,
    rest,
    stop_everything,
    take_back,
)
from campaigns.services.signups import Confirmation, confirm_signup
from campaigns.services.tracking import is_in_trap, note_trap, note_visit
from campaigns.views.public_pages import closed_page, evidence_of, lost_page, private, public_page
from contacts.models import Channel, Topic
from contacts.queries.consent import is_suppressed
from ecosystem.base import clock
from ecosystem.base.links import CONFIRM, PREFERENCES, PURPOSES, UNSUBSCRIBE, BadLink, MessageSigner, read_link
from ecosystem.base.ratelimit import seconds_left, take
from ecosystem.base.tenancy import business_scope
from ecosystem.manners import manners_of
from ecosystem.models import Business

TRAP_SECONDS = 10
LinkView = Callable[..., HttpResponse]


@dataclass(frozen=True)
class OpenedLink:
    """A token that was read: its business, the row it names, and itself."""

    token: str
    business: Business
    row_id: UUID


def signed(purpose: str, *methods: str, even_closed: bool = False) -> Callable[[LinkView], Callable[..., HttpResponse]]:
    """A view behind a token of one purpose: the token is read, its business is entered, all else is a kind page."""

    def decorate(view: LinkView) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @require_http_methods(list(methods))
        @wraps(view)
        def opened(request: HttpRequest, token: str, **named: Any) -> HttpResponse:
            try:
                link = read_link(purpose, token, now=clock.now().timestamp())
                row_id = link.uuid
            except BadLink as error:
                return lost_page(request, is_expired=error.is_expired)
            business = Business.objects.filter(id=link.business_id).first()
            if business is None:
                return lost_page(request, is_expired=False)
            if business.state == Business.State.CLOSED and not even_closed:
                return closed_page(request)
            request.business = business  # type: ignore[attr-defined]
            with business_scope(business), translation.override(manners_of(business.pk).customer_tongue):
                return view(request, OpenedLink(token, business, row_id), **named)

        return opened

    return decorate


@signed(CONFIRM, "GET", "HEAD", "POST")
def confirm(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """The second yes: a page with one button, whose press makes the first one count."""
    signup = find_signup(link.row_id, now=clock.now())
    if signup is None:
        return lost_page(request, is_expired=True)
    if request.method == "POST" and not seconds_left(_trap_key(link.token)):
        done = confirm_signup(signup.id, evidence=evidence_of(request, page="confirm"))
        return lost_page(request, is_expired=True) if done is None else _welcome(request, link, done)
    if signup.state == Signup.State.CONFIRMED:
        return public_page(request, link.business, "campaigns/public/confirmed_before.html", {"signup": signup})
    context = {"signup": signup, "ticked": topics_of(signup), "token": link.token}
    return public_page(request, link.business, "campaigns/public/confirm.html", context)


@require_safe
def confirm_trap(request: HttpRequest, token: str) -> HttpResponse:
    """A link no person sees: who follows it follows every link, and presses no button that counts for 10 seconds."""
    take(_trap_key(token), 1, TRAP_SECONDS)
    return private(HttpResponse(status=204))


@signed(UNSUBSCRIBE, "GET", "HEAD", "POST", even_closed=True)
def unsubscribe(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Leaving by one tap: RFC 8058 for mail programs, a page with one button for people. Always 200."""
    message = find_message(link.row_id)
    if message is None and link.business.state == Business.State.CLOSED:
        return closed_page(request)
    topic = message.topic if message else None
    context: dict[str, Any] = {"topic": topic, "token": link.token, "preferences": _preferences_of(link, message)}
    # A mail program's one-click is asked for by a person and always counts; a button may be pressed by a scanner.
    if request.method != "POST" or (not _is_one_click(request) and is_in_a_trap(message)):
        _note_visit(message)
        is_out = message is not None and is_suppressed(message.channel, hashes_of_message(message), topic=topic)
        return public_page(request, link.business, "campaigns/public/leave.html", {**context, "is_out": is_out})
    had_said_yes: tuple[UUID, ...] = ()
    if message is not None:
        evidence = evidence_of(request, page="unsubscribe")
        had_said_yes = leave_by_message(message, evidence=evidence, now=clock.now())
    if _is_one_click(request):
        return private(HttpResponse("OK", content_type="text/plain"))
    if message is not None and had_said_yes and message.address:
        about = b"".join([message.id.bytes, *(topic_id.bytes for topic_id in had_said_yes)])
        context["undo"] = stamp_form(about)
    return public_page(request, link.business, "campaigns/public/left.html", context)


@signed(UNSUBSCRIBE, "GET", "HEAD", "POST")
def unsubscribe_undo(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """Taking a leaving back, from the page that said it and soon after: a new yes by the person."""
    message = find_message(link.row_id)
    topics: list[Topic] = []
    if request.method == "POST" and message is not None and not is_in_a_trap(message):
        proof = read_form_time(request.POST.get("proof", ""), now=clock.now().timestamp())
        is_theirs = proof.freshness == Freshness.GOOD and proof.about[:16] == message.id.bytes
        if is_theirs and use_form_time(proof):
            wanted = [UUID(bytes=proof.about[start : start + 16]) for start in range(16, len(proof.about), 16)]
            topics = come_back(message, wanted, evidence=evidence_of(request, page="undo"), now=clock.now())
    context = {"topics": topics, "preferences": _preferences_of(link, message), "token": link.token}
    return public_page(request, link.business, "campaigns/public/back.html", context)


@signed(PREFERENCES, "GET", "HEAD", "POST")
def preferences(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """What may be sent to somebody, in their own hands."""
    message = find_message(link.row_id)
    if message is None:
        return lost_page(request, is_expired=True)
    now = clock.now()
    context: dict[str, Any] = {}
    if request.method != "POST":
        _note_visit(message)
    elif not is_in_a_trap(message):
        evidence = evidence_of(request, page="preferences")
        if "rest" in request.POST:
            context["rested"] = rest(message, days=_days_of(request.POST["rest"]), now=now)
        elif "go_on" in request.POST:
            context["goes_on"] = end_rest(message, now=now)
        elif "rhythm" in request.POST:
            days = _rhythm_of(request.POST["rhythm"])
            context["has_rhythm"] = keep_rhythm(message, days=days, now=now)
        elif "quiet_from" in request.POST:
            context["has_hours"] = keep_quiet_hours(message, hours=_hours_of(request.POST), now=now)
        elif "measure" in request.POST:
            is_unmeasured = request.POST["measure"] != "again"
            if keep_unmeasured(message, is_unmeasured=is_unmeasured, now=now):
                context["measured"] = "again" if not is_unmeasured else "no"
        elif "stop" in request.POST:
            context |= {"has_stopped": True, "change": stop_everything(message, evidence=evidence, now=now)}
        elif "undo" in request.POST:
            undo = _opened_undo(request.POST["undo"], message)
            context["undone"] = take_back(message, undo, evidence=evidence, now=now)
        else:
            shown, chosen = request.POST.getlist("shown"), request.POST.getlist("on")
            context["change"] = keep_preferences(message, shown=shown, chosen=chosen, evidence=evidence, now=now)
    if "change" in context and context["change"].undo and message.channel == Channel.EMAIL and message.address:
        context["undo"] = stamp_form(message.id.bytes + context["change"].undo)
    context |= {"page": preference_page(message, now=now), "token": link.token}
    return public_page(request, link.business, "campaigns/public/preferences.html", context)


def _opened_undo(proof: str, message: Message) -> bytes:
    """What an Undo of this page takes back; nothing where a machine pressed it, or it was pressed before."""
    read = read_form_time(proof, now=clock.now().timestamp())
    is_theirs = read.freshness == Freshness.GOOD and read.about[:16] == message.id.bytes
    return read.about[16:] if is_theirs and use_form_time(read) else b""


def _days_of(text: str) -> int:
    """The days of a rest; what was not offered is the shortest."""
    return int(text) if text.isdecimal() and int(text[:4]) in RESTS else RESTS[0]


def _rhythm_of(text: str) -> int | None:
    """The days of a rhythm; what was not offered is as promised."""
    return next((days for days in RHYTHMS if str(days) == text), None)


def _hours_of(given: QueryDict) -> tuple[int, int] | None:
    """The hours of quiet that were chosen; none where one of them was not offered."""
    begins = next((minute for minute in QUIET_FROM if str(minute) == given.get("quiet_from")), None)
    ends = next((minute for minute in QUIET_UNTIL if str(minute) == given.get("quiet_until")), None)
    return None if begins is None or ends is None else (begins, ends)


@signed(UNSUBSCRIBE, "GET", "HEAD")
def unsubscribe_trap(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    return _trap(link)


@signed(PREFERENCES, "GET", "HEAD")
def preferences_trap(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    return _trap(link)


def _trap(link: OpenedLink) -> HttpResponse:
    """A link no person sees, on the pages that every letter leads to: what follows it is a machine."""
    message = find_message(link.row_id)
    if message is not None:
        note_trap(message, now=clock.now())
    return private(HttpResponse(status=204))


def is_in_a_trap(message: Message | None) -> bool:
    """Whether a machine was just caught at this letter: buttons count for nothing then."""
    return message is not None and is_in_trap(message, now=clock.now())


def _note_visit(message: Message | None) -> None:
    if message is not None:
        note_visit(message, now=clock.now())


def _welcome(request: HttpRequest, link: OpenedLink, done: Confirmation) -> HttpResponse:
    if not done.is_new:
        return public_page(request, link.business, "campaigns/public/confirmed_before.html", {"signup": done.signup})
    preferences = _preferences_of(link, done.receipt)
    context = {"signup": done.signup, "topics": done.topics, "preferences": preferences}
    return public_page(request, link.business, "campaigns/public/welcome.html", context)


def _preferences_of(link: OpenedLink, message: Message | None) -> str:
    """The preference token of the same message, while it works."""
    if message is None:
        return ""
    token = MessageSigner(link.business.pk).tokens(message.id).preferences
    longest = PURPOSES[PREFERENCES].max_age
    return token if longest is None or clock.now() - message.created_at < longest else ""


def _is_one_click(request: HttpRequest) -> bool:
    """Whether a mail program posted this. A body that cannot be read has left all the same."""
    try:
        return "page" not in request.POST
    except (MultiPartParserError, SuspiciousOperation):
        return True


def _trap_key(token: str) -> tuple[str, str]:
    return ("confirm_trap", token)
