"""Trying a letter again that did not get through, from the timeline of its person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from campaigns.services.again import send_once_more
from contacts.queries.contacts import get_contact
from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict, NotAllowed


@require_POST
@member_required(Action.START_SEQUENCES)
def message_again(request: HttpRequest, slug: str, id: UUID, object_id: UUID) -> HttpResponse:
    """Send one letter once more, or say why it may not go. A second press changes nothing."""
    contact = get_contact(id)
    try:
        send_once_more(contact, object_id, actor=request.membership)
    except (Conflict, NotAllowed) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("It goes once more, as soon as their hours are open and your rules allow it."))
    return redirect("contacts:contact_detail", slug=slug, id=id)
