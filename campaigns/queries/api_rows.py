"""Walks and letters as programs read them: named columns, never what a letter says or what was merged into it."""

from typing import Any
from uuid import UUID

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from campaigns.models import Enrollment, Message, MessageClaim, QueuedMessage, Sequence
from campaigns.models.messages import RARE_STATES
from contacts.models import Contact
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
    "paused_at",
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
    "address_shown",
    "state_now",
    "reason",
    "due_at",
    "accepted_at",
    "clicked_at",
    "created_at",
)
_IN_HAND = (Message.State.CLAIMED, Message.State.HANDED)


def enrollment_rows(sequence: Sequence) -> QuerySet[Enrollment, Any]:
    """The walks through a sequence, to be paged in ORDER."""
    return Enrollment.objects.filter(sequence=sequence).values_list(*WALK, named=True)


def get_enrollment_of(sequence: Sequence, enrollment_id: UUID) -> Enrollment:
    """A walk through this sequence; NotFound for every other id."""
    found = Enrollment.objects.filter(sequence=sequence, pk=enrollment_id).first()
    if found is None:
        raise NotFound("enrollment_not_found", _("There is no such walk."))
    return found


def walks_of(contact: Contact) -> QuerySet[Enrollment, Any]:
    """The walks of a person through all sequences, each with its sequence, to be paged in ORDER."""
    return Enrollment.objects.filter(contact=contact).select_related("sequence")


def get_walk_of(contact: Contact, enrollment_id: UUID) -> Enrollment:
    """A walk of this person; NotFound for every other id."""
    found: Enrollment | None = walks_of(contact).filter(pk=enrollment_id).first()
    if found is None:
        raise NotFound("enrollment_not_found", _("There is no such walk."))
    return found


def message_rows(*, state: str = "", with_addresses: bool = True, **wanted: Any) -> QuerySet[Message, Any]:
    """The letters of some contact, sequence or state, tests left out, to be paged in ORDER.

    `state_now` knows also what is in the hand of a worker at this moment. Without `with_addresses` no address is told.
    """
    letters = Message.objects.filter(is_test=False, **wanted)
    in_hand = QueuedMessage.objects.filter(claim_token__isnull=False)
    if state in _IN_HAND:
        claimed = [one for ids in MessageClaim.objects.values_list("message_ids", flat=True) for one in ids]
        held = in_hand.filter(id__in=claimed, handed_at__isnull=state == Message.State.CLAIMED)
        letters = letters.filter(id__in=list(held.values_list("id", flat=True)))
    elif state in RARE_STATES:
        letters = letters.filter(rare_state=state)
    elif state:
        letters = letters.filter(state=state)
    told = Case(When(handed_at__isnull=True, then=Value(Message.State.CLAIMED)), default=Value(Message.State.HANDED))
    by_worker = Subquery(in_hand.filter(id=OuterRef("pk")).annotate(told=told).values("told")[:1])
    address = F("address") if with_addresses else Value("")
    letters = letters.annotate(address_shown=address, state_now=Coalesce(by_worker, F("state")))
    letters = letters.annotate(subject=F("content_version__subject"))
    return letters.values_list(*LETTER, "subject", named=True)


def message_row(message_id: UUID, *, with_addresses: bool = True) -> Any:
    """One letter; NotFound for every other id."""
    found = message_rows(pk=message_id, with_addresses=with_addresses).first()
    if found is None:
        raise NotFound("message_not_found", _("There is no such letter."))
    return found
