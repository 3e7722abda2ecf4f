"""Pages of one person: looking, adding, editing, deleting, bringing back."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.forms.contacts import AddContactForm, EditContactForm
from contacts.forms.interactions import NoteForm, TalkForm
from contacts.forms.next_steps import NextStepForm
from contacts.forms.organizations import AffiliationForm
from contacts.forms.tags import TagForm
from contacts.models import Contact, Organization
from contacts.panels import CONTACT_PANELS, ContactPanel
from contacts.queries.contacts import get_contact
from contacts.queries.kinds import rungs_in_use, side_kinds_in_use
from contacts.queries.organizations import get_organization
from contacts.queries.person import PersonFacts, person_facts
from contacts.queries.timeline import Timeline, month_bounds, month_label, timeline_of
from contacts.services.contacts import (
    EmailTaken,
    StaleEdit,
    add_contact,
    delete_contact,
    details_of,
    edit_contact,
    restore_contact,
)
from contacts.services.next_steps import NONE_YET
from contacts.services.organizations import affiliate
from contacts.timeline_kinds import Shelf
from contacts.views.surroundings import hidden_kinds, today_of, words_of
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError, NotAllowed, NotFound
from ecosystem.base.http import takes
from ecosystem.queries.memberships import team


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor", "show", "month", "months")
def contact_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """One person: where they stand, everything between us, what they allow."""
    return person_page(request, get_contact(id))


def shelf_of(request: HttpRequest) -> str:
    """Which lines of the timeline are asked for; empty for all of them, also where there is no such shelf."""
    wanted = request.GET.get("show", "")
    return wanted if wanted in Shelf.values else ""


def month_of(request: HttpRequest) -> str:
    """Which month of the timeline is asked for; empty for none, also where that is no month."""
    wanted = request.GET.get("month", "")
    return wanted if month_bounds(wanted, timezone.get_current_timezone()) else ""


def timeline_lines(request: HttpRequest, contact: Contact) -> Timeline:
    """The lines of a person's timeline that an address asks for, as this member may see them."""
    return timeline_of(
        contact,
        cursor=request.GET.get("cursor"),
        words=words_of(request),
        zone=timezone.get_current_timezone(),
        now=now(),
        shelf=shelf_of(request),
        month=month_of(request),
        by_month="months" in request.GET,
        months_until=request.GET.get("months", ""),
        with_words=may(request.membership, Action.SEE_NOTES),
        hidden=hidden_kinds(request),
        sees=partial(may, request.membership),
    )


def person_page(request: HttpRequest, contact: Contact, status: int = 200, **forms: Any) -> HttpResponse:
    """The page of a person, with a form on it that could not be taken, if there is one."""
    moment = now()
    words = words_of(request)
    month = month_of(request)
    facts = person_facts(contact, words, today=today_of())
    context = {
        "contact": contact,
        "facts": facts,
        "timeline": timeline_lines(request, contact),
        "shelf": shelf_of(request),
        "month": month,
        "month_label": month_label(month, timezone.get_current_timezone()) if month else "",
        "shelves": Shelf.choices,
        "panels": [{"name": name, "title": panel.title} for name, panel in _panels(request)],
        "call_form": TalkForm(initial={"kind": "call", "occurred_at": moment}, auto_id="call_%s"),
        "visit_form": TalkForm(initial={"kind": "visit", "occurred_at": moment}, auto_id="visit_%s"),
        "note_form": NoteForm(auto_id="note_%s"),
        "next_step_form": _next_step_form(request, facts) if "next_step_form" not in forms else None,
        "tag_form": TagForm(auto_id="tag_%s"),
        "affiliation_form": AffiliationForm(auto_id="place_%s"),
        **forms,
    }
    return render(request, "contacts/contacts/detail.html", context, status=status)


@require_GET
@member_required(Action.SEE_PEOPLE)
def contact_panel(request: HttpRequest, slug: str, id: UUID, card: str) -> HttpResponse:
    """A card of a person's page: alone for htmx, on a page of its own for everybody else."""
    contact = get_contact(id)
    panel = dict(_panels(request)).get(card)
    if panel is None and card in CONTACT_PANELS:
        raise NotAllowed("may_not_see_card", _("Your role does not see this."))
    if panel is None:
        raise NotFound("no_such_card", _("There is no such card."))
    context = {"contact": contact, "card": panel, "panel": panel.load(request, contact)}
    return render(request, "contacts/contacts/_panel.html" if request.htmx else "contacts/contacts/panel.html", context)


@require_http_methods(["GET", "POST"])
@member_required(Action.EDIT_PEOPLE)
def contact_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a person, perhaps as one of an organization's people."""
    words = words_of(request)
    organization = _organization_of(request)
    form = AddContactForm(
        request.POST or None,
        team=list(team()),
        rungs=rungs_in_use(words),
        sides=side_kinds_in_use(words),
        initial=AddContactForm.initial_for(request.GET.get("kind", "")),
    )
    taken: EmailTaken | None = None
    if request.method == "POST" and form.is_valid():
        try:
            contact = _add(request, form, organization)
        except EmailTaken as known:
            taken = known
            form.add_error("email", str(known))
        except DomainError as broken:
            form.add_error(broken.field if broken.field in form.fields else None, str(broken))
        else:
            messages.success(request, _("%(name)s is one of your people now.") % {"name": contact.display_name})
            return redirect("contacts:contact_detail", slug=slug, id=contact.pk)
    context = {"form": form, "taken": taken, "organization": organization}
    return render(request, "contacts/contacts/add.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@member_required(Action.EDIT_PEOPLE)
def contact_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Edit a person; what somebody else saved meanwhile is shown beside what was typed."""
    contact = get_contact(id)
    initial = EditContactForm.initial_of(details_of(contact), contact.version)
    form = EditContactForm(request.POST or None, team=list(team()), initial=initial)
    taken: EmailTaken | None = None
    if request.method == "POST" and form.is_valid():
        try:
            edit_contact(
                contact,
                form.details(),
                version=form.cleaned_data["version"],
                before=form.before(),
                actor=request.membership,
                now=now(),
            )
        except StaleEdit as stale:
            form.show_conflict(stale)
        except EmailTaken as known:
            taken = known
            form.add_error("email", str(known))
        except DomainError as broken:
            form.add_error(broken.field if broken.field in form.fields else None, str(broken))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:contact_detail", slug=slug, id=id)
    context = {"form": form, "contact": contact, "taken": taken}
    return render(request, "contacts/contacts/edit.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def contact_delete(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take a person off every list; the toast brings them back."""
    contact = get_contact(id)
    delete_contact(contact, actor=request.membership, now=now())
    undo = reverse("contacts:contact_restore", kwargs={"slug": slug, "id": id})
    sentence = _("%(name)s is deleted.") % {"name": contact.display_name}
    messages.success(request, sentence, extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_list", slug=slug)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def contact_restore(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Bring a deleted person back."""
    contact = get_contact(id, is_deleted=True)
    restore_contact(contact, actor=request.membership, now=now())
    messages.success(request, _("%(name)s is back.") % {"name": contact.display_name})
    return redirect("contacts:contact_detail", slug=slug, id=id)


def _add(request: HttpRequest, form: AddContactForm, organization: Organization | None) -> Contact:
    contact = add_contact(
        form.details(),
        contact_id=form.cleaned_data["key"],
        stage=form.cleaned_data["stage"] or None,
        roles=form.cleaned_data["roles"],
        tags=form.cleaned_data["tags"],
        source=Contact.Source.STAFF,
        actor=request.membership,
        now=now(),
    )
    if organization is not None:
        affiliate(contact, organization)
    return contact


def _next_step_form(request: HttpRequest, facts: PersonFacts) -> NextStepForm | None:
    """The form for what is to be done next, filled with what stands there; only for those who may use it."""
    if not may(request.membership, Action.LOG_INTERACTION):
        return None
    step, today = facts.next_step, today_of()
    initial = {
        "what": step.what if step else "",
        "due_on": max(step.due_on, today) if step else today + timedelta(days=1),
        "assignee": str((step.assignee_id if step else request.membership.pk) or ""),
        "version": step.version if step else NONE_YET,
    }
    return NextStepForm(team=list(team()), today=today, initial=initial, auto_id="step_%s")


def _organization_of(request: HttpRequest) -> Organization | None:
    """The organization that the new person belongs to, if the address names one."""
    wanted = request.GET.get("organization", "")
    try:
        return get_organization(UUID(wanted)) if wanted else None
    except ValueError:
        return None


def _panels(request: HttpRequest) -> list[tuple[str, ContactPanel]]:
    """The cards that others lend, for those who may see them."""
    return [(name, panel) for name, panel in CONTACT_PANELS.items() if may(request.membership, panel.action)]
