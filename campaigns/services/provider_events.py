"""What a provider told of our letters: taken in once, worked later, in whatever order it comes.

complained outweighs bounced, bounced outweighs delivered, delivered outweighs accepted. What is told of a letter that
is not known, or not yet written down as sent, waits seven days for it; a complaint or a lasting bounce stops the
address at once all the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.gateways.provider_events import ToldEvent
from campaigns.models import Message, ProviderAccount, ProviderEvent, QueuedMessage, TrackingEvent
from campaigns.services.standing import judge_standing
from campaigns.services.tracking import MACHINE_AGENTS
from contacts.models import Channel, Contact, ContactPoint, Interaction, Suppression
from contacts.services.interactions import NewInteraction, record_interactions
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.services.agenda import note_work
from ecosystem.services.heartbeat import doubt_business
from ecosystem.services.tallies import count

PROVIDER_EVENTS_QUEUE = "provider_events"
BATCH = 500
LOOK_AGAIN = timedelta(minutes=15)
WAITS_FOR_LETTER = timedelta(days=7)
KEPT = timedelta(days=30)

_WEIGHT = {"unknown": 0, "lost": 0, "accepted": 1, "delivered": 2, "bounced": 3, "complained": 4}
# What is told of none but a letter that has left.
_LEFT = frozenset({"accepted", "delivered", "opened", "bounced", "complained"})
_STOPS = {"bounced": Suppression.Reason.BOUNCED, "complained": Suppression.Reason.COMPLAINED}


def take_in_events(account: ProviderAccount, events: Sequence[ToldEvent], *, now: datetime) -> None:
    """Write down what was told, each event once; a worker does the rest."""
    ProviderEvent.objects.bulk_create(
        [
            ProviderEvent(
                account=account,
                event_id=event.event_id,
                kind=event.kind,
                named_message_id=event.message_id,
                address_hashes=",".join(address_hashes(account.channel, event.address)) if event.address else "",
                is_machine=any(name in event.user_agent.lower() for name in MACHINE_AGENTS),
                occurred_at=event.occurred_at or now,
                created_at=now,
                look_at=now,
            )
            for event in events
        ],
        ignore_conflicts=True,
    )
    if events:
        note_work(PROVIDER_EVENTS_QUEUE)


def work_provider_events(business_id: int, now: datetime) -> datetime | None:
    """Bring a batch of what was told to the letters it speaks of; when to look again, None where nothing waits."""
    with business_scope(business_id):
        old = ProviderEvent.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
        ProviderEvent.objects.filter(id__in=list(old.values_list("id", flat=True)[:BATCH])).delete()
        waiting = ProviderEvent.objects.filter(worked_at=None).order_by("look_at")
        events = list(waiting.filter(look_at__lte=now).select_related("account")[:BATCH])
        done = _work(events, now)
        _doubt_what_is_older([event for event in events if event.id not in set(done)])
        ProviderEvent.objects.filter(id__in=done).update(worked_at=now)
        if any(event.kind in _STOPS for event in events):
            judge_standing(now)
        left = [event.id for event in events if event.id not in set(done)]
        ProviderEvent.objects.filter(id__in=left).update(look_at=now + LOOK_AGAIN)
        return waiting.values_list("look_at", flat=True).first()


def _work(events: Sequence[ProviderEvent], now: datetime) -> list[UUID]:
    """The events that are over: brought to their letter, or in vain for seven days."""
    named = {event.named_message_id for event in events if event.named_message_id}
    messages = {m.id: m for m in Message.objects.filter(id__in=named).order_by("id").select_for_update(no_key=True)}
    # Told before our own worker wrote down that the letter has left: its word is waited for.
    open_ids = set(QueuedMessage.objects.filter(id__in=named).values_list("id", flat=True))
    done = []
    for event in sorted(events, key=lambda one: (one.occurred_at, one.id)):
        if event.kind in _STOPS and event.address_hashes:
            _stop(event.account.channel, event.address_hashes.split(","), event.kind)
        message = messages.get(event.named_message_id) if event.named_message_id else None
        if message is not None and message.id not in open_ids:
            _tell(message, event)
            done.append(event.id)
        elif event.created_at < now - WAITS_FOR_LETTER:
            done.append(event.id)
    return done


def _doubt_what_is_older(events: Sequence[ProviderEvent]) -> None:
    """Where a letter is told of that was never in anybody's hand here, our records are older than what has happened."""
    named = {event.named_message_id for event in events if event.kind in _LEFT and event.named_message_id}
    untouched = QueuedMessage.objects.filter(id__in=named, attempt=0, claim_token=None)
    ids = set(untouched.values_list("id", flat=True)) if named else set()
    since = [event.occurred_at for event in events if event.named_message_id in ids]
    if since:
        words = f"A provider tells of {len(ids)} letters that never left here."
        doubt_business(current_business_id(), since=min(since), evidence=words)


def _tell(message: Message, event: ProviderEvent) -> None:
    if event.kind in _STOPS and message.address:
        _stop(message.channel, address_hashes(message.channel, message.address), event.kind)
    if event.kind == "bounced":
        ContactPoint.objects.filter(kind="email", value_norm=message.address, bounced_at=None).update(
            bounced_at=event.occurred_at
        )
    if event.kind == "opened":
        TrackingEvent.objects.create(
            message=message,
            kind=TrackingEvent.Kind.OPENED,
            occurred_at=event.occurred_at,
            is_machine=event.is_machine,
            machine_reason="agent" if event.is_machine else "",
            decided_at=event.occurred_at,
        )
    if message.state not in _WEIGHT or event.kind == "soft_bounced":
        return
    # Who opens a letter has it, and what came back or was complained of has left.
    told = "delivered" if event.kind == "opened" else event.kind
    was = message.state
    if _WEIGHT[told] <= _WEIGHT[was]:
        return
    message.state = told
    if _WEIGHT[was] == 0:
        message.reason = ""
        message.accepted_at = message.accepted_at or event.occurred_at
        _prove(message, was)
    message.save(update_fields=["state", "reason", "accepted_at", "updated_at"])


def _prove(message: Message, was: str) -> None:
    """It was not known whether the letter left; now it is: in the numbers, and in the timeline once."""
    if message.is_test:
        return
    if message.sequence_id:
        key = f"{message.sequence_id}:{message.step_key}"
        if was == "unknown":
            count("step.unknown", key, -1)
        count("step.sent", key)
    contact_id, sent_at = message.contact_id, message.accepted_at
    if contact_id is not None and sent_at is not None and Contact.objects.filter(id=contact_id).exists():
        record_interactions(
            [
                NewInteraction(
                    contact_id=contact_id,
                    kind="message_sent",
                    source="campaigns.message",
                    external_id=str(message.id),
                    occurred_at=sent_at,
                    channel=Channel(message.channel),
                    direction=Interaction.Direction.OUT,
                    object_id=message.id,
                )
            ]
        )


def _stop(channel: str, hashes: Sequence[str], kind: str) -> None:
    suppress_address(channel=channel, hashes=hashes, topic=None, reason=_STOPS[kind])
