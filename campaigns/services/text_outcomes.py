"""What a provider tells later of a text: that it went, that it arrived, that it could not."""

import hashlib
from datetime import datetime

from campaigns.gateways.base import Refusal
from campaigns.gateways.sms_incoming import Report
from campaigns.models import Message, ProviderEvent, QueuedMessage
from campaigns.services.proving import OPTED_OUT, STATES, settle_message
from campaigns.services.text_stops import stop_after_second_failure, stop_number
from contacts.models import Channel
from ecosystem.base.addresses import address_hashes

Kind = ProviderEvent.Kind
# A provider that was told to stop has not sent the text either.
_STATES = {**STATES, Kind.UNSUBSCRIBED: Message.State.FAILED}


def event_of_report(report: Report, *, now: datetime) -> ProviderEvent:
    """A report as it is taken in: the same one again is the same event."""
    kind = _kind_of(report)
    texts = Message.objects.filter(id=report.message_id, channel=Channel.SMS)
    number = texts.values_list("address", flat=True).first()
    return ProviderEvent(
        event_id=hashlib.sha256(f"{kind}|{report.message_id}|{report.code}".encode()).hexdigest(),
        kind=kind,
        code=report.code,
        named_message_id=report.message_id,
        address_hashes=",".join(address_hashes(Channel.SMS, number)) if number else "",
        occurred_at=now,
        created_at=now,
        look_at=now,
    )


def hear_of_number(event: ProviderEvent, message: Message) -> None:
    """Who told the provider to stop is stopped here too: at once, also while the text is in hand, and once.

    Looked at again it stops nothing: they may have come back meanwhile.
    """
    is_first_look = event.look_at == event.created_at or not event.address_hashes
    if event.kind == Kind.UNSUBSCRIBED and message.address and is_first_look:
        stop_number(message.address, source="provider", now=event.occurred_at)


def settle_text(message: Message, place: QueuedMessage | None, event: ProviderEvent) -> None:
    """Bring a report to its text. The second text in a row to a number that is not in use stops the number."""
    reason = OPTED_OUT if event.kind == Kind.UNSUBSCRIBED else f"{event.code} reported".strip()
    failed = event.kind in (Kind.UNSUBSCRIBED, Kind.BOUNCED, Kind.REFUSED)
    told = _STATES[event.kind]
    settle_message(message, place, told, occurred_at=event.occurred_at, reason=reason if failed else "")
    if event.kind == Kind.BOUNCED:
        stop_after_second_failure(message.address)


def _kind_of(report: Report) -> Kind:
    if not report.is_failed:
        return Kind.DELIVERED if report.is_delivered else Kind.ACCEPTED
    if report.refusal == Refusal.OPTED_OUT:
        return Kind.UNSUBSCRIBED
    return Kind.BOUNCED if report.refusal == Refusal.NO_SUCH_ADDRESS else Kind.REFUSED
