"""People who leave while letters and texts go out, each written into the log of what was taken, where it happened."""

from pathlib import Path

from campaigns.models import Message, QueuedMessage
from contacts.services.consent import withdraw_consent
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.simulator.logs import AppendOnly

AT_ONCE = 6
LEFT, NOTHING = "left", "nothing"


def leave(business: Business, log: Path, *, is_forgotten: bool = False) -> int:
    """Let some people leave for whom something waits, those first for whom it is in hand; how many.

    Only once their word is committed it is written down, with the letters that are in a worker's hand by then: those
    may still go. `is_forgotten` plants the fault that the judge must find: it is written down, and nobody hears it.
    """
    written = AppendOnly(log)
    with business_scope(business):
        waiting = QueuedMessage.objects.filter(handed_at=None).order_by("claim_token", "due_at")
        ids = list(waiting.values_list("id", flat=True)[: 10 * AT_ONCE])
        found = Message.objects.filter(id__in=ids).exclude(message_class="transactional")
        messages = list(found.select_related("contact", "topic").order_by("-channel", "id")[:AT_ONCE])
    for message in messages:
        if not is_forgotten:
            with business_scope(business):
                withdraw_consent(message.contact, channel=message.channel, topic=message.topic, source="unsubscribe")
        reader = {"contact_id": message.contact_id, "channel": message.channel, "topic_id": message.topic_id}
        with business_scope(business):
            handed = QueuedMessage.objects.filter(handed_at__isnull=False).values_list("id", flat=True)
            in_hand = [str(one) for one in Message.objects.filter(**reader, id__in=handed).values_list("id", flat=True)]
        written.write(LEFT, *reader.values(), ",".join(in_hand) or NOTHING)
    return len(messages)
