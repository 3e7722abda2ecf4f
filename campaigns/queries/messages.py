"""Messages, read: of one person, of one step, and those of which nobody knows whether they arrived."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message, Sequence
from contacts.models import Contact
from ecosystem.base.errors import NotFound

MOST_COUNTED = 1_000

# What opens a number of a sequence's page: its name, and how the messages behind it are found.
OUTCOMES: dict[str, dict[str, object]] = {
    "sent": {"state__in": ["accepted", "delivered", "complained"]},
    "skipped": {"state__in": ["skipped", "cancelled", "expired"]},
    "failed": {"state__in": ["failed", "bounced", "parked", "lost"]},
    "unknown": {"state": "unknown"},
    "clicked": {"clicked_at__isnull": False},
    "opened": {"opened_at__isnull": False},
    "delayed": {"delayed_at__isnull": False},
    "held": {"held_by__in": ["rule", "promise", "rhythm"]},
    "waiting": {"state__in": ["planned", "queued", "deferred"]},
}


def get_message(message_id: UUID) -> Message:
    """A message of this business; NotFound for anybody else's."""
    message = Message.objects.select_related("contact", "content_version", "sequence").filter(id=message_id).first()
    if message is None:
        raise NotFound("message_not_found", _("There is no such letter."))
    return message


def messages() -> QuerySet[Message]:
    """Every message, for lists that page by key."""
    return Message.objects.select_related("contact", "content_version", "sequence").filter(is_test=False)


def messages_of_contact(contact: Contact) -> QuerySet[Message]:
    """What was or will be sent to a person, the newest first."""
    return messages().filter(contact=contact).order_by("-id")


def messages_of_step(sequence: Sequence, step_key: UUID, *, outcome: str = "", reason: str = "") -> QuerySet[Message]:
    """The messages behind a number of a step: of one outcome (see OUTCOMES) and perhaps of one reason.

    Of a letter and those that took its place there is one.
    """
    found = messages().filter(sequence=sequence, step_key=step_key, is_replaced=False)
    if outcome:
        if outcome not in OUTCOMES:
            raise NotFound("outcome_unknown", _("There is no such number."))
        found = found.filter(**OUTCOMES[outcome])
    return found.filter(reason=reason) if reason else found


def unknown_messages() -> QuerySet[Message]:
    """Those of which nobody knows whether they arrived; somebody decides whether they go again."""
    return messages().filter(rare_state=Message.State.UNKNOWN, is_replaced=False)


def unknown_of(sequence: Sequence | None) -> QuerySet[Message]:
    """The unknown ones of a sequence, or (None) of none: confirmations, receipts, the house's own texts."""
    return unknown_messages().filter(sequence=sequence)


def count_unknown_of_none() -> int:
    """How many of no sequence wait for a decision, counted up to a thousand."""
    return unknown_of(None).order_by()[:MOST_COUNTED].count()


def find_unknown_message(sequence: Sequence | None, message_id: UUID) -> Message | None:
    """An unknown letter of a sequence (or of none), or None where it is decided already or not of it."""
    return unknown_of(sequence).filter(id=message_id).first()
