"""What one person may be sent, as they see it themselves on the page that their letters lead to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Message
from campaigns.queries.own_hours import HourChoice, quiet_from_choices, quiet_until_choices
from contacts.models import Channel, ConsentState, Contact, Topic
from contacts.queries.consent import ConsentLine, addresses_of, channel_hashes, consent_history, live_suppressions
from contacts.queries.topics import open_topics
from ecosystem.base.addresses import address_hashes
from ecosystem.queries.businesses import get_profile

_ARRIVED = (Message.State.ACCEPTED, Message.State.DELIVERED, Message.State.UNKNOWN)


@dataclass(frozen=True)
class TopicSwitch:
    """One topic on one channel: on or off, its promise, and whether it was kept."""

    channel: str
    topic: Topic
    is_on: bool
    can_turn_on: bool
    received: int

    @property
    def key(self) -> str:
        """The name of the switch in the form."""
        return f"{self.channel}:{self.topic.id}"


@dataclass(frozen=True)
class RhythmChoice:
    """One rhythm that may be chosen."""

    value: str
    label: str | Promise
    is_chosen: bool


RHYTHM_CHOICES: list[tuple[int | None, Promise]] = [
    (7, gettext_lazy("At most once a week")),
    (14, gettext_lazy("At most once in two weeks")),
    (30, gettext_lazy("At most once a month")),
]


@dataclass(frozen=True)
class PreferencePage:
    """A person's page. `contact` is None where only the address is left; `is_stopped`: nothing may be sent at all."""

    message: Message
    contact: Contact | None
    shown_address: str
    email: Sequence[TopicSwitch]
    texts: Sequence[TopicSwitch]
    is_stopped: bool
    history: Sequence[ConsentLine]

    is_resting: bool = False
    is_measured: bool = False
    shown_number: str = ""

    @property
    def rhythms(self) -> list[RhythmChoice]:
        """How often somebody may ask to hear from us, and what they chose."""
        chosen = self.contact.rhythm_days if self.contact is not None else None
        choices: list[tuple[int | None, str | Promise]] = [(None, _("As promised above")), *RHYTHM_CHOICES]
        return [RhythmChoice(str(days or ""), label, days == chosen) for days, label in choices]

    @property
    def quiet_from(self) -> Sequence[HourChoice]:
        """From when they may ask for quiet, and what they chose."""
        return quiet_from_choices(self.contact)

    @property
    def quiet_until(self) -> Sequence[HourChoice]:
        """Until when."""
        return quiet_until_choices(self.contact)

    @property
    def switches(self) -> list[TopicSwitch]:
        return [*self.email, *self.texts]


def find_message(message_id: UUID) -> Message | None:
    """A message by its id, with whom and what it was about; None when it is not kept any more."""
    return Message.objects.select_related("contact", "topic").filter(id=message_id).first()


def hashes_of_message(message: Message) -> list[str]:
    """The hashes of the address that a message went to; one alone where the address itself was forgotten."""
    if message.address:
        return address_hashes(message.channel, message.address)
    return [message.address_hash]


def preference_page(message: Message, *, now: datetime) -> PreferencePage:
    """The page of the person that a message went to."""
    contact = message.contact if message.contact is not None and message.contact.deleted_at is None else None
    hashes = hashes_of_message(message)
    is_stopped = any(stop.topic_id is None for stop in live_suppressions(message.channel, hashes))
    if contact is None:
        history = consent_history(None, hashes=hashes)
        return PreferencePage(message, None, masked(message.address), (), (), is_stopped, history)
    by_channel = {
        channel: list(
            dict.fromkeys(
                [
                    *(hashes if message.channel == channel else ()),
                    *channel_hashes(channel, addresses_of(contact, channel=channel)),
                ]
            )
        )
        for channel in (Channel.EMAIL, Channel.SMS)
    }
    said_yes = {
        (state.channel, state.topic_id)
        for state in ConsentState.objects.filter(contact=contact, state=ConsentState.State.GRANTED)
    }
    stopped, texts_stopped = (
        {stop.topic_id for stop in live_suppressions(channel, known)} for channel, known in by_channel.items()
    )
    known = {topic.id: topic for topic in open_topics()}
    put_away = {topic_id for _channel, topic_id in said_yes if topic_id not in known}
    topics = sorted([*known.values(), *Topic.objects.in_bulk(put_away).values()], key=lambda topic: topic.name.lower())
    received = _received(contact, topics, now)
    email = [
        TopicSwitch(
            Channel.EMAIL,
            topic,
            is_on=(Channel.EMAIL, topic.id) in said_yes and not stopped & {None, topic.id},
            can_turn_on=topic.archived_at is None,
            received=received[Channel.EMAIL, topic.id],
        )
        for topic in topics
    ]
    # A number is no mailbox: texts can be stopped from here, and begun only from the phone itself.
    texts = [
        TopicSwitch(Channel.SMS, topic, is_on=True, can_turn_on=False, received=received[Channel.SMS, topic.id])
        for topic in topics
        if (Channel.SMS, topic.id) in said_yes and not texts_stopped & {None, topic.id}
    ]
    has_letters = bool(by_channel[Channel.EMAIL]) and None not in stopped
    is_stopped = is_stopped and not texts if message.channel == Channel.EMAIL else is_stopped and not has_letters
    shown = [switch for switch in email if switch.is_on or switch.can_turn_on]
    history = consent_history(contact, hashes=[known for each in by_channel.values() for known in each])
    is_resting = contact.paused_until is not None and contact.paused_until > now
    profile = get_profile()
    is_measured = profile.follows_links or profile.sees_opens
    number = masked_number(contact.primary_phone) if texts else ""
    return PreferencePage(
        message, contact, masked(message.address), shown, texts, is_stopped, history, is_resting, is_measured, number
    )


def masked(address: str) -> str:
    """An address that its owner knows again and nobody else: `p••••@raman.example`."""
    local, at, domain = address.partition("@")
    return f"{local[:1]}••••@{domain}" if at else _("your address")


def masked_number(number: str) -> str:
    """A number that its owner knows again and nobody else: `••• 0142`."""
    return f"••• {number[-4:]}" if number else ""


def _received(contact: Contact, topics: Sequence[Topic], now: datetime) -> dict[tuple[str, UUID], int]:
    """How many letters and how many texts of each topic arrived within the days that its promise counts."""
    longest = max((topic.promised_days for topic in topics), default=0)
    recent = Message.objects.filter(
        contact=contact, state__in=_ARRIVED, accepted_at__gte=now - timedelta(days=longest), is_test=False
    ).exclude(message_class=Message.MessageClass.TRANSACTIONAL)
    found = recent.order_by("-id").values_list("channel", "topic_id", "accepted_at")[:500]
    since = {topic.id: now - timedelta(days=topic.promised_days) for topic in topics}
    arrived = [
        (channel, topic_id) for channel, topic_id, at in found if at and topic_id in since and at >= since[topic_id]
    ]
    counted = Counter(arrived)
    return {(channel, topic.id): counted[channel, topic.id] for channel in Channel.values for topic in topics}
