"""The history of one person's place on the ladder."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact, StageChange
from contacts.queries.merged import lines_of
from ecosystem.base.errors import NotFound

ORDER = ("-id",)
SHOWN = (
    "id",
    "contact_id",
    "from_stage",
    "to_stage",
    "actor_kind",
    "reason",
    "evidence_id",
    "undoes_id",
    "occurred_at",
)


def stage_change_rows(contact: Contact) -> QuerySet[StageChange, Any]:
    """The moves of a person, to be paged in ORDER."""
    return StageChange.objects.filter(lines_of(contact)).values_list(*SHOWN, named=True)


def get_stage_change(contact: Contact, change_id: UUID) -> StageChange:
    """A move of this person; NotFound for every other id."""
    found = StageChange.objects.filter(pk=change_id, contact=contact).first()
    if found is None:
        raise NotFound("change_not_found", _("There is no such move."))
    return found
