"""Texts: what people answered, and who we are in them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.texts import TextSenderForm
from campaigns.queries.texts import get_incoming, has_text_account, incoming_page, reply_url, text_settings, undecided
from campaigns.services.incoming_texts import decide_text
from campaigns.services.text_senders import keep_text_sender
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes
from ecosystem.base.tenancy import current_business_id


@require_safe
@member_required(Action.SEE_PERMISSIONS)
@takes("cursor")
def text_list(request: HttpRequest, slug: str) -> HttpResponse:
    """What came in, the newest first, and before it what somebody has to decide about."""
    context = {
        "page": incoming_page(cursor=request.GET.get("cursor")),
        "undecided": list(undecided().select_related("contact")[:20]),
        "has_account": has_text_account(),
    }
    return render(request, "campaigns/texts/list.html", context)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def text_decide(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Say whether a text meant stop."""
    text, was_stop = get_incoming(id), request.POST.get("meant") == "stop"
    try:
        decided = decide_text(text, was_stop=was_stop, actor=request.membership)
    except DomainError as problem:
        messages.error(request, str(problem.message))
    else:
        stopped = _("No more texts go to %(number)s.") % {"number": decided.number}
        messages.success(request, stopped if decided.was_stop else _("Texts go on as they were."))
    return redirect("campaigns:text_list", slug=slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
def text_settings_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The name, the number and the links that texts need, and where the provider answers to."""
    form = TextSenderForm(request.POST or None, sender=text_settings().sender)
    if request.method == "POST" and form.is_valid():
        try:
            keep_text_sender(form.words(), actor=request.membership)
        except DomainError as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("campaigns:text_settings", slug=slug)
    context = {"form": form, "reply_url": reply_url(current_business_id()), "has_account": has_text_account()}
    return render(request, "campaigns/texts/settings.html", context, status=422 if form.errors else 200)
