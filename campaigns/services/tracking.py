"""Clicks: where a tracked link leads, and whether a human or a machine followed it.

A scanner that follows every link looks like a human at its first click. So a click is judged ten seconds later, when it
is known what else of the letter was opened; only then does it count for anybody. A letter with one link of ours has
others too, those for leaving and choosing: whoever opens one of them in the same seconds has followed every link.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from campaigns.events import LinkClicked
from campaigns.models import Message, TrackingEvent
from contacts.models import Channel, Contact, Interaction
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base.events import publish
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.services.agenda import note_work
from ecosystem.services.tallies import count

CLICKS_QUEUE = "clicks"
SOURCE = "campaigns.link"
TOO_SOON = timedelta(seconds=5)
TOGETHER_SECONDS = 10
BATCH = 500

# Programs that fetch links and are no reader: previews, scanners, libraries.
MACHINE_AGENTS = (
    "barracuda",
    "bingpreview",
    "bot",
    "crawler",
    "curl/",
    "facebookexternalhit",
    "go-http-client",
    "googleimageproxy",
    "headlesschrome",
    "java/",
    "libwww",
    "mimecast",
    "okhttp",
    "preview",
    "proofpoint",
    "python-",
    "safelinks",
    "scanner",
    "skypeuripreview",
    "spider",
    "symantec",
    "trendmicro",
    "wget",
    "whatsapp",
    "yahoomailproxy",
)

_TARGET = """
SELECT link.url, message.id AS message_id,
       coalesce(message.accepted_at, message.handed_at, queued.handed_at) AS left_at
  FROM campaigns_message AS message
  JOIN campaigns_link AS link ON link.business_id = %(business_id)s
   AND link.content_version_id = message.content_version_id AND link.number = %(number)s
  LEFT JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
 WHERE message.business_id = %(business_id)s AND message.id = %(message_id)s"""

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
                WHEN (seen.links > 1 OR seen.visits > 0) AND seen.links =
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
RETURNING event.message_id, event.link_number, event.occurred_at, event.is_machine"""

_NEXT = """
SELECT min(occurred_at) + make_interval(secs => %(together)s) AS due_at FROM campaigns_trackingevent
 WHERE business_id = %(business_id)s AND decided_at IS NULL"""


@dataclass(frozen=True)
class Click:
    """One following of one link of one message by a human."""

    message_id: UUID
    link_number: int
    occurred_at: datetime


def follow_link(message_id: UUID, number: int, *, now: datetime, user_agent: str, is_head: bool) -> str | None:
    """Where link `number` of a message leads, or None where there is no such link; the click is written down.

    What is plainly a machine feeds nobody. Any other click waits ten seconds until it is judged.
    """
    found = rows(_TARGET, {"message_id": message_id, "number": number})
    if not found:
        return None
    target = found[0]
    reason = _machine_reason(user_agent, is_head=is_head, left_at=target["left_at"], now=now)
    TrackingEvent.objects.create(
        message_id=message_id,
        kind=TrackingEvent.Kind.CLICKED,
        link_number=number,
        occurred_at=now,
        is_machine=bool(reason),
        machine_reason=reason,
        user_agent_hash=hashlib.sha256(user_agent.encode()).hexdigest(),
        decided_at=now if reason else None,
    )
    if not reason:
        note_work(CLICKS_QUEUE, now + timedelta(seconds=TOGETHER_SECONDS))
    return str(target["url"])


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
    wanted = {click.message_id for click in clicks}
    messages = {
        message.id: message
        for message in Message.objects.filter(id__in=wanted, is_test=False, contact__isnull=False)
        .only("id", "contact_id", "sequence_id", "step_key", "clicked_at")
        .order_by("id")
        .select_for_update(no_key=True)
    }
    kept = set(Contact.objects.filter(id__in={m.contact_id for m in messages.values()}).values_list("id", flat=True))
    lines = {
        _line_key(click): (click, messages[click.message_id])
        for click in clicks
        if click.message_id in messages and messages[click.message_id].contact_id in kept
    }
    told = [_line(key, click, message) for key, (click, message) in lines.items()]
    new = set(record_interactions(told))
    _count_people(list(lines.values()))
    for line, (click, message) in zip(told, lines.values(), strict=True):
        if line.id in new:
            _publish(click, message)
    return len(new)


def work_clicks(business_id: int, now: datetime) -> datetime | None:
    """Judge the clicks that are ten seconds old; when the next ones are."""
    with business_scope(business_id):
        until = now - timedelta(seconds=TOGETHER_SECONDS)
        decided = rows(_DECIDE, {"until": until, "batch": BATCH, "together": TOGETHER_SECONDS})
        humans = [
            Click(row["message_id"], row["link_number"], row["occurred_at"]) for row in decided if not row["is_machine"]
        ]
        if humans:
            count_clicks(humans)
        next_due: datetime | None = rows(_NEXT, {"together": TOGETHER_SECONDS})[0]["due_at"]
    return next_due


def _note(message: Message, kind: TrackingEvent.Kind, now: datetime) -> None:
    is_machine = kind == TrackingEvent.Kind.TRAPPED
    TrackingEvent.objects.create(
        message=message, kind=kind, occurred_at=now, decided_at=now, is_machine=is_machine,
        machine_reason="trap" if is_machine else "",
    )  # fmt: skip


def _machine_reason(user_agent: str, *, is_head: bool, left_at: datetime | None, now: datetime) -> str:
    if is_head:
        return "head"
    agent = user_agent.lower()
    if not agent or any(name in agent for name in MACHINE_AGENTS):
        return "agent"
    if left_at is None or now - left_at < TOO_SOON:
        return "too_soon"
    return ""


def _count_people(clicked: list[tuple[Click, Message]]) -> None:
    """The first click of each message counts one person more at its step."""
    first: dict[UUID, tuple[Click, Message]] = {}
    for click, message in sorted(clicked, key=lambda pair: pair[0].occurred_at):
        if message.clicked_at is None:
            first.setdefault(message.id, (click, message))
    for click, message in first.values():
        Message.objects.filter(id=message.id, clicked_at=None).update(clicked_at=click.occurred_at)
    steps = Counter(f"{m.sequence_id}:{m.step_key}" for _click, m in first.values() if m.sequence_id)
    for key, people in steps.items():
        count("step.clicked", key, people)


def _publish(click: Click, message: Message) -> None:
    contact_id: Any = message.contact_id
    publish(
        LinkClicked(
            business_id=current_business_id(),
            message_id=message.id,
            contact_id=contact_id,
            link_number=click.link_number,
        )
    )


def _line_key(click: Click) -> str:
    return f"{click.message_id}:{click.link_number}:{click.occurred_at:%Y-%m-%d}"


def _line(key: str, click: Click, message: Message) -> NewInteraction:
    contact_id: Any = message.contact_id
    return NewInteraction(
        contact_id=contact_id,
        kind="content_clicked",
        source=SOURCE,
        external_id=key,
        occurred_at=click.occurred_at,
        channel=Channel.EMAIL,
        direction=Interaction.Direction.NONE,
        object_id=message.id,
        params={"link_number": click.link_number},
    )
