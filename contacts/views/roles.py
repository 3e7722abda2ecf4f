"""Making somebody an associate, vendor or partner, and ending it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts.queries.contacts import get_contact
from contacts.queries.person import get_role, get_role_to_end
from contacts.services.roles import assign_role, end_role, reopen_role
from contacts.views.surroundings import back_to, words_of
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError


@require_POST
@member_required(Action.EDIT_PEOPLE)
def role_assign(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Make a person something beside the ladder."""
    contact = get_contact(id)
    try:
        role = assign_role(request.POST.get("kind", ""), contact=contact, actor=request.membership, now=now())
    except DomainError as broken:
        messages.error(request, str(broken))
    else:
        names = {"name": contact.display_name, "kind": words_of(request)[role.kind].plural}
        messages.success(request, _("%(name)s is one of your %(kind)s.") % names)
    return redirect(back_to(request, reverse("contacts:contact_detail", kwargs={"slug": slug, "id": id})))


@require_POST
@member_required(Action.EDIT_PEOPLE)
def role_end(request: HttpRequest, slug: str, id: UUID, role_id: UUID) -> HttpResponse:
    """End what a person is beside the ladder; the toast takes it back, unless they are off the list themselves."""
    role = end_role(get_role_to_end(id, role_id), actor=request.membership, now=now())
    undo = reverse("contacts:role_reopen", kwargs={"slug": slug, "id": id, "role_id": role_id})
    names = {"name": role.contact.display_name, "kind": words_of(request)[role.kind].plural}
    sentence = _("%(name)s is no longer one of your %(kind)s.") % names
    messages.success(request, sentence, extra_tags="" if role.contact.deleted_at else f"undo:{undo}")
    return redirect(back_to(request, reverse("contacts:contact_detail", kwargs={"slug": slug, "id": id})))


@require_POST
@member_required(Action.EDIT_PEOPLE)
def role_reopen(request: HttpRequest, slug: str, id: UUID, role_id: UUID) -> HttpResponse:
    """Take the end of a role back."""
    contact = get_contact(id)
    role = reopen_role(get_role(contact, role_id), actor=request.membership, now=now())
    names = {"name": contact.display_name, "kind": words_of(request)[role.kind].plural}
    messages.success(request, _("%(name)s is one of your %(kind)s again.") % names)
    return redirect(back_to(request, reverse("contacts:contact_detail", kwargs={"slug": slug, "id": id})))
