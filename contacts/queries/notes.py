"""What the team wrote down about a person."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Note
from ecosystem.base.errors import NotFound

NEWEST = ("-id",)


def get_note(contact: Contact, note_id: UUID, *, is_deleted: bool | None = None) -> Note:
    """A note about this person; NotFound for every other id. `is_deleted` asks for one that is, or is not, away."""
    notes = Note.objects.filter(pk=note_id, contact=contact)
    if is_deleted is not None:
        notes = notes.filter(deleted_at__isnull=not is_deleted)
    found = notes.first()
    if found is None:
        raise NotFound("note_not_found", _("There is no such note."))
    return found


def notes_of(contact: Contact) -> QuerySet[Note]:
    """The notes about a person that are not away, to be paged by NEWEST."""
    return Note.objects.filter(contact=contact, deleted_at=None)
