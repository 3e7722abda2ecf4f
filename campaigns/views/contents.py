"""Letters: written, looked at, tried out."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.contents import LetterForm
from campaigns.forms.texts import TextForm, TextTestForm
from campaigns.models import Content
from campaigns.queries.contents import contents_page, get_content, people_to_try, sequences_of
from campaigns.queries.texts import text_settings
from campaigns.rendering.merge_tags import MERGE_FIELDS
from campaigns.rendering.preview import frame_policy, sample_person
from campaigns.rendering.segments import is_toll_free
from campaigns.services.contents import (
    add_content,
    archive_content,
    edit_content,
    read_content,
    restore_content,
    send_test,
    send_text_test,
)
from campaigns.services.rendering import merge_of_contact
from campaigns.services.text_reports import read_text
from contacts.queries.contacts import get_contact
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict, DomainError
from ecosystem.base.http import takes
from ecosystem.queries.businesses import get_profile

SAMPLE = "sample"  # anything else that is no id stands for somebody of whom nothing is known


@require_safe
@member_required(Action.SEE_SEQUENCES)
@takes("cursor")
def content_list(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "campaigns/contents/list.html", {"page": contents_page(cursor=request.GET.get("cursor"))})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SEQUENCES)
def content_add(request: HttpRequest, slug: str) -> HttpResponse:
    form = LetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            content = add_content(form.words(), content_id=form.cleaned_data["key"], actor=request.membership)
        except DomainError as problem:
            _blame(form, problem)
        else:
            messages.success(request, _("Kept. Look at it before you send it."))
            return _to_letter(request, slug, content)
    return render(request, "campaigns/contents/form.html", _page(request, form), status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SEQUENCES)
def content_add_text(request: HttpRequest, slug: str) -> HttpResponse:
    form = TextForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key = form.cleaned_data["key"]
            content = add_content(form.words(), kind=Content.Kind.TEXT, content_id=key, actor=request.membership)
        except DomainError as problem:
            _blame(form, problem)
        else:
            messages.success(request, _("Kept. Look at it before you send it."))
            return _to_letter(request, slug, content)
    context = _page(request, form)
    return render(request, "campaigns/contents/text_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.SEE_SEQUENCES)
def content_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The letter in its editor; those who may not edit see it as it stands."""
    content = get_content(id)
    if request.method == "POST":
        return _save(request, slug, content)
    form = TextForm(content=content) if content.is_text else LetterForm(content=content)
    return render(request, _template_of(content), _page(request, form, content))


@member_required(Action.EDIT_SEQUENCES)
def _save(request: HttpRequest, slug: str, content: Content) -> HttpResponse:
    form = TextForm(request.POST) if content.is_text else LetterForm(request.POST)
    status, theirs = 422, None
    if form.is_valid():
        try:
            edit_content(content, form.words(), version=form.cleaned_data["version"] or 0, actor=request.membership)
        except Conflict as problem:
            status, theirs, form = 409, content, _on_top_of(content, request)
            form.add_error(None, str(problem))
        except DomainError as problem:
            _blame(form, problem)
        else:
            messages.success(request, _("Saved."))
            return _to_letter(request, slug, content)
    context = {**_page(request, form, content), "theirs": theirs}
    return render(request, _template_of(content), context, status=status)


@require_safe
@member_required(Action.SEE_SEQUENCES)
def content_preview(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The letter as a chosen person would get it, as HTML in a closed frame and as plain text."""
    content = get_content(id)
    person = request.GET.get("person", SAMPLE)
    as_text = _text_preview(content, person)
    if content.is_text:
        context = {"content": content, "people": people_to_try(), "person": person, **as_text}
        return render(request, "campaigns/contents/text_preview.html", context)
    report = read_content(content)
    context = {
        "content": content,
        "report": report,
        "copy": report.preview(_values_of(person)),
        "people": people_to_try(),
        "person": person,
        "is_phone": request.GET.get("width") == "phone",
        "sequence": request.GET.get("sequence", ""),
        **as_text,
    }
    return render(request, "campaigns/contents/preview.html", context)


@require_safe
@xframe_options_sameorigin
@member_required(Action.SEE_SEQUENCES)
def content_frame(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The bare mail, for the frame of the preview: nothing in it runs, loads or leads anywhere."""
    copy = read_content(get_content(id)).preview(_values_of(request.GET.get("person", SAMPLE)))
    if copy is None:
        return HttpResponse(status=404)
    return HttpResponse(copy.html, headers={"Content-Security-Policy": frame_policy(copy.html)})


@require_POST
@member_required(Action.SEND_TEST)
def content_test(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Send the letter to the one who asks, or its text to the number they give."""
    content = get_content(id)
    person = request.POST.get("person", SAMPLE)
    number = request.POST.get("number")
    try:
        if number is not None:
            message = send_text_test(content, number=number, to=request.membership, merge=_values_of(person))
        else:
            message = send_test(content, to=request.membership, merge=_values_of(person))
    except DomainError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("On its way to %(address)s.") % {"address": message.address})
    return redirect(reverse("campaigns:content_preview", kwargs={"slug": slug, "id": id}) + f"?person={person[:40]}")


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def content_archive(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    content = get_content(id)
    try:
        archive_content(content, actor=request.membership)
    except DomainError as problem:
        messages.error(request, str(problem))
        return redirect("campaigns:content_edit", slug=slug, id=id)
    undo = reverse("campaigns:content_restore", kwargs={"slug": slug, "id": id})
    messages.success(request, _("Put away: %(name)s") % {"name": content.name}, extra_tags=f"undo:{undo}")
    return redirect("campaigns:content_list", slug=slug)


@require_POST
@member_required(Action.EDIT_SEQUENCES)
def content_restore(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    content = restore_content(get_content(id), actor=request.membership)
    messages.success(request, _("Back in the list: %(name)s") % {"name": content.name})
    return redirect("campaigns:content_list", slug=slug)


def _template_of(content: Content) -> str:
    return "campaigns/contents/text_form.html" if content.is_text else "campaigns/contents/form.html"


def _text_preview(content: Content, person: str) -> dict[str, Any]:
    """What the pages of a preview show of a text; nothing where a letter is a letter alone."""
    if not content.is_text and not content.offers_both:
        return {}
    report, merge = read_text(content), _values_of(person)
    return {
        "text_report": report,
        "text_copy": report.copy(merge),
        "first_copy": report.copy(merge, is_first=True),
        "test_form": TextTestForm(),
    }


def _page(request: Any, form: LetterForm | TextForm, content: Content | None = None) -> dict[str, Any]:
    has_text = content is not None and (content.is_text or content.offers_both)
    profile = request.business_profile = get_profile()
    voice = text_settings(profile)
    return {
        "form": form,
        "content": content,
        "report": read_content(content, profile) if content and not content.is_text else None,
        "text_report": read_text(content) if content and has_text else None,
        "text_brand": voice.brand,
        "has_short_parts": is_toll_free(voice.number),
        "used_in": sequences_of([content.id]).get(content.id, []) if content else [],
        "fields": MERGE_FIELDS.values(),
        "sequence": _sequence_id(request),
    }


def _to_letter(request: HttpRequest, slug: str, content: Content) -> HttpResponse:
    url = reverse("campaigns:content_edit", kwargs={"slug": slug, "id": content.id})
    sequence = _sequence_id(request)
    return redirect(f"{url}?sequence={sequence}" if sequence else url)


def _sequence_id(request: HttpRequest) -> UUID | None:
    """The sequence that a letter is written for, to lead back to."""
    try:
        return UUID(request.GET.get("sequence", ""))
    except ValueError:
        return None


def _on_top_of(content: Content, request: HttpRequest) -> LetterForm | TextForm:
    """The same typed words, so that saving once more puts them over what is kept now."""
    typed = request.POST.copy()
    typed["version"] = str(content.version)
    form = TextForm(typed) if content.is_text else LetterForm(typed)
    form.is_valid()
    return form


def _blame(form: LetterForm | TextForm, problem: DomainError) -> None:
    form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))


def _values_of(person: str) -> dict[str, str]:
    """The values of the person to look at: an invented one, one of whom nothing is known, or one of ours."""
    if person == SAMPLE:
        return sample_person()
    try:
        return merge_of_contact(get_contact(UUID(person)))
    except ValueError:
        return {}
