"""The lines of one person's timeline as they are kept."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, Interaction, Note
from contacts.queries.merged import lines_of
from ecosystem.base.errors import NotFound

ORDER = ("-occurred_at", "-id")
SHOWN = (
    "id",
    "contact_id",
    "kind",
    "channel",
    "direction",
    "occurred_at",
    "source",
    "external_id",
    "value_minor",
    "currency",
    "created_at",
)


def interaction_rows(
    contact: Contact, *, with_words: bool = True, hidden: Collection[str] = ()
) -> QuerySet[Interaction, Any]:
    """The lines with the words written to them (None without `with_words`), to be paged in ORDER.

    Lines of `hidden` kinds are not there.
    """
    notes = Note.objects.filter(interaction=OuterRef("pk"), deleted_at=None).order_by("id").values("body")
    words = Subquery(notes[:1]) if with_words else Value(None, output_field=TextField(null=True))
    lines = Interaction.objects.filter(lines_of(contact)).annotate(note=words)
    if hidden:
        lines = lines.exclude(kind__in=hidden)
    return lines.values_list(*SHOWN, "note", named=True)


def get_interaction(contact: Contact, interaction_id: UUID) -> Interaction:
    """A line of this person's timeline; NotFound for every other id."""
    found = Interaction.objects.filter(lines_of(contact), pk=interaction_id).first()
    if found is None:
        raise NotFound("interaction_not_found", _("There is no such line in this person's timeline."))
    return found
