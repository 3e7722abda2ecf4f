"""Putting words on people and taking them off."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts.forms.tags import TagForm
from contacts.queries.contacts import get_contact
from contacts.queries.tags import get_tag
from contacts.services.tags import tag_contact, untag_contact
from contacts.views.contacts import person_page
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError


@require_POST
@member_required(Action.EDIT_PEOPLE)
def tag_add(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Put words on a person."""
    contact = get_contact(id)
    form = TagForm(request.POST, auto_id="tag_%s")
    if form.is_valid():
        try:
            tag_contact(contact, form.cleaned_data["names"])
        except DomainError as broken:
            form.add_error("names", str(broken))
        else:
            return redirect("contacts:contact_detail", slug=slug, id=id)
    return person_page(request, contact, status=422, tag_form=form)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def tag_put(request: HttpRequest, slug: str, id: UUID, tag_id: UUID) -> HttpResponse:
    """Put a word back that was just taken off."""
    contact, tag = get_contact(id), get_tag(tag_id)
    tag_contact(contact, [tag.name])
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def tag_remove(request: HttpRequest, slug: str, id: UUID, tag_id: UUID) -> HttpResponse:
    """Take a word off a person; the toast puts it back."""
    contact, tag = get_contact(id), get_tag(tag_id)
    untag_contact(contact, tag)
    undo = reverse("contacts:tag_put", kwargs={"slug": slug, "id": id, "tag_id": tag_id})
    names = {"name": contact.display_name, "tag": tag.name}
    messages.success(request, _("Took “%(tag)s” off %(name)s.") % names, extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_detail", slug=slug, id=id)
