"""What the team writes down about a person."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Interaction, Note
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Conflict, Invalid, NotAllowed
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work

PURGE_QUEUE = "notes.purge"
SLICE = 500


@transaction.atomic
def add_note(contact: Contact, *, body: str, actor: Membership | None, now: datetime, key: str | None = None) -> Note:
    """Keep a note that only the team sees, as a line of the timeline with its words beside it.

    `key` names the form that was sent: a second click on it returns the first note. Feeds nobody.
    """
    if not body.strip():
        raise Invalid("note_empty", _("Write a word or two first."), field="body")
    line = NewInteraction(
        contact_id=contact.pk,
        kind="note",
        source="note",
        occurred_at=now,
        external_id=key,
        actor_id=actor.pk if actor else None,
    )
    if not record_interactions([line]):
        return Note.objects.get(interaction=Interaction.objects.get(source="note", external_id=key))
    return Note.objects.create(contact=contact, interaction_id=line.id, body=body.strip(), written_by=actor)


@transaction.atomic
def edit_note(note: Note, *, body: str, version: int, now: datetime) -> Note:
    """Write a note anew. Raises Conflict where somebody else has changed it since `version` was read."""
    if not body.strip():
        raise Invalid("note_empty", _("Write a word or two first."), field="body")
    held = _hold(note)
    if held.deleted_at is not None:
        raise Conflict("note_gone", _("Somebody took this note away meanwhile. What you typed is still here."), "body")
    if held.version != version:
        sentence = _("Meanwhile somebody wrote here: “%(theirs)s”. Save again to put yours in its place.")
        raise Conflict("stale_edit", sentence % {"theirs": held.body}, field="body")
    if held.body == body.strip():
        return held
    held.body, held.edited_at = body.strip(), now
    held.version += 1
    held.save(force_update=True)
    return held


@transaction.atomic
def delete_note(note: Note, *, now: datetime) -> bool:
    """Take a note away; it can be brought back for 30 days. False where it was taken away before."""
    held = _hold(note)
    if held.deleted_at is not None:
        return False
    held.deleted_at = now
    held.version += 1
    held.save(force_update=True)
    note_work(PURGE_QUEUE, now + timedelta(days=Note.KEPT_DAYS))
    return True


@transaction.atomic
def restore_note(note: Note) -> bool:
    """Bring a note back as it was. False where it is there."""
    held = _hold(note)
    if held.deleted_at is None:
        return False
    held.deleted_at = None
    held.version += 1
    held.save(force_update=True)
    return True


def work_purge(business_id: int, now: datetime) -> datetime | None:
    """Delete a slice of the notes that were taken away 30 days ago, and say when the next are due."""
    kept = timedelta(days=Note.KEPT_DAYS)
    with business_scope(business_id):
        gone = Note.objects.filter(deleted_at__lte=now - kept).order_by("deleted_at")
        Note.objects.filter(pk__in=list(gone.values_list("pk", flat=True)[:SLICE])).delete()
        waiting = Note.objects.filter(deleted_at__isnull=False).order_by("deleted_at")
        oldest = waiting.values_list("deleted_at", flat=True).first()
    return None if oldest is None else oldest + kept


def may_change(note: Note, member: Membership, *, edits_people: bool) -> bool:
    """Whether a member may change a note: their own, or, for those who may edit people, any."""
    return edits_people or (note.written_by_id is not None and note.written_by_id == member.pk)


def hold_note(note: Note, member: Membership, *, edits_people: bool) -> Note:
    """A note as it stands, held until the transaction ends, for a member who may change it; NotAllowed for others."""
    if not may_change(note, member, edits_people=edits_people):
        raise NotAllowed("note_of_another", _("Only who wrote a note may change it, and whoever may edit people."))
    return _hold(note)


def _hold(note: Note) -> Note:
    return Note.objects.select_for_update(no_key=True).get(pk=note.pk)
