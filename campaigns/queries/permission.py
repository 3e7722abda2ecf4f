"""What one person allows, topic by topic, as the team sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.queries.eligibility import ELIGIBILITY_SQL, sentence_of
from campaigns.queries.texts import has_text_account
from contacts.models import Channel, ConsentState, Contact, Topic
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
# Ways that the team goes itself: nothing is sent by them from here.
BY_HAND = (Channel.PHONE, Channel.POST)
BY_HAND_YES = _("They said yes to hearing of this so.")
# Reasons that leave room for a first yes; all others are a no, or wait for something else.
_OPEN = frozenset({"no_consent", "expired", "other_address", "not_in_writing"})


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
class UnaskedChannel:
    """A channel on which somebody can be reached and was never asked, or on which no address of theirs is known."""

    channel: str
    label: str
    has_address: bool


@dataclass(frozen=True)
class Permissions:
    """What a contact allows, and the ways of which nothing was said yet, with the topics a yes could be for."""

    lines: Sequence[PermissionLine]
    unasked: Sequence[UnaskedChannel]
    topics: Sequence[Topic]


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
    pairs: list[tuple[Channel, Topic]] = []
    unasked: list[UnaskedChannel] = []
    hashes: dict[str, list[str]] = {}
    for channel in CHANNELS:
        address = address_of(contact, channel=channel)
        hashes[channel.value] = channel_hashes(channel, [address]) if address else []
        is_open = channel == Channel.EMAIL or (channel == Channel.SMS and has_text_account())
        shown = [topic for topic in topics.values() if is_open or (channel, topic.id) in states]
        if address:
            pairs += [(channel, topic) for topic in shown]
        if channel in BY_HAND and not (address and shown):
            unasked.append(UnaskedChannel(channel.value, str(channel.label), bool(address)))
    open_now = [topic for topic in topics.values() if topic.id not in put_away]
    return Permissions(_lines(contact, pairs, hashes, states, now), unasked, open_now)


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
                where=(state.consent.source_detail or where_of(state.consent.source)) if state else "",
            )
        )
    return lines
