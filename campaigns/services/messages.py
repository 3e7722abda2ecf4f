"""Messages: planning one intended delivery, and calling off what has not left yet."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.models import ContentVersion, Message, QueuedMessage, Signup
from campaigns.services.pressure import free_places
from campaigns.services.quiet_hours import plan_hours
from contacts.models import Channel, Contact, Topic
from ecosystem.base.sql import rows
from ecosystem.services.agenda import note_work

# A receipt or a confirmation still goes to somebody who leaves a topic; not to an address that is closed to us.
REASONS_THAT_STOP_ALL = frozenset({"bounced", "complained", "erased"})

# Locked in one order, like the gate does, so that the two wait for each other instead of failing each other.
_CANCEL = """
WITH open AS MATERIALIZED (
    SELECT queued.id
      FROM campaigns_message AS message
      JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
     WHERE message.business_id = %(business_id)s AND queued.handed_at IS NULL
       AND (%(contact_ids)s::uuid[] IS NULL OR message.contact_id = ANY (%(contact_ids)s::uuid[]))
       AND (%(address_hash)s::text IS NULL OR message.address_hash = %(address_hash)s)
       AND (%(topic_id)s::uuid IS NULL OR message.topic_id = %(topic_id)s)
       AND (%(sequence_id)s::uuid IS NULL OR message.sequence_id = %(sequence_id)s)
       AND (%(channel)s::text IS NULL OR message.channel = %(channel)s)
       AND (%(stops_all)s OR message.message_class <> 'transactional')
     ORDER BY queued.id FOR UPDATE OF queued
), gone AS (
    DELETE FROM campaigns_queuedmessage AS queued USING open
     WHERE queued.business_id = %(business_id)s AND queued.id = open.id
    RETURNING queued.id, queued.attempt
), cancelled AS (
    UPDATE campaigns_message AS message
       SET state = 'cancelled', reason = %(reason)s, attempt = gone.attempt, updated_at = clock_timestamp()
      FROM gone
     WHERE message.business_id = %(business_id)s AND message.id = gone.id
    RETURNING message.id, message.contact_id, message.sequence_id, message.step_key, message.is_test,
              message.is_replaced
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.skipped:' || %(reason)s, sequence_id || ':' || step_key, count(*)
      FROM cancelled WHERE sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
     GROUP BY sequence_id, step_key
)
SELECT count(*) AS cancelled,
       array_agg(id::text) FILTER (WHERE EXISTS (
           SELECT FROM campaigns_pressure AS ring
            WHERE ring.business_id = %(business_id)s AND ring.id = cancelled.contact_id
              AND cancelled.id = ANY (ring.message_ids))) AS with_places
  FROM cancelled"""


def queue_of(lane: str) -> str:
    """The agenda's queue for the messages of a lane."""
    return f"send.{lane}"


def channel_of(lane: str) -> Channel:
    """By which way a lane's messages go: texts have lanes of their own."""
    return Channel.SMS if lane in (Message.Lane.TEXT, Message.Lane.TEXT_NOW) else Channel.EMAIL


def plan_message(
    *,
    idem_key: str,
    message_class: str,
    lane: str,
    template: str = "",
    content_version: ContentVersion | None = None,
    contact: Contact | None = None,
    signup: Signup | None = None,
    topic: Topic | None = None,
    address: str,
    address_hash: str,
    merge: Mapping[str, Any],
    expires_at: datetime | None = None,
    due_at: datetime | None = None,
    wall_time: datetime | None = None,
    is_test: bool = False,
) -> Message:
    """Write down that one message is to go to one address, once for ever by its key.

    Planned a second time, the first message is returned and nothing changes. It leaves after this transaction, at
    `due_at`, when the reader's clock shows `wall_time`, or at once, if the gate lets it; not before the hours that are
    open where the reader is.
    """
    message = Message(
        idem_key=idem_key,
        message_class=Message.MessageClass(message_class),
        lane=Message.Lane(lane),
        channel=channel_of(lane),
        template=template,
        content_version=content_version,
        contact=contact,
        signup=signup,
        topic=topic,
        address=address,
        address_hash=address_hash,
        merge=dict(merge),
        expires_at=expires_at,
        is_test=is_test,
    )
    if due_at is not None:
        message.due_at = due_at
    if wall_time is not None:
        message.wall_time = wall_time.isoformat(timespec="seconds")
    Message.objects.bulk_create([message], ignore_conflicts=True)
    kept = Message.objects.get(idem_key=idem_key)
    if kept.id == message.id:
        put_in_queue([kept])
        if kept.message_class != Message.MessageClass.TRANSACTIONAL and plan_hours([kept.id]):
            kept.refresh_from_db()
        note_work(queue_of(lane), due_at)
    return kept


def put_in_queue(messages: Iterable[Message]) -> None:
    """Give messages that are queued or deferred their place, due when they say."""
    QueuedMessage.objects.bulk_create(
        [QueuedMessage(id=one.id, lane=one.lane, due_at=one.due_at, attempt=one.attempt) for one in messages],
        batch_size=2_000,
    )


def cancel_open_messages(
    *,
    contact_id: UUID | None = None,
    contact_ids: Sequence[UUID] | None = None,
    address_hash: str | None = None,
    topic_id: UUID | None = None,
    sequence_id: UUID | None = None,
    channel: str | None = None,
    stops_all: bool = False,
    reason: str,
) -> int:
    """Call off what waits for people, an address or a sequence, for one topic or for all; how many that were.

    Takes effect with this transaction, also for what a worker holds already but has not handed over. News and promised
    letters only; a receipt or a confirmation is stopped as well where the address bounced, complained or was erased,
    and where `stops_all` says so. With a `channel` only what goes that way.
    """
    if contact_id is None and contact_ids is None and address_hash is None and sequence_id is None:
        raise ValueError("Say whose messages are called off.")
    found = rows(
        _CANCEL,
        {
            "contact_ids": [contact_id] if contact_id is not None else contact_ids,
            "address_hash": address_hash,
            "topic_id": topic_id,
            "sequence_id": sequence_id,
            "channel": channel,
            "reason": reason,
            "stops_all": stops_all or reason in REASONS_THAT_STOP_ALL,
        },
    )
    # Taken, moved to, or kept by another letter that left it to this one: the next one may have it.
    if found[0]["with_places"]:
        free_places(found[0]["with_places"])
    return int(found[0]["cancelled"])
