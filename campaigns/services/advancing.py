"""Walking people along their sequences: hundreds of steps in one statement, each exactly once.

A person rests either on a wait, due when it is over, or on a letter, due at once. When the time has come they take the
next letter along (the message is written in the same statement) and rest on what follows, or are through. A wait counts
from the moment the letter before it was handed over: who comes too early by that clock is sent back to rest.
"""

import time
from datetime import datetime, timedelta
from uuid import UUID

from campaigns.queries.sending import find_sending
from campaigns.services.messages import queue_of
from campaigns.services.quiet_hours import plan_hours
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import note_work

BATCH = 500
TURN_SECONDS = 3.0
PAUSED_SECONDS = 60

# One statement, one transaction, no lease: a crash takes all of it back. The key of each message is the second guard.
ADVANCE = """
WITH due AS (
    SELECT walk.id, walk.sequence_id, walk.version_of_id, walk.contact_id, walk.position, walk.visit_no,
           walk.entry_key, sequence.topic_id
      FROM campaigns_sequence AS sequence
     CROSS JOIN LATERAL (
            SELECT id, sequence_id, version_of_id, contact_id, position, visit_no, entry_key
              FROM campaigns_enrollment AS waiting
             WHERE waiting.business_id = %(business_id)s AND waiting.sequence_id = sequence.id
               AND waiting.state = 'active' AND waiting.paused_at IS NULL AND waiting.due_at <= %(now)s
             ORDER BY waiting.due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED) AS walk
     WHERE sequence.business_id = %(business_id)s AND sequence.state = 'live'
     LIMIT %(batch)s
), line AS (
    SELECT version_of_id, position, kind, step_key, content_version_id, wait_seconds,
           lag(kind) OVER way AS kind_before, lag(step_key) OVER way AS key_before,
           lead(kind, 1) OVER way AS kind_1, lead(step_key, 1) OVER way AS key_1,
           lead(content_version_id, 1) OVER way AS letter_1, lead(wait_seconds, 1) OVER way AS wait_1,
           lead(kind, 2) OVER way AS kind_2, lead(step_key, 2) OVER way AS key_2,
           lead(wait_seconds, 2) OVER way AS wait_2
      FROM campaigns_step
     WHERE business_id = %(business_id)s AND version_of_id IN (SELECT version_of_id FROM due)
    WINDOW way AS (PARTITION BY version_of_id ORDER BY position)
), move AS (
    SELECT version_of_id, position, step_key AS key_here,
           CASE WHEN kind = 'wait' THEN wait_seconds END AS wait_here,
           CASE WHEN kind = 'wait' AND kind_before = 'send' THEN key_before END AS sent_before,
           CASE WHEN kind = 'send' THEN step_key WHEN kind = 'wait' AND kind_1 = 'send' THEN key_1 END AS sends,
           CASE WHEN kind = 'send' THEN content_version_id
                WHEN kind = 'wait' AND kind_1 = 'send' THEN letter_1 END AS letter,
           CASE WHEN kind = 'send' AND kind_1 IN ('send', 'wait') THEN 1
                WHEN kind = 'wait' AND kind_1 = 'wait' THEN 1
                WHEN kind = 'wait' AND kind_1 = 'send' AND kind_2 IN ('send', 'wait') THEN 2 END AS ahead,
           CASE WHEN kind = 'send' OR kind_1 = 'wait' THEN key_1 ELSE key_2 END AS key_next,
           CASE WHEN kind = 'send' OR kind_1 = 'wait' THEN wait_1 ELSE wait_2 END AS wait_next
      FROM line
), met AS MATERIALIZED (
    SELECT due.*, move.key_here, move.wait_here, move.sends, move.letter, move.ahead, move.key_next, move.wait_next,
           's:' || due.id || ':' || move.sent_before || ':' || due.visit_no AS key_sent_before
      FROM due LEFT JOIN move ON move.version_of_id = due.version_of_id AND move.position = due.position
), timed AS (
    SELECT met.*,
           CASE WHEN sent.is_waiting
                    THEN greatest(sent.due_at, %(now)s) + make_interval(secs => met.wait_here)
                WHEN sent.handed_at + make_interval(secs => met.wait_here) > %(now)s
                    THEN sent.handed_at + make_interval(secs => met.wait_here) END AS rests_until
      FROM met
      LEFT JOIN LATERAL (
            SELECT message.state IN ('planned', 'queued', 'deferred') AND queued.handed_at IS NULL AS is_waiting,
                   coalesce(queued.due_at, message.due_at) AS due_at,
                   coalesce(queued.handed_at, message.handed_at) AS handed_at
              FROM campaigns_message AS message
              LEFT JOIN campaigns_queuedmessage AS queued
                     ON queued.business_id = %(business_id)s AND queued.id = message.id
             WHERE message.business_id = %(business_id)s AND message.idem_key = met.key_sent_before LIMIT 1
           ) AS sent ON true
), walked AS (
    UPDATE campaigns_enrollment AS walk
       SET state = CASE WHEN timed.rests_until IS NULL AND timed.ahead IS NULL THEN 'completed' ELSE 'active' END,
           ended_at = CASE WHEN timed.rests_until IS NULL AND timed.ahead IS NULL THEN %(now)s END,
           position = walk.position + CASE WHEN timed.rests_until IS NULL THEN coalesce(timed.ahead, 0) ELSE 0 END,
           due_at = coalesce(timed.rests_until, %(now)s + make_interval(secs => coalesce(timed.wait_next, 0))),
           updated_at = clock_timestamp()
      FROM timed
     WHERE walk.business_id = %(business_id)s AND walk.id = timed.id AND walk.id = ANY (ARRAY (SELECT id FROM due))
), aimed AS (
    -- By which way: what is a text alone goes as one; what is both goes as they like it, where they said yes to that in
    -- writing and nothing stops the number. Where the text could not go, the letter does.
    SELECT timed.*, topic.id AS topic, topic.message_class, person.primary_email, person.primary_phone,
           person.given_name, person.family_name, person.display_name, person.quiet_from_minute,
           by_mail.address_hash AS mail_hash, by_text.address_hash AS text_hash,
           CASE WHEN version.subject = '' THEN 'sms'
                WHEN version.text_body <> '' AND by_text.state = 'granted' AND by_text.basis = 'express_written'
                     AND coalesce(by_text.expires_at > %(now)s, true) AND person.primary_phone <> ''
                     AND NOT EXISTS (
                         SELECT FROM contacts_suppression AS stop
                          WHERE stop.business_id = %(business_id)s AND stop.channel = 'sms'
                            AND stop.address_hash = by_text.address_hash AND stop.lifted_at IS NULL
                            AND (stop.topic_id IS NULL OR stop.topic_id = timed.topic_id))
                     AND NOT EXISTS (
                         SELECT FROM contacts_contactpoint AS point
                          WHERE point.business_id = %(business_id)s AND point.contact_id = timed.contact_id
                            AND point.kind = 'phone' AND point.value_norm = person.primary_phone
                            AND point.bounced_at IS NOT NULL)
                     AND (person.preferred_channel = 'sms' OR by_mail.state IS DISTINCT FROM 'granted') THEN 'sms'
                ELSE 'email' END AS channel
      FROM timed
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = timed.contact_id
      JOIN contacts_topic AS topic ON topic.business_id = %(business_id)s AND topic.id = timed.topic_id
      LEFT JOIN campaigns_contentversion AS version
             ON version.business_id = %(business_id)s AND version.id = timed.letter
      LEFT JOIN contacts_consentstate AS by_mail
             ON by_mail.business_id = %(business_id)s AND by_mail.contact_id = timed.contact_id
            AND by_mail.channel = 'email' AND by_mail.topic_id = timed.topic_id
      LEFT JOIN contacts_consentstate AS by_text
             ON version.text_body <> '' AND by_text.business_id = %(business_id)s
            AND by_text.contact_id = timed.contact_id AND by_text.channel = 'sms' AND by_text.topic_id = timed.topic_id
     WHERE timed.sends IS NOT NULL AND timed.rests_until IS NULL
), addressed AS (
    SELECT aimed.*, CASE channel WHEN 'sms' THEN primary_phone ELSE primary_email END AS address,
           coalesce(CASE channel WHEN 'sms' THEN text_hash ELSE mail_hash END, '') AS address_hash
      FROM aimed
), judged AS (
    -- A mailbox is one person's; a number may be shared, and gets a text of a step once for all who have it.
    SELECT addressed.*,
           CASE WHEN address = '' THEN 'no_address'
                WHEN channel = 'sms' AND address_hash <> ''
                     AND (row_number() OVER (PARTITION BY channel, address_hash, sends, entry_key, visit_no
                                                 ORDER BY id) > 1
                          OR EXISTS (
                              SELECT FROM campaigns_message AS other
                                JOIN campaigns_enrollment AS walk
                                  ON walk.business_id = %(business_id)s AND walk.id = other.enrollment_id
                               WHERE other.business_id = %(business_id)s AND other.address_hash = addressed.address_hash
                                 AND other.channel = 'sms' AND other.step_key = sends
                                 AND other.sequence_id = addressed.sequence_id AND other.enrollment_id <> addressed.id
                                 AND walk.entry_key = addressed.entry_key AND other.contact_id <> addressed.contact_id
                                 AND other.state NOT IN ('skipped', 'cancelled', 'expired', 'parked')))
                THEN 'same_number' ELSE '' END AS skips
      FROM addressed
), written AS (
    INSERT INTO campaigns_message (id, business_id, message_class, channel, lane, idem_key, contact_id, topic_id,
                                   sequence_id, enrollment_id, step_key, content_version_id, template, address,
                                   address_hash, merge, is_test, state, reason, due_at, attempt, provider_id)
    SELECT uuidv7(), %(business_id)s, message_class, channel, CASE channel WHEN 'sms' THEN 'text' ELSE 'sequence' END,
           's:' || id || ':' || sends || ':' || visit_no, contact_id, topic, sequence_id, id, sends, letter, '',
           address, address_hash,
           jsonb_strip_nulls(jsonb_build_object(
               'contact.first_name', nullif(given_name, ''), 'contact.last_name', nullif(family_name, ''),
               'contact.full_name', nullif(display_name, ''))),
           false, CASE WHEN skips = '' THEN 'queued' ELSE 'skipped' END, skips, %(now)s, 0, ''
      FROM judged ORDER BY judged.id
    ON CONFLICT (business_id, idem_key) DO NOTHING
    RETURNING id, contact_id, sequence_id, step_key, state, reason, lane, channel
), queued AS (
    INSERT INTO campaigns_queuedmessage (business_id, id, lane, due_at)
    SELECT %(business_id)s, id, lane, %(now)s FROM written WHERE state = 'queued'
), changed AS (
    SELECT 'step.here' AS name, sequence_id || ':' || key_here AS key, -1 AS amount
      FROM timed WHERE rests_until IS NULL AND key_here IS NOT NULL
    UNION ALL
    SELECT 'step.here', sequence_id || ':' || key_next, 1 FROM timed WHERE rests_until IS NULL AND ahead IS NOT NULL
    UNION ALL
    SELECT 'sequence.completed', sequence_id::text, 1 FROM timed WHERE rests_until IS NULL AND ahead IS NULL
    UNION ALL
    SELECT 'step.skipped:' || reason, sequence_id || ':' || step_key, 1 FROM written WHERE state = 'skipped'
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), name, key, sum(amount) FROM changed GROUP BY name, key HAVING sum(amount) <> 0
)
SELECT (SELECT count(*) FROM timed) AS walked,
       ARRAY (SELECT DISTINCT lane FROM written WHERE state = 'queued') AS lanes,
       ARRAY (SELECT id::text FROM written
               WHERE state = 'queued'
                 AND (channel = 'sms'
                      OR contact_id IN (SELECT contact_id FROM judged WHERE quiet_from_minute IS NOT NULL)
                      OR channel IN (SELECT rule.channel FROM campaigns_channelrule AS rule
                                      WHERE rule.business_id = %(business_id)s
                                        AND (rule.opens_minute IS NOT NULL OR NOT rule.at_weekends)))
             ) AS keep_hours"""

_NEXT = """
SELECT min(first.due_at) AS due_at
  FROM campaigns_sequence AS sequence
 CROSS JOIN LATERAL (
        SELECT due_at FROM campaigns_enrollment AS waiting
         WHERE waiting.business_id = %(business_id)s AND waiting.sequence_id = sequence.id AND waiting.state = 'active'
           AND waiting.paused_at IS NULL
         ORDER BY waiting.due_at LIMIT 1) AS first
 WHERE sequence.business_id = %(business_id)s AND sequence.state = 'live'"""


def advance(now: datetime, *, batch: int = BATCH) -> int:
    """Let up to `batch` people whose time has come take their next step, in the current transaction; how many did."""
    done = rows(ADVANCE, {"now": now, "batch": batch}, prepared="advance", keeps_plan=True)[0]
    if done["keep_hours"]:
        plan_hours(UUID(one) for one in done["keep_hours"])
    for lane in done["lanes"]:
        note_work(queue_of(lane))
    return int(done["walked"])


def next_step_due() -> datetime | None:
    """When the next step of the current business is due, in the past too; None where nobody walks."""
    found: datetime | None = rows(_NEXT)[0]["due_at"]
    return found


def work_steps(business_id: int, now: datetime) -> datetime | None:
    """Take the steps of a business that are due, some batches of them; when the next one is due."""
    deadline = time.monotonic() + TURN_SECONDS
    while True:
        with business_scope(business_id):
            if find_sending() is None:
                return now + timedelta(seconds=PAUSED_SECONDS)
            is_full = advance(now) == BATCH
        if not is_full or time.monotonic() > deadline:
            break
    with business_scope(business_id):
        return next_step_due()
