"""Opened letters: a picture that tells, where the business sees opens and the reader does not mind.

Most pictures are fetched by machines, so whoever is plainly one counts for nobody, and any other waits ten seconds with
the clicks until it is judged. What a person opened is told in their timeline, once a letter and day, and moves nothing:
no permission, no rung, no fact of theirs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.queries.machines import machine_reason
from campaigns.services.first_marks import line_of_letter, mark_letters
from contacts.services.interactions import record_interactions
from ecosystem.base.sql import rows_alone
from ecosystem.services.agenda import NOTE_WAITING_SQL

SOURCE = "campaigns.open"
# A mail program fetches a picture again and again: within so many seconds it is one opening.
ONCE_IN_SECONDS = 60

# One statement, one round trip, as for clicks. A letter that was sent before somebody minded tells nothing either.
_TAKE_OPEN = """
WITH target AS (
    SELECT message.id AS message_id,
           CASE WHEN %(reason)s <> '' THEN %(reason)s
                WHEN coalesce(message.accepted_at, message.handed_at, queued.handed_at) <= %(soonest)s THEN ''
                ELSE 'too_soon' END AS reason
      FROM campaigns_message AS message
      LEFT JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
      LEFT JOIN contacts_contact AS person
             ON person.business_id = %(business_id)s AND person.id = message.contact_id
     WHERE message.business_id = %(business_id)s AND message.id = %(message_id)s
       AND person.is_unmeasured IS NOT TRUE
       AND EXISTS (SELECT FROM ecosystem_businessprofile AS profile
                    WHERE profile.business_id = %(business_id)s AND profile.sees_opens)
), fresh AS (
    SELECT * FROM target
     WHERE NOT EXISTS (SELECT FROM campaigns_trackingevent AS near
                        WHERE near.business_id = %(business_id)s AND near.message_id = target.message_id
                          AND near.occurred_at > %(now)s::timestamptz - make_interval(secs => %(once_in)s)
                          AND near.kind = 'opened' AND near.is_machine = (target.reason <> ''))
), opened AS (
    INSERT INTO campaigns_trackingevent (
        id, business_id, created_at, updated_at, version, message_id, kind, occurred_at, is_machine, machine_reason,
        user_agent_hash, decided_at
    )
    SELECT uuidv7(), %(business_id)s, clock_timestamp(), clock_timestamp(), 1, message_id, 'opened',
           %(now)s::timestamptz, reason <> '', reason, %(agent)s, CASE WHEN reason <> '' THEN %(now)s::timestamptz END
      FROM fresh
), waiting AS (
    SELECT %(queue)s AS queue, %(judged_at)s::timestamptz AS due_at FROM fresh WHERE reason = ''
)"""
_OPEN = _TAKE_OPEN + NOTE_WAITING_SQL + " SELECT count(*) AS taken FROM fresh"  # noqa: S608


@dataclass(frozen=True)
class Opening:
    """One opening of one message by a human."""

    message_id: str
    occurred_at: datetime


def take_open(
    business_id: int,
    message_id: UUID,
    *,
    now: datetime,
    user_agent: str,
    ip: str | None,
    is_head: bool,
    queue: str,
    too_soon: timedelta,
    judged_at: datetime,
) -> bool:
    """Write down that the picture of a letter was fetched; False where nothing is to be told of it."""
    found = rows_alone(
        _OPEN,
        {
            "message_id": message_id,
            "now": now,
            "soonest": now - too_soon,
            "once_in": ONCE_IN_SECONDS,
            "reason": machine_reason(user_agent, ip=ip, is_head=is_head),
            "agent": hashlib.sha256(user_agent.encode()).hexdigest(),
            "queue": queue,
            "judged_at": judged_at,
        },
        business_id=business_id,
        prepared="take_open",
    )
    return bool(found[0]["taken"])


def count_opens(openings: Sequence[Opening]) -> int:
    """Write openings by humans into timelines, once per message and day, and count who opened; how many were new."""
    firsts: dict[str, datetime] = {}
    for one in openings:
        firsts[one.message_id] = min(one.occurred_at, firsts.get(one.message_id, one.occurred_at))
    letters = mark_letters("opened_at", firsts, number="step.opened")
    lines = {f"{one.message_id}:{one.occurred_at.date()}": one for one in openings if one.message_id in letters}
    told = [
        line_of_letter(
            "message_opened", letters[one.message_id], message_id=one.message_id, source=SOURCE, key=key,
            occurred_at=one.occurred_at,
        )
        for key, one in lines.items()
    ]  # fmt: skip
    return len(record_interactions(told))
