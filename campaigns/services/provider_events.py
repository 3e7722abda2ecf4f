"""What a provider told of our letters and texts: taken in once, worked later, in whatever order it comes.

complained outweighs bounced, bounced outweighs delivered, delivered outweighs refused, refused outweighs accepted.
What is told of a letter that is not known, or not yet written down as sent, waits seven days for it; a complaint or a
lasting bounce stops the address at once all the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Q

from campaigns.gateways.event_proofs import confirm_subscription
from campaigns.gateways.provider_events import ToldEvent, ToldEvents
from campaigns.gateways.sms_incoming import Report
from campaigns.models import Message, ProviderAccount, ProviderEvent, QueuedMessage, TrackingEvent
from campaigns.queries.machines import machine_reason
from campaigns.services.address_stops import stop_as_told
from campaigns.services.proving import STATES, settle_delay, settle_message
from campaigns.services.second_tries import hold_places
from campaigns.services.soft_bounces import ARRIVED, hear_arrival, hear_soft_bounce, leave_to_lasting_bounce
from campaigns.services.standing import judge_standing
from campaigns.services.text_outcomes import event_of_report, hear_of_number, settle_text
from contacts.models import Channel, ContactPoint, Suppression
from ecosystem.base.addresses import address_hashes
from ecosystem.base.sealing import seal
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.services.agenda import note_work
from ecosystem.services.heartbeat import doubt_business

log = structlog.get_logger(__name__)

PROVIDER_EVENTS_QUEUE = "provider_events"
BATCH = 500
LOOK_AGAIN = timedelta(minutes=15)
# What is in hand is written down within a lease.
LOOK_SOON = timedelta(seconds=5)
WAITS_FOR_LETTER = timedelta(days=7)
KEPT = timedelta(days=30)

# What is told of none but a letter that has left.
_LEFT = frozenset({"accepted", "delivered", "opened", "bounced", "complained"})
_STOPS = {
    "bounced": Suppression.Reason.BOUNCED,
    "complained": Suppression.Reason.COMPLAINED,
    "unsubscribed": Suppression.Reason.UNSUBSCRIBED,
}
_QUEUED = frozenset({Message.State.QUEUED, Message.State.DEFERRED})
_JUDGED = frozenset({"bounced", "complained"})


def take_in(account: ProviderAccount, told: ToldEvents, *, now: datetime) -> None:
    """Write down what a request said: its events, and that Amazon waits for a word that they are welcome.

    The stream that asks first is the account's, and no other is believed from then on.
    """
    if told.confirm_url:
        account.sealed_secret = seal(told.topic.encode())
        account.confirm_url = told.confirm_url[:1000]
        account.save(update_fields=["sealed_secret", "confirm_url", "updated_at"])
        note_work(PROVIDER_EVENTS_QUEUE)
    elif not told.topic or account.sealed_secret is not None:
        take_in_events(account, told.events, now=now)


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
                is_machine=bool(event.user_agent and machine_reason(event.user_agent, ip=None, is_head=False)),
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


def take_in_report(report: Report, *, now: datetime) -> None:
    """Write down what was told of a text, once; a worker does the rest."""
    ProviderEvent.objects.bulk_create([event_of_report(report, now=now)], ignore_conflicts=True)
    note_work(PROVIDER_EVENTS_QUEUE)


def work_provider_events(business_id: int, now: datetime) -> datetime | None:
    """Bring a batch of what was told to the letters it speaks of; when to look again, None where nothing waits."""
    _confirm(business_id)
    with business_scope(business_id):
        old = ProviderEvent.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
        ProviderEvent.objects.filter(id__in=list(old.values_list("id", flat=True)[:BATCH])).delete()
        waiting = ProviderEvent.objects.filter(worked_at=None).order_by("look_at")
        events = list(waiting.filter(look_at__lte=now).select_related("account")[:BATCH])
        done = _work(events, now)
        _doubt_what_is_older([event for event in events if event.id not in set(done)])
        ProviderEvent.objects.filter(id__in=done).update(worked_at=now)
        if any(event.kind in _JUDGED for event in events):
            judge_standing(now)
        left = [event for event in events if event.id not in set(done)]
        ProviderEvent.objects.filter(id__in=[event.id for event in left]).update(look_at=now + LOOK_AGAIN)
        in_hand = _in_hand(left)
        soon = [event.id for event in left if event.named_message_id in in_hand]
        ProviderEvent.objects.filter(id__in=soon).update(look_at=now + LOOK_SOON)
        return waiting.values_list("look_at", flat=True).first()


def _confirm(business_id: int) -> None:
    """Say the word that Amazon waits for; nothing is open in the database meanwhile."""
    with business_scope(business_id):
        asking = list(ProviderAccount.objects.exclude(confirm_url="").values_list("id", "confirm_url"))
    for account_id, url in asking:
        try:
            is_confirmed = confirm_subscription(url)
        except ValueError:
            is_confirmed = False
        log.info("subscription_confirmed" if is_confirmed else "subscription_not_confirmed")
        with business_scope(business_id):
            ProviderAccount.objects.filter(id=account_id, confirm_url=url).update(confirm_url="")


def _work(events: Sequence[ProviderEvent], now: datetime) -> list[UUID]:
    """The events that are over: brought to their letter, or in vain for seven days."""
    named = {event.named_message_id for event in events if event.named_message_id}
    # A place in the queue before its record, as the gate locks them.
    places = hold_places(named)
    messages = {m.id: m for m in Message.objects.filter(id__in=named).order_by("id").select_for_update(no_key=True)}
    done = []
    for event in sorted(events, key=lambda one: (one.occurred_at, one.id)):
        message = messages.get(event.named_message_id) if event.named_message_id else None
        if message is not None and message.channel != event.channel:
            message = None
        if event.channel != Channel.SMS:
            _hear_of_address(event, message)
        # Told before our own worker wrote down that the letter has left: its word is waited for.
        if message is not None and _tell(message, places.get(message.id), event):
            places.pop(message.id, None)
            done.append(event.id)
        elif event.created_at < now - WAITS_FOR_LETTER:
            done.append(event.id)
        # After its own text, which is not called off by what it tells.
        if event.channel == Channel.SMS and message is not None:
            hear_of_number(event, message)
    return done


def _in_hand(events: Sequence[ProviderEvent]) -> set[UUID]:
    """Which of the letters that are spoken of a worker is handing over now, or may soon do once more."""
    named = {event.named_message_id for event in events if event.named_message_id}
    begun = Q(handed_at__isnull=False) | Q(attempt__gt=0)
    return set(QueuedMessage.objects.filter(begun, id__in=named).values_list("id", flat=True))


def _doubt_what_is_older(events: Sequence[ProviderEvent]) -> None:
    """Where a letter is told of that was never in anybody's hand here, our records are older than what has happened."""
    named = {event.named_message_id for event in events if event.kind in _LEFT and event.named_message_id}
    untouched = QueuedMessage.objects.filter(id__in=named, attempt=0, claim_token=None)
    ids = set(untouched.values_list("id", flat=True)) if named else set()
    since = [event.occurred_at for event in events if event.named_message_id in ids]
    if since:
        words = f"A provider tells of {len(ids)} letters that never left here."
        doubt_business(current_business_id(), since=min(since), evidence=words)


def _hear_of_address(event: ProviderEvent, message: Message | None) -> None:
    """What is told of the address itself holds whether its letter is known or not."""
    hashes = event.address_hashes.split(",") if event.address_hashes else []
    if message is not None and message.address:
        hashes = address_hashes(message.channel, message.address)
    if not hashes:
        return
    channel = event.channel
    if event.kind in _STOPS:
        stop_as_told(channel, hashes, _STOPS[event.kind], first_told_at=event.created_at, request_id=event.id)
        if event.kind == "bounced":
            leave_to_lasting_bounce(channel, hashes)
    elif event.kind == "soft_bounced":
        letter = event.named_message_id or event.id
        hear_soft_bounce(channel, hashes, letter=letter, occurred_at=event.occurred_at)


def _tell(message: Message, place: QueuedMessage | None, event: ProviderEvent) -> bool:
    """Bring an event to its letter; False while that is on its way."""
    told = "delivered" if event.kind == "opened" else STATES.get(event.kind)
    if place is not None and (place.handed_at is not None or message.handed_at is None):
        return False
    # It was put back into the queue since its place was looked for: what is told is brought to it the next time.
    if place is None and message.state in _QUEUED:
        return False
    if event.channel == Channel.SMS:
        settle_text(message, place, event)
        return True
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
    if event.kind == "delayed":
        settle_delay(message, place, occurred_at=event.occurred_at)
    if told is not None:
        settle_message(message, place, told, occurred_at=event.occurred_at)
    if event.kind in ARRIVED:
        hear_arrival(message)
    return True
