"""Keeping quiet hours: letters are planned into the open hours of their reader, and looked at again where it counts.

What the law says of texts is asked again at the gate. What is a matter of taste is asked when a letter is planned, and
once more only for what is long late: after a night without power nothing goes out in a burst at three.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from campaigns.models import ChannelRule
from campaigns.queries.quiet_people import clocks_of
from campaigns.services.delivery_claims import ClaimedMessage
from contacts.models import Channel
from ecosystem.base.sql import array_text, execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from ecosystem.services.audit import record_act
from ecosystem.services.outbox import enqueue

NEVER = "infinity"
PLAN_CHANNEL_ANEW = "campaigns.plan_channel_anew"
BATCH = 500
BATCHES = 4

_WANTED = """
SELECT message.id, coalesce(message.wanted_at, queued.due_at) AS wanted_at, queued.due_at, message.wall_time
  FROM campaigns_message AS message
  JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
 WHERE message.business_id = %(business_id)s AND message.id = ANY (%(ids)s::uuid[])
   AND queued.claim_token IS NULL AND message.held_by = ''
 ORDER BY queued.id FOR UPDATE OF queued"""

_NOW = "SELECT clock_timestamp() AS now"

_OPEN_LETTERS = """
SELECT message.id
  FROM campaigns_message AS message
  JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
 WHERE message.business_id = %(business_id)s AND message.contact_id = %(contact_id)s
   AND queued.claim_token IS NULL AND message.message_class <> 'transactional'"""

_HELD = """
SELECT message.id, queued.due_at, coalesce(message.wanted_at, queued.due_at) AS wanted_at
  FROM campaigns_message AS message
  JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
 WHERE message.business_id = %(business_id)s AND message.contact_id = %(contact_id)s
   AND queued.claim_token IS NULL AND message.held_by <> ''
 ORDER BY queued.id FOR UPDATE OF queued"""

_OF_CHANNEL = """
SELECT queued.id
  FROM campaigns_queuedmessage AS queued
  JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = queued.id
 WHERE queued.business_id = %(business_id)s AND queued.id > %(after)s AND queued.claim_token IS NULL
   AND message.channel = %(channel)s AND message.message_class <> 'transactional'
 ORDER BY queued.id LIMIT %(batch)s"""

_MOVE = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(due)s::timestamptz[], %(wanted)s::timestamptz[], %(zones)s::text[])
           AS given(id, due_at, wanted_at, zone)
), moved AS (
    UPDATE campaigns_queuedmessage AS queued SET due_at = given.due_at
      FROM given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id AND queued.claim_token IS NULL
    RETURNING given.*
)
UPDATE campaigns_message AS message
   SET due_at = moved.due_at, wanted_at = moved.wanted_at, zone = moved.zone, updated_at = clock_timestamp()
  FROM moved
 WHERE message.business_id = %(business_id)s AND message.id = moved.id"""


def plan_hours(message_ids: Iterable[UUID]) -> int:
    """Move waiting letters into the open hours of their readers, in the current transaction; how many moved.

    What was meant is kept: planned again, with a zone that was learned meanwhile, they move from there. A text for
    which no hour is open everywhere stays, and the gate says why it does not go.
    """
    ids = [str(one) for one in message_ids]
    clocks, now = clocks_of(UUID(one) for one in ids), database_now()
    moved = []
    for row in rows(_WANTED, {"ids": array_text(ids)}):
        there = clocks.get(row["id"])
        if there is None:
            continue
        wanted = there.instant_of(datetime.fromisoformat(row["wall_time"])) if row["wall_time"] else row["wanted_at"]
        # What was meant for an hour that is past and shut now goes at the next one, not at the one it missed.
        start = max(wanted, now)
        opens = there.next_open(start)
        due = wanted if opens is None or opens == start else opens
        if due != row["due_at"]:
            moved.append((str(row["id"]), due.isoformat(), wanted.isoformat(), there.zone))
    return _move(moved)


def plan_hours_anew(contact_id: UUID) -> int:
    """Plan what waits for a person once more: it became known where they are. How many letters moved."""
    waiting = [row["id"] for row in rows(_OPEN_LETTERS, {"contact_id": contact_id})]
    return plan_hours(waiting) if waiting else 0


def keep_wishes_of_held(contact_id: UUID) -> int:
    """Let what a rule, a promise or a rhythm holds back for a person come at no hour that is shut; how many moved.

    The place that was kept for each is not given up: it comes at the next open hour after it, and never sooner.
    """
    held = rows(_HELD, {"contact_id": contact_id})
    clocks = clocks_of(row["id"] for row in held)
    moved = []
    for row in held:
        opens = clocks[row["id"]].next_open(row["due_at"]) if row["id"] in clocks else None
        if opens is not None and opens != row["due_at"]:
            zone = clocks[row["id"]].zone
            moved.append((str(row["id"]), opens.isoformat(), row["wanted_at"].isoformat(), zone))
    return _move(moved)


def plan_channel_anew(payload: dict[str, Any]) -> None:
    """Plan what waits on a channel once more: its hours were changed. Some thousands at a time, then the next ones."""
    after = UUID(payload["after"])
    for _batch in range(BATCHES):
        given = {"after": after, "channel": payload["channel"], "batch": BATCH}
        waiting = [row["id"] for row in rows(_OF_CHANNEL, given)]
        plan_hours(waiting)
        if len(waiting) < BATCH:
            return
        after = waiting[-1]
    enqueue(PLAN_CHANNEL_ANEW, {"channel": payload["channel"], "after": str(after)})


def _move(moved: Sequence[tuple[str, str, str, str]]) -> int:
    """Give messages another time: each by its id, when it is due, when it was wanted, and in which zone."""
    if moved:
        columns = [array_text(list(column)) for column in zip(*moved, strict=True)]
        execute(_MOVE, dict(zip(("ids", "due", "wanted", "zones"), columns, strict=True)))
    return len(moved)


def database_now() -> datetime:
    """What the clock of PostgreSQL says."""
    found: datetime = rows(_NOW)[0]["now"]
    return found


def shut_until(messages: Sequence[ClaimedMessage], *, business_id: int) -> dict[UUID, str]:
    """Which messages in hand meet quiet hours now, and until when, as PostgreSQL writes a time.

    Texts by law, always; letters only where they are long late. `infinity`: no hour is open everywhere they may be. It
    is the clock of PostgreSQL that counts, not the one of this worker.
    """
    asked = [
        message.id
        for message in messages
        if (message.channel == Channel.SMS or message.is_late)
        and message.message_class != "transactional"
        and not message.is_test
    ]
    if not asked:
        return {}
    with business_scope(business_id):
        clocks, now = clocks_of(asked), database_now()
    opens = {message_id: there.next_open(now) for message_id, there in clocks.items()}
    return {one: NEVER if opening is None else opening.isoformat() for one, opening in opens.items() if opening != now}


@transaction.atomic
def set_channel_rule(
    channel: str,
    *,
    most_count: int,
    most_days: int,
    opens_minute: int | None,
    closes_minute: int | None,
    at_weekends: bool,
    actor: Membership,
) -> ChannelRule:
    """Say how often and at what hours a person is written to on a channel.

    The measure counts for the next letter that goes. What waits is planned anew by a worker.
    """
    rule, _is_new = ChannelRule.objects.update_or_create(
        channel=Channel(channel),
        defaults={
            "most_count": most_count,
            "most_days": most_days,
            "opens_minute": opens_minute,
            "closes_minute": closes_minute,
            "at_weekends": at_weekends,
        },
    )
    enqueue(PLAN_CHANNEL_ANEW, {"channel": str(channel), "after": str(UUID(int=0))})
    record_act("channel_rule_changed", actor=actor, subject=rule)
    return rule
