"""What the team writes down about a person."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Interaction, Note
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.errors import Invalid
from ecosystem.models import Membership


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
