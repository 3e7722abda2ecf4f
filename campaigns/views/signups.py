"""The opt-in pages of a business, as its team makes them."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.signups import SignupPageForm
from campaigns.models import SignupForm
from campaigns.queries.signups import boxes_of, form_rows, get_signup_form, missing_for_publishing
from campaigns.services.signup_forms import (
    add_signup_form,
    close_signup_form,
    edit_signup_form,
    publish_signup_form,
)
from campaigns.services.text_signups import text_boxes
from campaigns.views.public_signups import public_form
from contacts.queries.topics import open_topics
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.errors import DomainError
from ecosystem.manners import manners_of
from ecosystem.queries.businesses import get_profile


@require_safe
@member_required(Action.SEE_PERMISSIONS)
def signup_form_list(request: HttpRequest, slug: str) -> HttpResponse:
    context = {"rows": form_rows(), "has_topics": bool(open_topics())}
    return render(request, "campaigns/signups/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SIGNUP_FORMS)
def signup_form_add(request: HttpRequest, slug: str) -> HttpResponse:
    form = SignupPageForm(request.POST or None, topics=open_topics())
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"]
        page = add_signup_form(form.words(), boxes=form.offered(), form_id=key, actor=request.membership)
        messages.success(request, _("Kept as a draft. Look at it, then publish it."))
        return redirect("campaigns:signup_form_edit", slug=slug, id=page.id)
    return render(request, "campaigns/signups/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SIGNUP_FORMS)
def signup_form_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    page = get_signup_form(id)
    boxes, profile = boxes_of(page), get_profile()
    request.business_profile = profile
    form = SignupPageForm(request.POST or None, topics=open_topics(), form=page, boxes=boxes)
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            edit_signup_form(page, form.words(), boxes=form.offered(), version=version, actor=request.membership)
        except DomainError as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("campaigns:signup_form_edit", slug=slug, id=id)
    context = {
        "form": form,
        "page": page,
        "missing": missing_for_publishing(page, profile, boxes),
        "public_url": _public_url(slug, page),
        "has_text_boxes": bool(text_boxes(page, boxes)),
    }
    return render(request, "campaigns/signups/form.html", context, status=422 if form.errors else 200)


@require_safe
@member_required(Action.SEE_PERMISSIONS)
def signup_form_preview(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The page as visitors see it, before anybody does; its boxes are as empty as theirs."""
    page = get_signup_form(id)
    form = public_form(page, boxes=boxes_of(page))
    may_edit = may(request.membership, Action.EDIT_SIGNUP_FORMS)
    context = {
        "page": page,
        "form": form,
        "profile": get_profile(),
        "is_preview": True,
        "back_url": reverse("campaigns:signup_form_edit", kwargs={"slug": slug, "id": id})
        if may_edit
        else reverse("campaigns:signup_form_list", kwargs={"slug": slug}),
        "back_label": _("Back to writing") if may_edit else _("Back to the pages"),
    }
    with translation.override(manners_of(request.business.pk).customer_tongue):
        return render(request, "campaigns/public/join.html", context)


@require_POST
@member_required(Action.EDIT_SIGNUP_FORMS)
def signup_form_publish(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    page = get_signup_form(id)
    try:
        page = publish_signup_form(page, actor=request.membership)
    except DomainError as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("Live now at %(url)s") % {"url": _public_url(slug, page)})
    return redirect("campaigns:signup_form_edit", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_SIGNUP_FORMS)
def signup_form_close(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    close_signup_form(get_signup_form(id), actor=request.membership)
    messages.success(request, _("Taken offline. Who has asked already can still confirm."))
    return redirect("campaigns:signup_form_edit", slug=slug, id=id)


def _public_url(slug: str, page: SignupForm) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse("public:join", kwargs={"slug": slug, "form": page.slug})
