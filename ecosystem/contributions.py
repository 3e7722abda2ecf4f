"""What this app lends to its own pages: its menu entries and first steps."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from ecosystem import act_words, help_words, personal_tables, quota_words, settings_words  # noqa: F401 - add to registries
from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue
from ecosystem.base.access import Action
from ecosystem.checklist import CHECKLIST, SettlingFacts, SettlingStep
from ecosystem.invariants import INVARIANTS
from ecosystem.navigation import MENU, MenuGroup, MenuItem
from ecosystem.notices import NOTICES, NoticeKind, Pace
from ecosystem.open_doors import OPEN_DOORS, OpenDoor
from ecosystem.services import (  # noqa: F401 - sealed adds what is sealed
    api_key_days,
    audit_chain,
    closing,
    invariants,
    jobs,
    notices,
    outbox,
    quotas,
    sealed,
    tallies,
)

MENU.add(
    "today",
    MenuItem(MenuGroup.TOP, _("Today"), "sun", "ecosystem:today", Action.SEE_TODAY, tab=_("Today"), key="t"),
    order=0,
)
MENU.add(
    "core_message",
    MenuItem(MenuGroup.WORLD, _("Core message"), "heart-handshake", "ecosystem:core_message", Action.SEE_TODAY),
    order=90,
)
MENU.add(
    "kinds",
    MenuItem(MenuGroup.WORLD, _("Kinds of people"), "layers", "ecosystem:kind_list", Action.EDIT_SETTINGS),
    order=91,
)
MENU.add("team", MenuItem(MenuGroup.WORLD, _("Team"), "id-card", "ecosystem:team", Action.SEE_TEAM), order=92)
MENU.add(
    "settings",
    MenuItem(MenuGroup.WORLD, _("Settings"), "settings", "ecosystem:settings", Action.SEE_TODAY),
    order=93,
)
MENU.add(
    "sending",
    MenuItem(MenuGroup.FOLLOW, _("Sending"), "pause", "ecosystem:sending", Action.EDIT_SETTINGS),
    order=29,
)
MENU.add(
    "api_keys",
    MenuItem(MenuGroup.WORLD, _("Keys for programs"), "key-round", "ecosystem:api_key_list", Action.MANAGE_KEYS),
    order=94,
)


def settling_steps(facts: SettlingFacts) -> Sequence[SettlingStep]:
    """What a business says of itself before it writes to anybody."""
    profile = facts.profile
    return [
        SettlingStep(
            _("Name your core message"),
            bool(profile.core_message),
            "ecosystem:core_message_edit",
            Action.EDIT_SETTINGS,
        ),
        SettlingStep(
            _("Say who your letters come from"),
            bool(profile.sender_email and profile.postal_address),
            "ecosystem:profile",
            Action.EDIT_SETTINGS,
        ),
    ]


CHECKLIST.add("ecosystem", settling_steps, order=0)

OPEN_DOORS.add("", OpenDoor("everybody", "see what this is, or go to their business"))
OPEN_DOORS.add("accounts", OpenDoor("everybody", "sign up, in and out, and see to their own login"))
OPEN_DOORS.add("businesses", OpenDoor("whoever is signed in", "choose one of their businesses"))
OPEN_DOORS.add("start", OpenDoor("whoever is signed in", "set up a business of their own"))
OPEN_DOORS.add("me", OpenDoor("whoever is signed in", "change what belongs to their own login"))
OPEN_DOORS.add("invitations", OpenDoor("whoever holds the link", "look at an invitation; joining needs its address"))
OPEN_DOORS.add("api", OpenDoor("everybody", "read how the API is used; every call of it needs a key"))
OPEN_DOORS.add("healthz", OpenDoor("everybody", "ask whether this process lives"))
OPEN_DOORS.add("readyz", OpenDoor("everybody", "ask whether it can work"))
OPEN_DOORS.add("metrics", OpenDoor("whom the operator lets through", "read counters without a name in them"))
OPEN_DOORS.add("dev", OpenDoor("everybody on this machine", "read the mails and texts of a trial installation"))

AGENDA_QUEUES.add(outbox.QUEUE, AgendaQueue(lane="maintenance", work=outbox.work_outbox))
AGENDA_QUEUES.add(audit_chain.QUEUE, AgendaQueue(lane="maintenance", work=audit_chain.work_audit_chain))
AGENDA_QUEUES.add(notices.QUEUE, AgendaQueue(lane="maintenance", work=notices.work_notices))
AGENDA_QUEUES.add(jobs.QUEUE, AgendaQueue(lane="import", work=jobs.work_jobs))
AGENDA_QUEUES.add(tallies.QUEUE, AgendaQueue(lane="maintenance", work=tallies.work_tallies))
AGENDA_QUEUES.add(quotas.QUEUE, AgendaQueue(lane="maintenance", work=quotas.work_quotas))
AGENDA_QUEUES.add(api_key_days.QUEUE, AgendaQueue(lane="maintenance", work=api_key_days.work_api_keys))
NOTICES.add("job_ended", NoticeKind(_("Long work is over"), _("%(about)s"), "check", Pace.OFF))
NOTICES.add(
    "invitation_accepted",
    NoticeKind(_("Somebody accepted your invitation"), _("%(about)s joined the team"), "user-plus", Pace.DAILY),
)
# The owners get a letter of its own at once.
NOTICES.add(
    "sending_stopped",
    NoticeKind(_("Sending stopped by itself"), _("Nothing is sent for now: %(about)s"), "octagon-alert", Pace.OFF),
)
NOTICES.add(
    "api_key_ends",
    NoticeKind(
        _("A key for a program ends soon"), _("The key %(about)s ends within a week"), "key-round", Pace.AT_ONCE
    ),
)
NOTICES.add(
    "quota_near",
    NoticeKind(_("Something you use is nearly full"), _("Nearly full. %(about)s"), "triangle-alert", Pace.AT_ONCE),
)
NOTICES.add(
    "quota_full",
    NoticeKind(_("Something you use is full"), _("There is no more room. %(about)s"), "octagon-alert", Pace.AT_ONCE),
)
INVARIANTS.add("no_lease_left_lying", invariants.leases_left_lying)
