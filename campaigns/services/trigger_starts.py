"""Starting sequences for people because of what they did."""

from typing import Any
from uuid import UUID

from campaigns.models import Sequence
from campaigns.services.enrollments import enroll_contacts
from campaigns.triggers import SAID_YES
from ecosystem.services.outbox import enqueue

START_ON_YES = "campaigns.start_on_yes"
RUNNING = (Sequence.State.LIVE, Sequence.State.PAUSED)


def promise_start_on_yes(*, contact_id: UUID, topic_id: UUID) -> None:
    """Promise, together with the yes, that the sequences of its topic start for the person, if there are any."""
    if Sequence.objects.filter(topic_id=topic_id, trigger=SAID_YES, state__in=RUNNING).exists():
        enqueue(START_ON_YES, {"contact_id": str(contact_id), "topic_id": str(topic_id)})


def start_on_yes(payload: dict[str, Any]) -> None:
    """Start the running sequences of a topic for somebody who said yes to it. Done twice it changes nothing."""
    for sequence in Sequence.objects.filter(topic_id=payload["topic_id"], trigger=SAID_YES, state__in=RUNNING):
        enroll_contacts(sequence, [UUID(payload["contact_id"])], source=SAID_YES)
