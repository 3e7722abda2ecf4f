"""The privacy notice and the terms: written by the owner, read by everybody."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict, DomainError
from ecosystem.base.http import takes
from ecosystem.base.rich_text import page_html
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.legal_texts import LegalTextForm
from ecosystem.forms.posting import posted
from ecosystem.models import LegalText
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.legal_texts import find_legal_text, get_legal_text, starter_text
from ecosystem.services.legal_texts import publish_legal_text


@member_required(Action.EDIT_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def legal_text(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Write a text and publish it as the next version; `do=look` shows it first. Nothing typed is lost."""
    newest = find_legal_text(kind)
    first = newest.body if newest else starter_text(kind, request.business, get_profile())
    form = LegalTextForm(posted(request), initial={"body": first, "after": newest.number if newest else 0})
    context: dict[str, Any] = {"form": form, "newest": newest, "kind": LegalText.Kind(kind)}
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if request.POST.get("do") == "look":
            context["look"] = page_html(asked["body"])
            return render(request, "ecosystem/legal_texts/form.html", context)
        try:
            text = publish_legal_text(kind, asked["body"], after=asked["after"], actor=request.membership)
        except Conflict as error:
            theirs = find_legal_text(kind)
            typed = {"body": asked["body"], "after": theirs.number if theirs else 0}
            context |= {"form": LegalTextForm(typed), "stale": error, "newest": theirs, "theirs": theirs}
            return render(request, "ecosystem/legal_texts/form.html", context, status=409)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Version %(number)s is public.") % {"number": text.number})
            return redirect(f"ecosystem:{kind}", slug=slug)
    return render(request, "ecosystem/legal_texts/form.html", context, status=422 if form.is_bound else 200)


@require_safe
@takes()
def public_text(request: HttpRequest, slug: str, kind: str, number: int = 0) -> HttpResponse:
    """The text for everybody, the newest unless a number is given. Before the first one there is no such page."""
    text = get_legal_text(kind, number) if number else find_legal_text(kind)
    if text is None:
        raise Http404
    newest = find_legal_text(kind) if number else text
    context = {
        "text": text,
        "html": page_html(text.body),
        "kind": LegalText.Kind(kind),
        "newest": newest,
        "profile": get_profile(),
    }
    return render(request, "ecosystem/legal_texts/public.html", context)
