"""Deciding about what is held because it was due while we were away: send it, or drop it; by sequence."""

from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Sequence
from campaigns.queries.held_letters import held_letters
from campaigns.services.messages import queue_of
from campaigns.services.pressure import free_places
from campaigns.services.quiet_hours import plan_hours
from ecosystem.account_mail import letter_html
from ecosystem.base.access import Role
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import Conflict
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.manners import team_tongue_of
from ecosystem.models import Absence, Business, BusinessProfile, Membership
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act
from ecosystem.services.outbox import enqueue

DECIDE_HELD = "campaigns.decide_held"
BATCH = 2_000
DROPPED = "dropped_after_absence"

_SOME = """
WITH chosen AS MATERIALIZED (
    SELECT id, rare_state FROM campaigns_message
     WHERE business_id = %(business_id)s AND rare_state IN ('planned', 'unknown') AND reason = 'while_away'
       AND NOT is_test AND sequence_id IS NOT DISTINCT FROM %(sequence_id)s::uuid AND updated_at <= %(seen_at)s
     ORDER BY id LIMIT %(batch)s FOR UPDATE
)"""

_COUNTED = """, counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), name, key, sum(amount)
      FROM (SELECT 'step.unknown' AS name, sequence_id || ':' || step_key AS key, -1 AS amount
              FROM decided WHERE was = 'unknown' AND sequence_id IS NOT NULL AND NOT is_replaced
             UNION ALL
            SELECT CASE was WHEN 'unknown' THEN 'step.failed' ELSE 'step.skipped:dropped_after_absence' END,
                   sequence_id || ':' || step_key, 1
              FROM decided WHERE NOT %(sends)s AND sequence_id IS NOT NULL AND NOT is_replaced) AS change
     GROUP BY name, key
)
SELECT id, was, lane, message_class FROM decided"""

_SEND = (
    _SOME  # noqa: S608
    + """, decided AS (
    UPDATE campaigns_message AS message
       SET state = 'queued', reason = '', attempt = 0, answered = 0, due_at = clock_timestamp(),
           updated_at = clock_timestamp()
      FROM chosen
     WHERE message.business_id = %(business_id)s AND message.id = chosen.id
    RETURNING message.id, chosen.rare_state AS was, message.lane, message.due_at, message.message_class,
              message.sequence_id, message.step_key, message.is_replaced
), queued AS (
    INSERT INTO campaigns_queuedmessage (business_id, id, lane, due_at)
    SELECT %(business_id)s, id, lane, due_at FROM decided
)"""
    + _COUNTED
)

_DROP = (
    _SOME  # noqa: S608
    + """, decided AS (
    UPDATE campaigns_message AS message
       SET state = CASE chosen.rare_state WHEN 'unknown' THEN 'lost' ELSE 'skipped' END,
           reason = CASE chosen.rare_state WHEN 'unknown' THEN '' ELSE 'dropped_after_absence' END,
           updated_at = clock_timestamp()
      FROM chosen
     WHERE message.business_id = %(business_id)s AND message.id = chosen.id
    RETURNING message.id, chosen.rare_state AS was, message.lane, message.message_class, message.sequence_id,
              message.step_key, message.is_replaced
)"""
    + _COUNTED
)


@transaction.atomic
def decide_held(sequence: Sequence | None, *, sends: bool, absence: int, actor: Membership | None = None) -> int:
    """Send or drop what is held of a sequence (None: all that belongs to none); how many letters that concerns.

    `absence` is the number of the last one that somebody saw: Conflict where there was another one since, for then more
    is held than they saw. Each letter keeps its Message-ID and passes the gate: who left meanwhile gets nothing. Two
    thousand are decided at once, the others within seconds; a second click finds none.
    """
    profile = BusinessProfile.objects.get()
    of_us = Absence.objects.filter(Q(of_business_id=None) | Q(of_business_id=current_business_id()))
    if profile.absence_held != absence or of_us.filter(id__gt=absence).exists():
        raise Conflict("more_is_held", _("More letters were held meanwhile. Look again, then decide."))
    sequence_id = sequence.id if sequence else None
    held = {one.sequence_id: one.number for one in held_letters(sequence_id=sequence_id)}
    decided = _decide(sequence_id, sends=sends, seen_at=clock_now())
    if not decided:
        return 0
    number = max(held.get(sequence_id, 0), decided)
    what = "held_letters" if sequence else "other_held"
    action = f"{what}_sent" if sends else f"{what}_dropped"
    record_act(action, actor=actor, subject=sequence or profile, number=number)
    return number


def decide_held_further(payload: dict[str, Any]) -> None:
    """The next two thousand of what somebody decided about."""
    sequence_id = UUID(payload["sequence_id"]) if payload["sequence_id"] else None
    _decide(sequence_id, sends=payload["sends"], seen_at=datetime.fromisoformat(payload["seen_at"]))


def _decide(sequence_id: UUID | None, *, sends: bool, seen_at: datetime) -> int:
    given = {"sequence_id": sequence_id, "seen_at": seen_at, "batch": BATCH, "sends": sends}
    found = rows(_SEND if sends else _DROP, given)
    if sends:
        plan_hours(row["id"] for row in found if row["message_class"] != "transactional")
        for lane in {row["lane"] for row in found}:
            note_work(queue_of(lane))
    else:
        # Of the others nobody knows whether they were read.
        free_places(row["id"] for row in found if row["was"] == "planned")
    if len(found) == BATCH:
        payload = {"sequence_id": str(sequence_id or ""), "sends": sends, "seen_at": seen_at.isoformat()}
        enqueue(DECIDE_HELD, payload)
    return len(found)


def tell_owners_of_held(profile: BusinessProfile, *, since: datetime, is_restored: bool) -> None:
    """Write to the owners that letters are held, in the current transaction; nothing where none are."""
    number = sum(held.number for held in held_letters())
    if not number:
        return
    business = Business.objects.get(pk=current_business_id())
    page = urljoin(settings.PUBLIC_URL, reverse("campaigns:sequence_list", args=[business.slug]))
    with translation.override(team_tongue_of(profile)):
        subject = ngettext(
            "Held: %(number)d letter that was due while we were away",
            "Held: %(number)d letters that were due while we were away",
            number,
        ) % {"number": number}
        given = {"business": business, "number": number, "since": since, "is_restored": is_restored, "page": page}
        text = render_to_string("emails/held_letters.txt", given)
    for owner in Membership.objects.filter(role=Role.OWNER).select_related("user"):
        queue_account_email(owner.user.email, subject, text, letter_html(subject, text))
