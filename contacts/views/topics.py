"""The topics that people can say yes to."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts.forms.topics import TopicForm
from contacts.queries.topics import get_topic, topic_rows
from contacts.services.topics import add_topic, archive_topic, edit_topic, restore_topic
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes


@require_safe
@member_required(Action.SEE_PERMISSIONS)
@takes()
def topic_list(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "contacts/topics/list.html", {"rows": topic_rows()})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_TOPICS)
def topic_add(request: HttpRequest, slug: str) -> HttpResponse:
    form = TopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name not in ("version", "key")}
        try:
            topic = add_topic(**values, topic_id=form.cleaned_data["key"], actor=request.membership)
        except DomainError as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("“%(name)s” is ready. Put it on an opt-in page.") % {"name": topic.name})
            return redirect("contacts:topic_list", slug=slug)
    status = 422 if form.errors else 200
    return render(request, "contacts/topics/form.html", {"form": form, "topic": None}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_TOPICS)
def topic_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    topic = get_topic(id)
    form = TopicForm(request.POST or None, topic=topic)
    if request.method == "POST" and form.is_valid():
        try:
            edit_topic(topic, **form.cleaned_data, actor=request.membership)
        except DomainError as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:topic_list", slug=slug)
    status = 422 if form.errors else 200
    return render(request, "contacts/topics/form.html", {"form": form, "topic": topic}, status=status)


@require_POST
@member_required(Action.EDIT_TOPICS)
def topic_archive(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    topic = archive_topic(get_topic(id), actor=request.membership)
    undo = reverse("contacts:topic_restore", kwargs={"slug": slug, "id": id})
    messages.success(request, _("“%(name)s” is put away.") % {"name": topic.name}, extra_tags=f"undo:{undo}")
    return redirect("contacts:topic_list", slug=slug)


@require_POST
@member_required(Action.EDIT_TOPICS)
def topic_restore(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    topic = restore_topic(get_topic(id), actor=request.membership)
    messages.success(request, _("“%(name)s” is back.") % {"name": topic.name})
    return redirect("contacts:topic_list", slug=slug)
