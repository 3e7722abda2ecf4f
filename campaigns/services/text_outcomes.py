"""What a provider tells later of a text: that it went, that it arrived, that it could not."""

from datetime import datetime

from django.db import transaction

from campaigns.gateways.base import Refusal
from campaigns.gateways.sms_incoming import Report
from campaigns.models import Message
from campaigns.services.text_stops import stop_after_second_failure, stop_number
from contacts.models import Channel
from contacts.services.interactions import record_interaction
from ecosystem.base import clock
from ecosystem.services.tallies import count

State = Message.State
_OPEN = (State.ACCEPTED, State.UNKNOWN)


@transaction.atomic
def hear_report(report: Report, *, now: datetime | None = None) -> bool:
    """Write down what became of a text; whether that was news.

    What nobody knew is proved by it. Reports come in any order and more than once: the end that was heard first stays.
    """
    now = now or clock.now()
    message = Message.objects.select_for_update().filter(id=report.message_id, channel=Channel.SMS).first()
    if message is None or message.state not in _OPEN:
        return False
    if not report.is_failed and not report.is_delivered and message.state == State.ACCEPTED:
        return False
    was_unknown = message.state == State.UNKNOWN
    message.reason = ""
    if report.is_failed:
        gone = report.refusal == Refusal.NO_SUCH_ADDRESS
        message.state = State.BOUNCED if gone else State.FAILED
        message.reason = "opted_out" if report.refusal == Refusal.OPTED_OUT else f"{report.code} reported".strip()
    else:
        message.state = State.DELIVERED if report.is_delivered else State.ACCEPTED
        message.accepted_at = message.accepted_at or now
    message.save(update_fields=["state", "reason", "accepted_at", "updated_at"])
    _count(message, was_unknown=was_unknown, is_failed=report.is_failed)
    if was_unknown and not report.is_failed:
        _tell(message)
    if report.refusal == Refusal.OPTED_OUT:
        stop_number(message.address, source="provider", now=now)
    elif report.refusal == Refusal.NO_SUCH_ADDRESS:
        stop_after_second_failure(message.address)
    return True


def _count(message: Message, *, was_unknown: bool, is_failed: bool) -> None:
    """Keep the numbers of the step equal to what stands in the record."""
    if message.sequence_id is None or message.is_test or (not was_unknown and not is_failed):
        return
    step = f"{message.sequence_id}:{message.step_key}"
    count("step.unknown" if was_unknown else "step.sent", step, -1)
    count("step.failed" if is_failed else "step.sent", step)


def _tell(message: Message) -> None:
    """A text that was proved to have gone stands in the timeline like any other."""
    if message.contact is None or message.is_test:
        return
    record_interaction(
        message.contact,
        kind="message_sent",
        channel=Channel.SMS,
        direction="out",
        occurred_at=message.accepted_at or clock.now(),
        source="campaigns.message",
        external_id=str(message.id),
        object_id=message.id,
    )
