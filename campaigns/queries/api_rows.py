"""Walks and letters as programs read them: named columns, never what a letter says or what was merged into it."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Enrollment, Message, Sequence
from ecosystem.base.errors import NotFound

ORDER = ("-id",)
WALK = (
    "id",
    "sequence_id",
    "contact_id",
    "entry_key",
    "source",
    "state",
    "position",
    "due_at",
    "exit_reason",
    "ended_at",
    "created_at",
)
LETTER = (
    "id",
    "contact_id",
    "sequence_id",
    "enrollment_id",
    "step_key",
    "topic_id",
    "message_class",
    "channel",
    "address",
    "state",
    "reason",
    "due_at",
    "accepted_at",
    "clicked_at",
    "created_at",
)


def enrollment_rows(sequence: Sequence) -> QuerySet[Enrollment, Any]:
    """The walks through a sequence, to be paged in ORDER."""
    return Enrollment.objects.filter(sequence=sequence).values_list(*WALK, named=True)


def get_enrollment_of(sequence: Sequence, enrollment_id: UUID) -> Enrollment:
    """A walk through this sequence; NotFound for every other id."""
    found = Enrollment.objects.filter(sequence=sequence, pk=enrollment_id).first()
    if found is None:
        raise NotFound("enrollment_not_found", _("There is no such walk."))
    return found


def message_rows(**wanted: Any) -> QuerySet[Message, Any]:
    """The letters of some contact, sequence or state, tests left out, to be paged in ORDER."""
    letters = Message.objects.filter(is_test=False, **wanted).annotate(subject=F("content_version__subject"))
    return letters.values_list(*LETTER, "subject", named=True)


def message_row(message_id: UUID) -> Any:
    """One letter; NotFound for every other id."""
    found = message_rows(pk=message_id).first()
    if found is None:
        raise NotFound("message_not_found", _("There is no such letter."))
    return found
