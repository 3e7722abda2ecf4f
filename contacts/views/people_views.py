"""Views: filters of the list of everyone that somebody keeps under a name."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.forms.people_filter import FilterNotUnderstood, read_filter
from contacts.forms.people_views import EditViewForm, KeepViewForm
from contacts.models import PeopleView
from contacts.queries.people_filter import PeopleFilter
from contacts.queries.people_views import get_people_view
from contacts.services.people_views import delete_view, edit_view, keep_view, may_change_view, restore_view
from contacts.views.people_filters import address_of, refuse_hidden, sent_filter
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, Invalid, NotAllowed
from ecosystem.base.http import takes


@require_POST
@member_required(Action.KEEP_VIEWS)
def people_view_keep(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filter that was sent, and show it."""
    wanted = _sent(request)
    form = KeepViewForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            view = keep_view(
                wanted,
                name=given["name"],
                for_team=given["for_team"],
                view_id=given["key"],
                actor=request.membership,
                now=now(),
            )
        except NotAllowed:
            raise
        except DomainError as broken:
            form.add_error(broken.field if broken.field in form.fields else None, str(broken))
        else:
            messages.success(request, _("“%(name)s” stands above the list from now on.") % {"name": view.name})
            return redirect(_list_at(slug, view))
    back = reverse("contacts:contact_list", kwargs={"slug": slug}) + address_of(wanted)
    context = {"form": form, "sent": sent_filter(request.POST), "back": back}
    return render(request, "contacts/people_views/keep.html", context, status=422)


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes()
def people_view_open(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Lead to the list as the view narrows it today: an address to hand on, which a new name does not break."""
    return redirect(_list_at(slug, get_people_view(id, member=request.membership)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.KEEP_VIEWS)
@takes()
def people_view_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Call a view otherwise, share it, or take it away."""
    view = get_people_view(id, member=request.membership)
    _refuse_stranger(request, view)
    initial = {"name": view.name, "for_team": view.member_id is None, "version": view.version}
    form = EditViewForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            view = edit_view(view, **form.cleaned_data, actor=request.membership)
        except NotAllowed:
            raise
        except DomainError as broken:
            form.add_error(broken.field or None, str(broken))
            _take_newest(form, get_people_view(id, member=request.membership).version)
        else:
            messages.success(request, _("Saved."))
            return redirect(_list_at(slug, view))
    context = {"form": form, "view": view, "back": _list_at(slug, view)}
    return render(request, "contacts/people_views/edit.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.KEEP_VIEWS)
def people_view_delete(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take a view away; the toast brings it back."""
    view = get_people_view(id, member=request.membership)
    delete_view(view, actor=request.membership, now=now())
    undo = reverse("contacts:people_view_restore", kwargs={"slug": slug, "id": id})
    messages.success(request, _("The view “%(name)s” is gone.") % {"name": view.name}, extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_list", slug=slug)


@require_POST
@member_required(Action.KEEP_VIEWS)
def people_view_restore(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Bring a view back, and show it."""
    view = get_people_view(id, member=request.membership, is_deleted=True)
    restore_view(view, actor=request.membership)
    messages.success(request, _("The view “%(name)s” is back.") % {"name": view.name})
    return redirect(_list_at(slug, view))


def _sent(request: HttpRequest) -> PeopleFilter:
    """The filter that stands in the form; Invalid for one that the list would not show to this member."""
    try:
        wanted = read_filter(request.POST)
        refuse_hidden(request, wanted)
    except FilterNotUnderstood as broken:
        sentence = _("The filter was not understood. Clear it and choose again.")
        raise Invalid("filter_unknown", sentence, field=broken.name) from broken
    return wanted


def _refuse_stranger(request: HttpRequest, view: PeopleView) -> None:
    if not may_change_view(view, request.membership):
        sentence = _("Only who kept a view for the team may change it, or an owner or manager.")
        raise NotAllowed("view_of_another", sentence)


def _take_newest(form: EditViewForm, version: int) -> None:
    """Let what was typed be sent again, over what somebody else has said meanwhile."""
    form.data = form.data.copy()
    form.data["version"] = str(version)


def _list_at(slug: str, view: PeopleView) -> str:
    wanted = PeopleFilter.from_json(view.wanted)
    return reverse("contacts:contact_list", kwargs={"slug": slug}) + address_of(wanted)
