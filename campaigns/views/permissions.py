"""What the team does about one person's permission: ask, keep proof, take note of a no."""

import json
from dataclasses import asdict, astuple
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.forms.permissions import ConsentProofForm
from campaigns.queries.permission import CHANNELS, permissions_of
from campaigns.queries.texts import text_settings
from campaigns.services.signups import ask_for_consent
from campaigns.services.text_signups import disclosure_of
from contacts.models import Channel, Contact
from contacts.queries.consent_proofs import ProofLine, proof_lines
from contacts.queries.contacts import get_contact
from contacts.queries.topics import get_open_topic, get_topic
from contacts.services.consent import grant_consent, withdraw_consent
from contacts.services.preferred_channel import prefer_channel
from ecosystem.base import clock
from ecosystem.base.access import Action, may, member_required
from ecosystem.base.csv_lines import csv_line
from ecosystem.base.errors import DomainError
from ecosystem.fresh_login import fresh_login_required
from ecosystem.services.audit import record_act

STOPS = (
    (Channel.EMAIL, gettext_lazy("They want no letters at all")),
    (Channel.SMS, gettext_lazy("They want no texts at all")),
    (Channel.PHONE, gettext_lazy("They want no calls at all")),
    (Channel.POST, gettext_lazy("They want nothing by post at all")),
)


def permission_panel(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    """The card on a person's page: what they allow, and what can be done about it."""
    now = clock.now()
    allowed = permissions_of(contact, now=now)
    lines = allowed.lines
    return {
        "contact": contact,
        "lines": lines,
        "topics_told": allowed.topics_told,
        "unasked": allowed.unasked,
        "topics": allowed.topics,
        "may_edit": may(request.membership, Action.EDIT_PEOPLE),  # type: ignore[attr-defined]
        "stops": [(channel.value, words) for channel, words in STOPS if channel in allowed.stoppable],
        "has_choice": {line.channel for line in lines} >= {Channel.EMAIL, Channel.SMS},
        "rests_until": contact.paused_until if contact.paused_until and contact.paused_until > now else None,
        "may_export": may(request.membership, Action.EXPORT_PEOPLE),  # type: ignore[attr-defined]
    }


@require_POST
@member_required(Action.EDIT_PEOPLE)
def consent_ask(request: HttpRequest, slug: str, id: UUID, topic_id: UUID) -> HttpResponse:
    contact, topic = get_contact(id), get_open_topic(topic_id)
    try:
        ask_for_consent(contact, topic=topic, actor=request.membership)
    except DomainError as problem:
        messages.error(request, str(problem.message))
    else:
        words = {"name": contact.display_name, "topic": topic.name}
        messages.success(request, _("%(name)s gets one letter that asks for a yes to “%(topic)s”.") % words)
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.EDIT_PEOPLE)
def consent_grant(request: HttpRequest, slug: str, id: UUID, topic_id: UUID) -> HttpResponse:
    """Keep a yes that was given elsewhere, with its proof."""
    contact, topic = get_contact(id), get_open_topic(topic_id)
    channel = _channel(request.GET.get("channel", ""))
    is_for_texts = channel == Channel.SMS
    wording = disclosure_of(topic, text_settings()) if is_for_texts else ""
    form = ConsentProofForm(request.POST or None, today=timezone.localdate(), is_for_texts=is_for_texts)
    if request.method == "POST" and form.is_valid():
        try:
            given = {"wording": wording, **form.cleaned_data}
            grant_consent(contact, channel=channel, topic=topic, actor=request.membership, **given)
        except DomainError as problem:
            form.add_error(problem.field if problem.field in form.fields else None, str(problem.message))
        else:
            messages.success(request, _("Kept, with its proof."))
            return redirect("contacts:contact_detail", slug=slug, id=id)
    context = {"form": form, "contact": contact, "topic": topic, "wording": wording, "channel": channel}
    return render(request, "contacts/consent/proof.html", context, status=422 if form.errors else 200)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def consent_withdraw(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Take note that somebody said no to the team; without a topic, to everything on the channel."""
    contact = get_contact(id)
    topic = get_topic(_uuid(request.POST["topic"])) if request.POST.get("topic") else None
    channel = _channel(request.POST.get("channel", ""))
    withdraw_consent(contact, channel=channel, topic=topic, source="team", actor=request.membership)
    what = topic.name if topic else _("everything")
    words = {"name": contact.display_name, "topic": what}
    sentence = _("%(name)s gets no more letters: %(topic)s. It counts from this second.")
    if channel == Channel.SMS:
        sentence = _("%(name)s gets no more texts: %(topic)s. It counts from this second.")
    elif channel == Channel.PHONE:
        sentence = _("%(name)s wants no calls: %(topic)s. It counts from this second.")
    elif channel == Channel.POST:
        sentence = _("%(name)s wants nothing by post: %(topic)s. It counts from this second.")
    messages.success(request, sentence % words)
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EDIT_PEOPLE)
def channel_prefer(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Keep how somebody likes to hear from us where a message could go either way."""
    contact = get_contact(id)
    try:
        prefer_channel(contact, request.POST.get("prefers", "")[:10], actor=request.membership)
    except DomainError as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("Kept."))
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_POST
@member_required(Action.EXPORT_PEOPLE)
@fresh_login_required("contacts:contact_detail", keeps=("id",))
def consent_export(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """The proof of one person's permission as a file. Taking it out is written into the audit trail."""
    contact = get_contact(id)
    lines = proof_lines(contact)
    record_act("consent.exported", actor=request.membership, subject=contact, rows=len(lines))
    if request.POST.get("format") == "json":
        answer = HttpResponse(
            json.dumps({"permission": [asdict(line) for line in lines]}, ensure_ascii=False, indent=1),
            content_type="application/json",
        )
    else:
        table = [csv_line(ProofLine.names()), *(csv_line(astuple(line)) for line in lines)]
        answer = HttpResponse("\ufeff" + "".join(table), content_type="text/csv; charset=utf-8")
    ending = "json" if answer.headers["Content-Type"] == "application/json" else "csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="permission-{contact.id}.{ending}"'
    return answer


def _channel(text: str) -> Channel:
    """The channel that is named; letters where none is."""
    return Channel(text) if text in CHANNELS else Channel.EMAIL


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
