"""What one person allows, topic by topic, as the team sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.queries.eligibility import BY_HAND, ELIGIBILITY_SQL, sentence_of
from campaigns.queries.texts import has_text_account
from contacts.models import Channel, ConsentState, Contact, Suppression, Topic
from contacts.queries.consent import address_of, channel_hashes, states_of, where_of
from contacts.queries.topics import open_topics
from ecosystem.base import sql

_TOPICS = """
    WITH candidate AS (
        SELECT pair.channel || ':' || topic.id AS row_id, %(contact)s::uuid AS contact_id, pair.channel,
               topic.id AS topic_id, topic.message_class,
               ARRAY (SELECT jsonb_array_elements_text(%(hashes)s::jsonb -> pair.channel)) AS address_hashes
          FROM unnest(%(channels)s::text[], %(topics)s::uuid[]) AS pair(channel, topic_id)
          JOIN contacts_topic topic ON topic.business_id = %(business_id)s AND topic.id = pair.topic_id
    ),"""
_BY_TOPIC = f"{_TOPICS} {ELIGIBILITY_SQL} TABLE verdict"

CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST)
BY_HAND_YES = _("They said yes to hearing of this so.")
# Reasons that leave room for a first yes; all others are a no, or wait for something else.
_OPEN = frozenset({"no_consent", "expired", "other_address", "not_in_writing"})
# Reasons that are a no already.
_CLOSED = frozenset({"left", "complained", "withdrawn", "contact_gone"})
# A stop of these is the person's word; an address that does not work, or may have said stop, can still say no.
_THEIR_WORD = frozenset(
    {
        Suppression.Reason.UNSUBSCRIBED,
        Suppression.Reason.MANUAL,
        Suppression.Reason.ERASED,
        Suppression.Reason.COMPLAINED,
    }
)


@dataclass(frozen=True)
class PermissionLine:
    """One topic on one channel: may or may not, why, since when, and where it was said."""

    channel: str
    channel_label: str
    topic: Topic
    reason: str
    sentence: Promise
    since: datetime | None
    where: str
    may_stop: bool

    @property
    def is_allowed(self) -> bool:
        return self.reason == ""

    @property
    def is_waiting(self) -> bool:
        return self.reason == "waiting"

    @property
    def is_open(self) -> bool:
        """True where a yes can be asked for or kept with its proof."""
        return self.reason in _OPEN


@dataclass(frozen=True)
class ToldTopic:
    """A topic with what somebody allows of it, channel by channel."""

    topic: Topic
    lines: Sequence[PermissionLine]


@dataclass(frozen=True)
class UnaskedChannel:
    """A channel on which somebody can be reached and was never asked, or on which no address of theirs is known."""

    channel: str
    label: str
    has_address: bool
    is_stopped: bool


@dataclass(frozen=True)
class Permissions:
    """What a contact allows, and the ways of which nothing was said yet, with the topics a yes could be for.

    `stoppable` are the channels on which somebody can be reached who has not said no to all of it yet.
    """

    lines: Sequence[PermissionLine]
    unasked: Sequence[UnaskedChannel]
    topics: Sequence[Topic]
    stoppable: frozenset[str]

    @property
    def topics_told(self) -> list[ToldTopic]:
        """The lines under their topics, each topic once."""
        topics = {line.topic.pk: line.topic for line in self.lines}
        return [ToldTopic(topic, [line for line in self.lines if line.topic.pk == pk]) for pk, topic in topics.items()]


def permissions_of(contact: Contact, *, now: datetime) -> Permissions:
    """What a contact allows on each channel there is; a fixed number of statements.

    Nothing goes out by phone or by post from here: what was said of them is kept for those who call and write by hand.
    """
    states = states_of(contact)
    topics = {topic.id: topic for topic in open_topics()}
    put_away = {
        topic_id
        for (_channel, topic_id), state in states.items()
        if topic_id not in topics and state.state == ConsentState.State.GRANTED
    }
    if put_away:
        topics |= Topic.objects.in_bulk(put_away)
    addresses = {channel: address_of(contact, channel=channel) for channel in CHANNELS}
    hashes = {way.value: channel_hashes(way, [address]) if address else [] for way, address in addresses.items()}
    stops = _stops(hashes)
    said = {channel for channel, _topic_id in [*states, *stops]}
    pairs: list[tuple[Channel, Topic]] = []
    unasked: list[UnaskedChannel] = []
    for channel, address in addresses.items():
        is_open = channel == Channel.EMAIL or (channel in said if channel in BY_HAND else has_text_account())
        shown = [
            topic
            for topic in topics.values()
            if (is_open and topic.id not in put_away) or (channel, topic.id) in states
        ]
        if address:
            pairs += [(channel, topic) for topic in shown]
        if channel in BY_HAND and not (address and shown):
            is_stopped = (channel, None) in stops
            unasked.append(UnaskedChannel(channel.value, str(channel.label), bool(address), is_stopped))
    open_now = [topic for topic in topics.values() if topic.id not in put_away]
    lines = _lines(contact, pairs, hashes, states, now)
    reached = {line.channel for line in lines} | {way for way in (Channel.EMAIL, *BY_HAND) if addresses[way]}
    return Permissions(lines, unasked, open_now, frozenset(way for way in reached if (way, None) not in stops))


def _stops(hashes: Mapping[str, Sequence[str]]) -> set[tuple[str, UUID | None]]:
    """What somebody said no to, by channel and topic (None: to all of it), as it stands against their addresses."""
    known = [found for each in hashes.values() for found in each]
    stops = Suppression.objects.filter(channel__in=CHANNELS, address_hash__in=known, lifted_at__isnull=True)
    return set(stops.filter(reason__in=_THEIR_WORD).values_list("channel", "topic_id"))


def _lines(
    contact: Contact,
    pairs: Sequence[tuple[Channel, Topic]],
    hashes: Mapping[str, Sequence[str]],
    states: Mapping[tuple[str, UUID], ConsentState],
    now: datetime,
) -> list[PermissionLine]:
    if not pairs:
        return []
    found = sql.rows(
        _BY_TOPIC,
        {
            "contact": contact.id,
            "channels": [channel.value for channel, _topic in pairs],
            "topics": [topic.id for _channel, topic in pairs],
            "hashes": orjson.dumps(hashes).decode(),
            "now": now,
        },
    )
    reasons = {row["row_id"]: row["reason"] for row in found}
    lines = []
    for channel, topic in pairs:
        state = states.get((channel, topic.id))
        reason = reasons[f"{channel.value}:{topic.id}"]
        lines.append(
            PermissionLine(
                channel=channel,
                channel_label=str(channel.label),
                topic=topic,
                reason=reason,
                sentence=BY_HAND_YES if channel in BY_HAND and not reason else sentence_of(reason),
                since=state.since if state else None,
                may_stop=state is not None and reason not in _CLOSED and state.state != ConsentState.State.WITHDRAWN,
                where=(state.consent.source_detail or where_of(state.consent.source)) if state else "",
            )
        )
    return lines
