"""Clicks: where a tracked link leads, and whether a human or a machine followed it; the same for openings.

A scanner that follows every link looks like a human at its first click. So a click is judged ten seconds later, when it
is known what else of the letter was opened; only then does it count for anybody. A letter with one link of ours has
others too, those for leaving and choosing: whoever opens one of them in the same seconds has followed every link.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.events import LinkClicked
from campaigns.models import Message, TrackingEvent
from campaigns.queries.machines import machine_reason
from campaigns.services.first_marks import line_of_letter, mark_letters
from campaigns.services.opening import Opening, count_opens, take_open
from campaigns.services.proving import prove_message
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.events import is_heard, publish
from ecosystem.base.sql import array_text, rows, rows_alone
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.services.agenda import NOTE_WAITING_SQL

CLICKS_QUEUE = "clicks"
SOURCE = "campaigns.link"
TOO_SOON = timedelta(seconds=5)
TOGETHER_SECONDS = 10
BATCH = 2_000

# One statement, one round trip: where the link leads, that it was followed, and when a click is to be judged.
_TAKE_CLICK = """
WITH target AS (
    SELECT link.url, message.id AS message_id,
           CASE WHEN %(reason)s <> '' THEN %(reason)s
                WHEN coalesce(message.accepted_at, message.handed_at, queued.handed_at) <= %(soonest)s THEN ''
                ELSE 'too_soon' END AS reason, person.is_unmeasured IS NOT TRUE AS is_told
      FROM campaigns_message AS message
      JOIN campaigns_link AS link ON link.business_id = %(business_id)s
       AND link.content_version_id = message.content_version_id AND link.number = %(number)s
      LEFT JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
      LEFT JOIN contacts_contact AS person
             ON person.business_id = %(business_id)s AND person.id = message.contact_id
     WHERE message.business_id = %(business_id)s AND message.id = %(message_id)s
), followed AS (
    INSERT INTO campaigns_trackingevent (
        id, business_id, created_at, updated_at, version, message_id, kind, link_number, occurred_at, is_machine,
        machine_reason, user_agent_hash, decided_at
    )
    SELECT uuidv7(), %(business_id)s, clock_timestamp(), clock_timestamp(), 1, message_id, 'clicked', %(number)s,
           %(now)s::timestamptz, reason <> '', reason, %(agent)s, CASE WHEN reason <> '' THEN %(now)s::timestamptz END
      FROM target WHERE is_told
), waiting AS (
    SELECT %(queue)s AS queue, %(judged_at)s::timestamptz AS due_at FROM target WHERE reason = '' AND is_told
)"""
_WHERE_TO = " SELECT url FROM target"
_FOLLOW = _TAKE_CLICK + NOTE_WAITING_SQL + _WHERE_TO

_DECIDE = """
WITH due AS (
    SELECT id, message_id, occurred_at FROM campaigns_trackingevent
     WHERE business_id = %(business_id)s AND decided_at IS NULL AND occurred_at <= %(until)s
     ORDER BY occurred_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), seen AS (
    SELECT due.id, due.message_id,
           count(DISTINCT near.link_number) FILTER (WHERE near.kind = 'clicked') AS links,
           count(*) FILTER (WHERE near.kind = 'visited') AS visits,
           count(*) FILTER (WHERE near.kind = 'trapped') AS traps
      FROM due JOIN campaigns_trackingevent AS near
        ON near.business_id = %(business_id)s AND near.message_id = due.message_id
       AND near.occurred_at BETWEEN due.occurred_at - make_interval(secs => %(together)s)
                                AND due.occurred_at + make_interval(secs => %(together)s)
     GROUP BY due.id, due.message_id
), judged AS (
    SELECT seen.id,
           CASE WHEN seen.traps > 0 THEN 'trap'
                WHEN seen.links > 0 AND (seen.links > 1 OR seen.visits > 0) AND seen.links =
                     (SELECT count(*) FROM campaigns_link AS link JOIN campaigns_message AS message
                          ON message.business_id = %(business_id)s
                         AND message.content_version_id = link.content_version_id
                       WHERE link.business_id = %(business_id)s AND message.id = seen.message_id)
                THEN 'all_links' ELSE '' END AS reason
      FROM seen
)
UPDATE campaigns_trackingevent AS event
   SET decided_at = clock_timestamp(), is_machine = judged.reason <> '', machine_reason = judged.reason,
       updated_at = clock_timestamp()
  FROM judged
 WHERE event.business_id = %(business_id)s AND event.id = judged.id
RETURNING event.kind, event.message_id::text, event.link_number, event.occurred_at, event.is_machine"""

# Nobody else knows the links of a letter: whoever follows one, a scanner as well, has it, whatever was told of it; what
# is to go once more, for nobody knew, need not.
_IN_DOUBT = """
SELECT id FROM campaigns_message
 WHERE business_id = %(business_id)s AND id = ANY (%(ids)s::uuid[])
   AND state IN ('unknown', 'lost', 'failed', 'queued', 'deferred')"""

_NEXT = """
SELECT min(occurred_at) + make_interval(secs => %(together)s) AS due_at FROM campaigns_trackingevent
 WHERE business_id = %(business_id)s AND decided_at IS NULL"""


@dataclass(frozen=True)
class Click:
    """One following of one link of one message by a human; its id stays text, as the letter is only named by it."""

    message_id: str
    link_number: int
    occurred_at: datetime


def follow_link(
    business_id: int, message_id: UUID, number: int, *, now: datetime, user_agent: str, ip: str | None, is_head: bool
) -> str | None:
    """Where link `number` of a message leads, or None where there is no such link; the click is written down.

    What is plainly a machine feeds nobody. Any other click waits ten seconds until it is judged. Of whoever does not
    want to be measured nothing is written.
    """
    found = rows_alone(
        _FOLLOW,
        {
            "message_id": message_id,
            "number": number,
            "now": now,
            "soonest": now - TOO_SOON,
            "reason": machine_reason(user_agent, ip=ip, is_head=is_head),
            "agent": hashlib.sha256(user_agent.encode()).hexdigest(),
            "queue": CLICKS_QUEUE,
            "judged_at": now + timedelta(seconds=TOGETHER_SECONDS),
        },
        business_id=business_id,
        prepared="follow_link",
    )
    return str(found[0]["url"]) if found else None


def note_open(
    business_id: int, message_id: UUID, *, now: datetime, user_agent: str, ip: str | None, is_head: bool
) -> bool:
    """The picture of a letter was fetched: judged like a click, ten seconds later. False where nothing is told."""
    return take_open(
        business_id, message_id, now=now, user_agent=user_agent, ip=ip, is_head=is_head, queue=CLICKS_QUEUE,
        too_soon=TOO_SOON, judged_at=now + timedelta(seconds=TOGETHER_SECONDS),
    )  # fmt: skip


def note_visit(message: Message, *, now: datetime) -> None:
    """Write down that the page for leaving or choosing was opened, which every letter leads to."""
    _note(message, TrackingEvent.Kind.VISITED, now)


def note_trap(message: Message, *, now: datetime) -> None:
    """Write down that a link was followed which no person sees. Buttons count for nothing for ten seconds."""
    _note(message, TrackingEvent.Kind.TRAPPED, now)


def is_in_trap(message: Message, *, now: datetime) -> bool:
    """Whether a machine was caught at this letter within the last ten seconds."""
    since = now - timedelta(seconds=TOGETHER_SECONDS)
    return TrackingEvent.objects.filter(
        message=message, occurred_at__gt=since, occurred_at__lte=now, kind=TrackingEvent.Kind.TRAPPED
    ).exists()


def count_clicks(clicks: Sequence[Click]) -> int:
    """Write human clicks into timelines, once per message, link and day, and count who clicked; how many were new.

    Publishes LinkClicked for each that was new. Test letters count for nothing.
    """
    firsts: dict[str, datetime] = {}
    for click in clicks:
        firsts[click.message_id] = min(click.occurred_at, firsts.get(click.message_id, click.occurred_at))
    letters = mark_letters("clicked_at", firsts, number="step.clicked")
    lines = {_line_key(click): click for click in clicks if click.message_id in letters}
    told = [
        line_of_letter(
            "content_clicked", letters[click.message_id], message_id=click.message_id, source=SOURCE, key=key,
            occurred_at=click.occurred_at, link_number=click.link_number,
        )
        for key, click in lines.items()
    ]  # fmt: skip
    new = set(record_interactions(told))
    for line in told if is_heard(LinkClicked) else []:
        if line.id in new:
            _publish(line)
    return len(new)


def work_clicks(business_id: int, now: datetime) -> datetime | None:
    """Judge the clicks and openings that are ten seconds old; when the next ones are."""
    with business_scope(business_id):
        until = now - timedelta(seconds=TOGETHER_SECONDS)
        decided = rows(_DECIDE, {"until": until, "batch": BATCH, "together": TOGETHER_SECONDS})
        _prove({row["message_id"]: row["occurred_at"] for row in decided})
        humans = [row for row in decided if not row["is_machine"]]
        clicks = [row for row in humans if row["kind"] == TrackingEvent.Kind.CLICKED]
        opens = [row for row in humans if row["kind"] == TrackingEvent.Kind.OPENED]
        if clicks:
            count_clicks([Click(row["message_id"], row["link_number"], row["occurred_at"]) for row in clicks])
        if opens:
            count_opens([Opening(row["message_id"], row["occurred_at"]) for row in opens])
        next_due: datetime | None = rows(_NEXT, {"together": TOGETHER_SECONDS})[0]["due_at"]
    return next_due


def _prove(read_at: Mapping[str, datetime]) -> None:
    """Settle the letters of which nobody knew whether they left, or that were told as refused: somebody has them."""
    for row in rows(_IN_DOUBT, {"ids": array_text(list(read_at))}) if read_at else ():
        prove_message(row["id"], state="delivered", occurred_at=read_at[str(row["id"])])


def _note(message: Message, kind: TrackingEvent.Kind, now: datetime) -> None:
    is_machine = kind == TrackingEvent.Kind.TRAPPED
    TrackingEvent.objects.create(
        message=message, kind=kind, occurred_at=now, decided_at=now, is_machine=is_machine,
        machine_reason="trap" if is_machine else "",
    )  # fmt: skip


def _publish(line: NewInteraction) -> None:
    message_id: Any = line.object_id
    publish(
        LinkClicked(
            business_id=current_business_id(),
            message_id=message_id,
            contact_id=line.contact_id,
            link_number=line.params["link_number"],
        )
    )


def _line_key(click: Click) -> str:
    return f"{click.message_id}:{click.link_number}:{click.occurred_at.date()}"
