"""What one person allows, topic by topic, as the team sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from campaigns.queries.eligibility import ELIGIBILITY_SQL, sentence_of
from campaigns.queries.texts import has_text_account
from contacts.models import Channel, ConsentState, Contact, Topic
from contacts.queries.consent import address_of, channel_hashes, states_of, where_of
from contacts.queries.topics import open_topics
from ecosystem.base import sql

_TOPICS = """
    WITH candidate AS (
        SELECT topic.id AS row_id, %(contact)s::uuid AS contact_id, %(channel)s::text AS channel,
               topic.id AS topic_id, topic.message_class, %(hashes)s::text[] AS address_hashes
          FROM contacts_topic topic
         WHERE topic.business_id = %(business_id)s AND topic.id = ANY (%(topics)s::uuid[])
    ),"""
_BY_TOPIC = f"{_TOPICS} {ELIGIBILITY_SQL} TABLE verdict"

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


def permission_lines(contact: Contact, *, now: datetime) -> list[PermissionLine]:
    """What a contact allows on each channel they can be reached by; a fixed number of statements."""
    states = states_of(contact)
    topics = {topic.id: topic for topic in open_topics()}
    put_away = {
        topic_id
        for (_channel, topic_id), state in states.items()
        if topic_id not in topics and state.state == ConsentState.State.GRANTED
    }
    if put_away:
        topics |= Topic.objects.in_bulk(put_away)
    lines: list[PermissionLine] = []
    for channel in (Channel.EMAIL, Channel.SMS):
        address = address_of(contact, channel=channel)
        has_way = channel == Channel.EMAIL or has_text_account()
        shown = [topic for topic in topics.values() if has_way or (channel, topic.id) in states]
        if address and shown:
            lines += _lines(contact, channel, shown, channel_hashes(channel, [address]), states, now)
    return lines


def _lines(
    contact: Contact,
    channel: Channel,
    topics: Sequence[Topic],
    hashes: Sequence[str],
    states: Mapping[tuple[str, UUID], ConsentState],
    now: datetime,
) -> list[PermissionLine]:
    found = sql.rows(
        _BY_TOPIC,
        {
            "contact": contact.id,
            "channel": channel.value,
            "topics": [topic.id for topic in topics],
            "hashes": list(hashes),
            "now": now,
        },
    )
    reasons = {row["row_id"]: row["reason"] for row in found}
    lines = []
    for topic in topics:
        state = states.get((channel, topic.id))
        lines.append(
            PermissionLine(
                channel=channel,
                channel_label=str(channel.label),
                topic=topic,
                reason=reasons[topic.id],
                sentence=sentence_of(reasons[topic.id]),
                since=state.since if state else None,
                where=(state.consent.source_detail or where_of(state.consent.source)) if state else "",
            )
        )
    return lines
