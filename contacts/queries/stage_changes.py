"""The history of one person's place on the ladder."""

from typing import Any

from django.db.models import QuerySet

from contacts.models import Contact, StageChange

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
    return StageChange.objects.filter(contact=contact).values_list(*SHOWN, named=True)
