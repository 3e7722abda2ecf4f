"""Pages of firms and other bodies, and who belongs to them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts.forms.organizations import AffiliationForm, EditOrganizationForm, OrganizationForm
from contacts.queries.contacts import get_contact
from contacts.queries.kinds import side_kinds_in_use
from contacts.queries.organizations import (
    get_affiliation_of,
    get_organization,
    organizations_page,
    people_of,
    roles_of_organization,
)
from contacts.queries.timeline import days_of_people
from contacts.services.organizations import (
    StaleOrganization,
    add_organization,
    delete_organization,
    edit_organization,
    end_affiliation,
    join_organization,
    organization_details,
    restore_organization,
)
from contacts.services.roles import assign_role
from contacts.views.contacts import person_page
from contacts.views.surroundings import back_to, hidden_kinds, words_of
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes
from ecosystem.queries.tallies import tally


@require_GET
@member_required(Action.SEE_PEOPLE)
@takes("cursor")
def organization_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Every organization by name."""
    words_of(request)
    lines, page = organizations_page(request.GET.get("cursor"))
    context = {"lines": lines, "page": page, "count": tally("organizations")}
    return render(request, "contacts/organizations/list.html", context)


@require_GET
@member_required(Action.SEE_PEOPLE)
def organization_detail(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """One organization with its people, what was between us, and what it is to us."""
    organization = get_organization(id)
    roles = roles_of_organization(organization)
    held = {role.kind for role in roles}
    people = people_of(organization)
    days = days_of_people(
        [place.contact for place in people],
        words=words_of(request),
        zone=timezone.get_current_timezone(),
        now=now(),
        with_words=may(request.membership, Action.SEE_NOTES),
        hidden=hidden_kinds(request),
    )
    context = {
        "organization": organization,
        "people": people,
        "days": days,
        "roles": roles,
        "kinds": list(dict.fromkeys(role.kind for role in roles)),
        "open_sides": [side for side in side_kinds_in_use(words_of(request)) if side.kind not in held],
    }
    return render(request, "contacts/organizations/detail.html", context)


@require_http_methods(["GET", "POST"])
@member_required(Action.EDIT_PEOPLE)
def organization_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Add an organization."""
    form = OrganizationForm(request.POST or None, people=[])
    if request.method == "POST" and form.is_valid():
        organization = add_organization(
            name=form.cleaned_data["name"],
            website=form.cleaned_data["website"],
            is_context=form.cleaned_data["is_context"],
            organization_id=form.cleaned_data["key"],
            actor=request.membership,
        )
        messages.success(request, _("%(name)s is on your list.") % {"name": organization.name})
        return redirect("contacts:organization_detail", slug=slug, id=organization.pk)
    return render(request, "contacts/organizations/add.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@member_required(Action.EDIT_PEOPLE)
def organization_edit(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Edit an organization and choose whom one talks to there."""
    organization = get_organization(id)
    people = [place.contact for place in people_of(organization)]
    initial = EditOrganizationForm.initial_of(organization_details(organization), organization.version)
    chief = organization.main_contact
    gone = chief if chief is not None and chief.deleted_at is not None else None
    form = EditOrganizationForm(request.POST or None, people=people, gone=gone, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            edit_organization(
                organization,
                name=form.cleaned_data["name"],
                website=form.cleaned_data["website"],
                is_context=form.cleaned_data["is_context"],
                main_contact=form.chosen_contact(),
                version=form.cleaned_data["version"],
                before=form.before(),
                now=now(),
            )
        except StaleOrganization as stale:
            form.show_conflict(stale)
        except DomainError as broken:
            form.add_error(broken.field if broken.field in form.fields else None, str(broken))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:organization_detail", slug=slug, id=id)
    context = {"form": form, "organization": organization}
    return render(request, "contacts/organizations/edit.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def organization_delete(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take an organization off the list; its people stay, and the toast brings it back."""
    organization = get_organization(id)
    try:
        delete_organization(organization, actor=request.membership, now=now())
    except DomainError as broken:
        messages.error(request, str(broken))
        return redirect("contacts:organization_detail", slug=slug, id=id)
    undo = reverse("contacts:organization_restore", kwargs={"slug": slug, "id": id})
    sentence = _("%(name)s is deleted.") % {"name": organization.name}
    messages.success(request, sentence, extra_tags=f"undo:{undo}")
    return redirect("contacts:organization_list", slug=slug)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def organization_restore(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Bring a deleted organization back."""
    organization = get_organization(id, is_deleted=True)
    restore_organization(organization, actor=request.membership, now=now())
    messages.success(request, _("%(name)s is back.") % {"name": organization.name})
    return redirect("contacts:organization_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def organization_role(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Make an organization a vendor, partner or associate, by its main contact."""
    organization = get_organization(id)
    try:
        role = assign_role(request.POST.get("kind", ""), organization=organization, actor=request.membership, now=now())
    except DomainError as broken:
        messages.error(request, str(broken))
    else:
        names = {"name": organization.name, "kind": words_of(request)[role.kind].plural}
        messages.success(request, _("%(name)s is one of your %(kind)s.") % names)
    return redirect("contacts:organization_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def affiliation_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Write down where a person belongs."""
    contact = get_contact(id)
    form = AffiliationForm(request.POST, auto_id="place_%s")
    if not form.is_valid():
        return person_page(request, contact, status=422, affiliation_form=form)
    join_organization(
        contact, form.cleaned_data["organization"], title=form.cleaned_data["title"], actor=request.membership
    )
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def affiliation_end(request: HttpRequest, slug: str, id: UUID, affiliation_id: UUID) -> HttpResponse:
    """Write down that a person belongs there no longer."""
    place = get_affiliation_of(get_contact(id), affiliation_id)
    try:
        end_affiliation(place, now=now())
    except DomainError as broken:
        messages.error(request, str(broken))
    return redirect(back_to(request, reverse("contacts:contact_detail", kwargs={"slug": slug, "id": id})))
