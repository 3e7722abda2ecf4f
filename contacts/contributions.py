"""What contacts lends to the pages of lower floors, and how the lines are told that it writes into timelines."""

from collections.abc import Callable
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts import acts, help_words, personal_tables, quota_words, settings_words  # noqa: F401 - add to registries
from contacts.finding import find_people
from contacts.models import IMPORT_UNDONE, MERGE_UNDONE, Act, Consent, DataRequest, Interaction, NextStep, StageChange
from contacts.queries.exports import exports_of_jobs
from contacts.queries.jobs import bulk_edits_of_jobs, imports_of_checks, imports_of_jobs
from contacts.queries.search_proof import words_differ
from contacts.services import exports
from contacts.services.bulk import BULK_JOB, work_bulk
from contacts.services.consent_proof import consent_states_differ
from contacts.services.data_requests import (
    ATTENTION_KEY,
    COPY_JOB,
    ERASURE_JOB,
    EXPIRY_QUEUE,
    work_copy,
    work_erasure,
    work_expiry,
)
from contacts.services.duplicates import SEARCH_JOB, work_search
from contacts.services.import_changes import ANSWER_JOB, work_answers
from contacts.services.import_checks import CHECK_JOB, work_check
from contacts.services.import_slices import work_import
from contacts.services.import_undo import UNDO_JOB, work_undo
from contacts.services.import_waiting import WAITING_JOB, work_waiting
from contacts.services.imports import IMPORT_JOB
from contacts.services.notes import PURGE_QUEUE, work_purge
from contacts.services.proofs import (
    facts_differ,
    kept_bytes_differ,
    names_beside_differ,
    people_counts_differ,
    rungs_differ,
)
from contacts.timeline_kinds import TIMELINE_KINDS, Fact, Scene, Shelf, Telling, TimelineKind, about
from contacts.today import PEOPLE_GAUGE, data_notice, permission_figures, settling_steps, who_waits
from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue
from ecosystem.attention import ATTENTION
from ecosystem.base.access import Action
from ecosystem.checklist import CHECKLIST
from ecosystem.closing import COPIES, Copy
from ecosystem.finding import DEEDS, FINDERS, Deed, Finder
from ecosystem.gauges import GAUGES, PERMISSIONS, WAITING
from ecosystem.invariants import INVARIANTS
from ecosystem.jobs import JOBS
from ecosystem.navigation import MENU, MenuGroup, MenuItem
from ecosystem.notices import JOB_PAGES, JobPage
from ecosystem.sealed import SEALED
from ecosystem.services.sealed import reseal_column
from ecosystem.ways_in import WAYS_IN, WayIn

MENU.add(
    "everyone",
    MenuItem(
        MenuGroup.PEOPLE, _("Everyone"), "users", "contacts:contact_list", Action.SEE_PEOPLE, tab=_("People"), key="p"
    ),
    order=10,
)
MENU.add(
    "ladder",
    MenuItem(
        MenuGroup.PEOPLE, _("Ladder"), "footprints", "contacts:ladder", Action.SEE_PEOPLE, tab=_("Ladder"), key="l"
    ),
    order=11,
)
MENU.add(
    "organizations",
    MenuItem(MenuGroup.PEOPLE, _("Organizations"), "building-2", "contacts:organization_list", Action.SEE_PEOPLE),
    order=12,
)

FINDERS.add("people", Finder(Action.SEE_PEOPLE, find_people))
DEEDS.add("add_person", Deed(_("Add a person"), "user-plus", "contacts:contact_add", Action.EDIT_PEOPLE), order=10)
DEEDS.add("bring_in", Deed(_("Bring in a list"), "upload", "contacts:import_list", Action.IMPORT_PEOPLE), order=11)
DEEDS.add(
    "add_organization",
    Deed(_("Add an organization"), "building-2", "contacts:organization_add", Action.EDIT_PEOPLE),
    order=12,
)

JOBS.add(IMPORT_JOB, work_import)
JOBS.add(CHECK_JOB, work_check)
JOBS.add(ANSWER_JOB, work_answers)
JOBS.add(UNDO_JOB, work_undo)
JOBS.add(WAITING_JOB, work_waiting)
JOBS.add(BULK_JOB, work_bulk)
JOBS.add(COPY_JOB, work_copy)
JOBS.add(ERASURE_JOB, work_erasure)
JOBS.add(SEARCH_JOB, work_search)
JOBS.add(exports.EXPORT_JOB, exports.work_export)
AGENDA_QUEUES.add(exports.EXPIRY_QUEUE, AgendaQueue(lane="maintenance", work=exports.work_expiry))
AGENDA_QUEUES.add(EXPIRY_QUEUE, AgendaQueue(lane="maintenance", work=work_expiry))
SEALED.add("contacts.DataRequest.sealed_copy", partial(reseal_column, DataRequest, "sealed_copy"))
ATTENTION.add(ATTENTION_KEY, data_notice)
JOB_PAGES.add(IMPORT_JOB, JobPage(_("Bringing in a list"), "contacts:import_detail", imports_of_jobs))
JOB_PAGES.add(CHECK_JOB, JobPage(_("Looking through a list"), "contacts:import_check", imports_of_checks))
JOB_PAGES.add(exports.EXPORT_JOB, JobPage(_("A file of your people"), "contacts:export_detail", exports_of_jobs))
JOB_PAGES.add(ANSWER_JOB, JobPage(_("Answering for a list"), "contacts:import_detail", imports_of_jobs))
JOB_PAGES.add(UNDO_JOB, JobPage(_("Taking a list back"), "contacts:import_detail", imports_of_jobs))
JOB_PAGES.add(WAITING_JOB, JobPage(_("Bringing in who waited"), "contacts:import_detail", imports_of_jobs))
JOB_PAGES.add(BULK_JOB, JobPage(_("Changing many people"), "contacts:bulk_edit_detail", bulk_edits_of_jobs))

WAYS_IN.add(
    "import",
    WayIn(
        _("Bring in a list"),
        _("From your old system, your till or your own table. Nobody is written to because of it."),
        "upload",
        "contacts:import_list",
        Action.IMPORT_PEOPLE,
    ),
    order=10,
)
WAYS_IN.add(
    "add",
    WayIn(
        _("Add one person"),
        _("Start with somebody you talked to today."),
        "user-plus",
        "contacts:contact_add",
        Action.EDIT_PEOPLE,
    ),
    order=20,
)

Tell = Callable[[Interaction, Scene, Fact], Telling]


def talk(with_name: Promise, without: Promise) -> Tell:
    """How something is told that one of the team did, and that nobody knows who did."""

    def tell(line: Interaction, scene: Scene, fact: Fact) -> Telling:
        return Telling(title=with_name % {"who": scene.who} if scene.who else without)

    return tell


def tell_stage_change(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Sam moved them from prospect to client`, with the reason where one was given."""
    from_stage, to_stage = line.params.get("from", ""), line.params.get("to", "")
    names = {"who": scene.who, "from": scene.label(from_stage), "to": scene.label(to_stage)}
    if not to_stage:
        title = gettext("Taken off the ladder again")
    elif line.params.get("undo"):
        title = gettext("Back to %(to)s, where they were") % names
    elif not from_stage:
        title = (gettext("%(who)s added them: %(to)s") if scene.who else gettext("Added: %(to)s")) % names
    elif scene.who:
        title = gettext("%(who)s moved them from %(from)s to %(to)s") % names
    else:
        title = gettext("Moved from %(from)s to %(to)s") % names
    reason = fact["reason"] if fact and from_stage and not line.params.get("undo") else ""
    return Telling(title=title, text=reason, kind=to_stage)


def tell_role_change(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Became a vendor`, `No longer a vendor`."""
    kind = line.params.get("kind", "")
    sentences = {
        "began": gettext("Became: %(kind)s"),
        "ended": gettext("No longer: %(kind)s"),
        "reopened": gettext("Again: %(kind)s"),
    }
    title = sentences.get(line.params.get("act", ""), sentences["began"]) % {"kind": scene.label(kind)}
    return Telling(title=title, kind=kind)


def tell_consent_change(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Said yes to “What is in season”`, with the way by which."""
    topic = (fact and fact["topic"]) or gettext("everything")
    sentences = {
        Act.REQUESTED: gettext("Was asked to confirm “%(topic)s”"),
        Act.GRANTED: gettext("Said yes to “%(topic)s”"),
        Act.CONFIRMED: gettext("Confirmed “%(topic)s”"),
        Act.WITHDRAWN: gettext("Said no to “%(topic)s”"),
        Act.IMPORTED: gettext("Said yes to “%(topic)s” before"),
    }
    if fact and fact["source"] == IMPORT_UNDONE:
        return Telling(title=gettext("Their yes to “%(topic)s” went with the list it came from") % {"topic": topic})
    if fact and fact["source"] == MERGE_UNDONE:
        return Telling(title=gettext("Their yes to “%(topic)s” went with the record it came from") % {"topic": topic})
    title = sentences.get(line.params.get("act", ""), sentences[Act.GRANTED]) % {"topic": topic}
    by = gettext("Written down by %(who)s") % {"who": scene.who} if scene.who else ""
    return Telling(title=title, text=by)


def tell_next_step(line: Interaction, scene: Scene, fact: Fact) -> Telling:
    """`Sam did what was next`, with what it was."""
    title = gettext("%(who)s did what was next") % {"who": scene.who} if scene.who else gettext("Did what was next")
    if fact and fact["outcome"] != NextStep.Outcome.DONE:
        return Telling(title=title, said=fact["what"], text=gettext("Taken back: it is still to be done"))
    return Telling(title=title, said=fact["what"] if fact else "")


_TALKS = [
    ("call", _("A call"), "phone", _("%(who)s called them"), _("A call")),
    ("visit", _("Came by"), "store", _("%(who)s talked with them at the counter"), _("Came by")),
    ("meeting", _("A meeting"), "calendar-days", _("%(who)s met them"), _("A meeting")),
    ("reply_from_us", _("We answered"), "message-square-text", _("%(who)s answered them"), _("We answered")),
    ("thanks", _("We said thank you"), "hand-heart", _("%(who)s said thank you"), _("We said thank you")),
    ("introduction", _("An introduction"), "handshake", _("%(who)s introduced them"), _("An introduction")),
    ("note", _("A note"), "pencil", _("%(who)s wrote a note"), _("A note")),
    ("import", _("Brought in with a list"), "upload", _("%(who)s brought in a list"), _("Came with a list")),
    ("purchase", _("Bought"), "shopping-bag", _("%(who)s sold them something"), _("Bought something")),
]
for _kind, _label, _icon, _with_name, _without in _TALKS:
    _shelf = {"note": Shelf.NOTES, "purchase": Shelf.PURCHASES, "import": Shelf.CHANGES}.get(_kind, Shelf.TALKS)
    TIMELINE_KINDS.add(_kind, TimelineKind(_label, _icon, talk(_with_name, _without), shelf=_shelf))
TIMELINE_KINDS.add(
    "stage_change",
    TimelineKind(_("Came to this rung"), "footprints", tell_stage_change, lambda: about(StageChange, reason="reason")),
)
TIMELINE_KINDS.add(
    "next_step_done",
    TimelineKind(
        _("A step done"), "circle-check", tell_next_step, lambda: about(NextStep, what="what", outcome="outcome")
    ),
)
TIMELINE_KINDS.add("role_change", TimelineKind(_("Role changed"), "id-card", tell_role_change))
TIMELINE_KINDS.add(
    "consent_change",
    TimelineKind(
        _("Said yes or no"),
        "shield-check",
        tell_consent_change,
        lambda: about(Consent, topic="topic__name", source="source"),
        takes=Action.SEE_PERMISSIONS,
    ),
)

COPIES.add("people", Copy(_("Everyone, with addresses, tags, rungs and what they allow"), "contacts:export_list"))
AGENDA_QUEUES.add(PURGE_QUEUE, AgendaQueue(lane="maintenance", work=work_purge))
GAUGES.add("contacts", PEOPLE_GAUGE)
WAITING.add("contacts", who_waits)
PERMISSIONS.add("contacts", permission_figures)
CHECKLIST.add("contacts", settling_steps, order=10)
INVARIANTS.add("permission_equals_ledger", consent_states_differ)
INVARIANTS.add("found_by_every_word", words_differ)
INVARIANTS.add("people_equal_recounts", people_counts_differ)
INVARIANTS.add("names_beside_equal_names", names_beside_differ)
INVARIANTS.add("files_equal_recounts", kept_bytes_differ)
INVARIANTS.add("rungs_equal_history", rungs_differ)
INVARIANTS.add("facts_equal_timelines", facts_differ)
