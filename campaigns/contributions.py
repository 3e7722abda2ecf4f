"""What the campaigns app lends to the floors below: its queues, its promised work, and what it can prove of itself."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import (  # noqa: F401 - add to registries
    acts,
    help_words,
    legal_starters,
    personal_tables,
    quota_words,
    settings_words,
    timeline,
)
from campaigns.models import Message, ProviderAccount
from campaigns.queries.enrollments import enrollments_of_contact
from campaigns.queries.sequence_pages import running_sequences
from campaigns.queries.undelivered import undelivered_to
from campaigns.services.absences import holding
from campaigns.services.account_suspensions import forget_suspensions
from campaigns.services.advancing import work_steps
from campaigns.services.delivery import work_delivery
from campaigns.services.delivery_lookups import LOOKUPS_QUEUE, work_lookups
from campaigns.services.enrollments import STEPS_QUEUE
from campaigns.services.held_letters import DECIDE_HELD, decide_held_further
from campaigns.services.incoming_texts import QUEUE as TEXTS_QUEUE
from campaigns.services.incoming_texts import work_undecided
from campaigns.services.mail_accounts import MAIL_TRIALS_QUEUE
from campaigns.services.mail_trials import work_mail_trials
from campaigns.services.messages import queue_of
from campaigns.services.proofs import letters_left_lying, lost_places, twins, untold_letters, wrong_counts
from campaigns.services.provider_events import PROVIDER_EVENTS_QUEUE, work_provider_events
from campaigns.services.quiet_hours import PLAN_CHANNEL_ANEW, plan_channel_anew
from campaigns.services.sender_domains import SENDER_DOMAINS_QUEUE, work_sender_domains
from campaigns.services.signup_purge import PURGE_QUEUE, work_purge
from campaigns.services.standing import standing_figures
from campaigns.services.tracking import CLICKS_QUEUE, work_clicks
from campaigns.services.trigger_starts import START_ON_YES, start_on_yes
from campaigns.today import settling_steps
from campaigns.views import customer_previews  # noqa: F401 - adds to a registry
from campaigns.views.permissions import permission_panel
from campaigns.views.quiet_hours import pace_panel
from contacts.models import Contact
from contacts.moving import MOVING
from contacts.panels import CONTACT_PANELS, ContactPanel
from contacts.timeline_kinds import TIMELINE_TROUBLES
from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue
from ecosystem.base.access import Action
from ecosystem.checklist import CHECKLIST
from ecosystem.closing import FAREWELLS
from ecosystem.finding import DEEDS, Deed
from ecosystem.invariants import INVARIANTS
from ecosystem.navigation import MENU, MenuGroup, MenuItem
from ecosystem.notices import NOTICES, NoticeKind, Pace
from ecosystem.open_doors import OPEN_DOORS, OpenDoor
from ecosystem.outbox import OUTBOX
from ecosystem.sealed import SEALED
from ecosystem.sending_figures import SENDING_FIGURES
from ecosystem.services.sealed import reseal_column
from ecosystem.ways_in import WAYS_IN, WayIn

# What may still be sent stays with the record it was meant for, which is closed: else it came beside the other one's.
MOVING.add("campaigns.Message", lambda letters: letters.filter(state__in=Message.OVER))
MOVING.add("campaigns.Enrollment", lambda walks: walks.exclude(state="active"))

AGENDA_QUEUES.add(STEPS_QUEUE, AgendaQueue(lane="sequence", work=holding(work_steps)))
AGENDA_QUEUES.add(CLICKS_QUEUE, AgendaQueue(lane="webhooks", work=work_clicks))
AGENDA_QUEUES.add(PROVIDER_EVENTS_QUEUE, AgendaQueue(lane="webhooks", work=work_provider_events))
# Texts wait in lanes of their own, worked by the same workers.
WORKED_IN = {"text": "sequence", "text_now": "transactional"}
for lane in Message.Lane.values:
    deliver_lane = holding(partial(work_delivery, lane))
    AGENDA_QUEUES.add(queue_of(lane), AgendaQueue(lane=WORKED_IN.get(lane, lane), work=deliver_lane))

AGENDA_QUEUES.add(LOOKUPS_QUEUE, AgendaQueue(lane="maintenance", work=work_lookups))
AGENDA_QUEUES.add(MAIL_TRIALS_QUEUE, AgendaQueue(lane="maintenance", work=work_mail_trials))
AGENDA_QUEUES.add(SENDER_DOMAINS_QUEUE, AgendaQueue(lane="maintenance", work=work_sender_domains))
AGENDA_QUEUES.add(TEXTS_QUEUE, AgendaQueue(lane="maintenance", work=work_undecided))
AGENDA_QUEUES.add(PURGE_QUEUE, AgendaQueue(lane="maintenance", work=work_purge))

SENDING_FIGURES.add("standing", standing_figures)
for column in ("sealed_secret", "sealed_old_secret", "sealed_address", "sealed_candidate"):
    SEALED.add(f"campaigns.ProviderAccount.{column}", partial(reseal_column, ProviderAccount, column))

OUTBOX.add(DECIDE_HELD, decide_held_further)
OUTBOX.add(START_ON_YES, start_on_yes)
OUTBOX.add(PLAN_CHANNEL_ANEW, plan_channel_anew)

INVARIANTS.add("counts_equal_recounts", wrong_counts)
INVARIANTS.add("no_letter_left_lying", letters_left_lying)
INVARIANTS.add("waiting_letters_stand_in_queue", lost_places)
INVARIANTS.add("no_twins", twins)
INVARIANTS.add("sent_letters_are_told", untold_letters)

NOTICES.add(
    "reply",
    NoticeKind(_("Somebody answered"), _("%(about)s answered by text"), "message-square-text", Pace.AT_ONCE),
)
NOTICES.add(
    "maybe_stop",
    NoticeKind(
        _("Somebody may have meant stop"),
        _("%(about)s may have meant stop. Decide within a day, or it counts as one"),
        "message-square-text",
        Pace.AT_ONCE,
    ),
)
FAREWELLS.add("suspensions", forget_suspensions)

DEEDS.add(
    "add_sequence", Deed(_("Begin a sequence"), "send", "campaigns:sequence_list", Action.EDIT_SEQUENCES), order=20
)
DEEDS.add("add_letter", Deed(_("Write a letter"), "mail", "campaigns:content_list", Action.EDIT_SEQUENCES), order=21)

MENU.add(
    "sequences",
    MenuItem(
        MenuGroup.FOLLOW,
        _("Sequences"),
        "send",
        "campaigns:sequence_list",
        Action.SEE_SEQUENCES,
        tab=_("Send"),
        key="s",
    ),
    order=20,
)
MENU.add(
    "letters",
    MenuItem(MenuGroup.FOLLOW, _("Letters"), "mail", "campaigns:content_list", Action.SEE_SEQUENCES),
    order=21,
)
MENU.add(
    "signup_forms",
    MenuItem(MenuGroup.FOLLOW, _("Opt-in pages"), "file-text", "campaigns:signup_form_list", Action.SEE_PERMISSIONS),
    order=22,
)
MENU.add(
    "topics",
    MenuItem(MenuGroup.FOLLOW, _("Topics"), "tag", "contacts:topic_list", Action.SEE_PERMISSIONS),
    order=23,
)
MENU.add(
    "texts",
    MenuItem(MenuGroup.FOLLOW, _("Texts"), "message-square-text", "campaigns:text_list", Action.SEE_PERMISSIONS),
    order=24,
)
MENU.add(
    "pace",
    MenuItem(MenuGroup.FOLLOW, _("Pace and quiet hours"), "clock", "campaigns:channel_rules", Action.EDIT_SETTINGS),
    order=25,
)
MENU.add(
    "mail_account",
    MenuItem(MenuGroup.FOLLOW, _("Mail provider"), "mail", "campaigns:mail_account", Action.EDIT_SETTINGS),
    order=28,
)
WAYS_IN.add(
    "opt_in",
    WayIn(
        _("Publish an opt-in page"),
        _("People put themselves on your list, and say what they want to hear."),
        "file-text",
        "campaigns:signup_form_add",
        Action.EDIT_SIGNUP_FORMS,
    ),
    order=30,
)
CONTACT_PANELS.add(
    "permission",
    ContactPanel("contacts/consent/_panel.html", permission_panel, Action.SEE_PERMISSIONS, _("What they allow")),
    order=10,
)


CONTACT_PANELS.add(
    "pace",
    ContactPanel(
        "campaigns/pace/_contact_panel.html", pace_panel, Action.SEE_PERMISSIONS, _("How often they hear from us")
    ),
    order=15,
)


def sequences_panel(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    """Which sequences a person walks, and which one could put them on."""
    walks = list(enrollments_of_contact(contact)[:5])
    walked = {walk.sequence_id for walk in walks}
    open_to_them = [sequence for sequence in running_sequences() if sequence.pk not in walked]
    return {"contact": contact, "walks": walks, "running": open_to_them}


CONTACT_PANELS.add(
    "sequences",
    ContactPanel("campaigns/sequences/_contact_panel.html", sequences_panel, Action.SEE_SEQUENCES, _("Following home")),
    order=20,
)
CHECKLIST.add("campaigns", settling_steps, order=20)
TIMELINE_TROUBLES.add("letters", undelivered_to)

OPEN_DOORS.add("p", OpenDoor("everybody", "see the public pages of a business and sign up there"))
OPEN_DOORS.add("c", OpenDoor("whoever holds the link", "confirm a yes"))
OPEN_DOORS.add("u", OpenDoor("whoever holds the link", "unsubscribe"))
OPEN_DOORS.add("prefs", OpenDoor("whoever holds the link", "see and change their own permissions"))
OPEN_DOORS.add("d", OpenDoor("whoever holds the link", "fetch the copy of their data, once"))
OPEN_DOORS.add("f", OpenDoor("whoever holds the link", "say for the second time that they want to be forgotten"))
OPEN_DOORS.add("l", OpenDoor("whoever holds the link", "be led to where a link of a letter points"))
OPEN_DOORS.add("o", OpenDoor("everybody", "fetch a picture; whoever holds the link tells that a letter was opened"))
OPEN_DOORS.add("t", OpenDoor("a provider that signs", "hand in a text or what became of one"))
OPEN_DOORS.add("e", OpenDoor("a provider that signs", "tell what became of letters"))
