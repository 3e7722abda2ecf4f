"""How often and at what hours people are written to: the rules of the business, and what counts for one person."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.quiet_hours import ChannelRuleForm, ContactZoneForm
from campaigns.queries.pressure import channel_rules_kept, pace_of
from campaigns.services.quiet_hours import set_channel_rule
from contacts.models import Channel, Contact
from contacts.queries.contacts import get_contact
from contacts.services.contacts import set_contact_zone
from ecosystem.base import clock
from ecosystem.base.access import Action, may, member_required

CHANNELS = (Channel.EMAIL, Channel.SMS)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_SETTINGS)
def channel_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for letters and one for texts; one is sent at a time."""
    kept = channel_rules_kept()
    asked = request.POST.get("channel") if request.method == "POST" else None
    if request.method == "POST" and asked not in CHANNELS:
        return redirect("campaigns:channel_rules", slug=slug)
    forms = {
        channel: ChannelRuleForm(
            request.POST if channel == asked else None,
            initial=ChannelRuleForm.initial_of(channel, kept.get(channel)),
            auto_id=f"{channel}_%s",
        )
        for channel in CHANNELS
    }
    if asked and forms[Channel(asked)].is_valid():
        set_channel_rule(asked, **forms[Channel(asked)].values(), actor=request.membership)
        messages.success(request, _("Saved. It counts for every letter from now on."))
        return redirect("campaigns:channel_rules", slug=slug)
    context = {"letters": forms[Channel.EMAIL], "texts": forms[Channel.SMS]}
    return render(request, "campaigns/pace/form.html", context, status=422 if asked else 200)


def pace_panel(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    """The card on a person's page: how much they were sent, what waits for its turn, and by which clock they live."""
    return {
        "contact": contact,
        "pace": pace_of(contact, now=clock.now()),
        "form": ContactZoneForm(initial={"zone": contact.timezone}, auto_id="pace_%s"),
        "may_edit": may(request.membership, Action.EDIT_PEOPLE),  # type: ignore[attr-defined]
    }


@require_POST
@member_required(Action.EDIT_PEOPLE)
def contact_zone(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Note by which clock somebody lives."""
    contact = get_contact(id)
    form = ContactZoneForm(request.POST)
    if form.is_valid():
        set_contact_zone(contact, form.cleaned_data["zone"], actor=request.membership, now=clock.now())
        messages.success(request, _("Noted. What waits for them keeps their hours from now on."))
    else:
        messages.error(request, _("There is no such time zone."))
    return redirect("contacts:contact_detail", slug=slug, id=id)
