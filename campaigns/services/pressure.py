"""Places in a person's ring of times: taken at the gate, given back after a definite no, found for who must wait.

Whoever is too late for a place is moved once, to the moment the next one is free, and has it from then on; there is no
second look and no second move.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from campaigns.models import Message
from campaigns.queries.pressure import DEFAULT_MEASURES, RHYTHMS, Measure, Place, first_room, has_room
from campaigns.queries.quiet_clock import Clocks
from campaigns.queries.quiet_people import clocks_of
from contacts.models import Channel
from ecosystem.base.sql import array_text, execute, rows
from ecosystem.base.tenancy import business_scope

# Goes between the gate's verdict (`judged`) and what it does; adds those that `passed` and those that are `stopped`.
# Rings are locked in one order, by every gate the same. The last place is left to a letter that was promised more and
# is due as well, in whatever lane it waits. A letter that has its place already, moved there or tried before, takes no
# second one, and while that place lies inside a measure it is asked only whether what went before leaves room: an hour
# late harms nobody. A place that is older counts for nothing. Times are those of PostgreSQL. A rhythm that somebody
# asked for counts letters and texts together, and also for what was moved before they asked.
PLACES_SQL = """
), asking AS MATERIALIZED (
    SELECT judged.id, judged.contact_id, judged.channel, judged.topic_id, judged.rank,
           row_number() OVER (PARTITION BY judged.contact_id ORDER BY judged.rank, judged.due_at, judged.id) AS turn
      FROM judged WHERE judged.reason = '' AND judged.is_counted AND judged.contact_id IS NOT NULL
), measure AS MATERIALIZED (
    SELECT given.channel, coalesce(rule.most_count, given.most_count) AS most_count,
           make_interval(days => coalesce(rule.most_days, given.most_days)) AS span,
           make_interval(days => greatest(coalesce(rule.most_days, given.most_days), longest.days, %(longest_rhythm)s))
               AS keeps
      FROM (VALUES ('email', %(email_count)s::int, %(email_days)s::int),
                   ('sms', %(sms_count)s::int, %(sms_days)s::int)) AS given(channel, most_count, most_days)
      LEFT JOIN campaigns_channelrule AS rule
             ON rule.business_id = %(business_id)s AND rule.channel = given.channel
     CROSS JOIN (SELECT max(promised_days)::int AS days FROM contacts_topic
                  WHERE business_id = %(business_id)s) AS longest
), locked AS MATERIALIZED (
    SELECT asking.*, ring.taken_at, ring.channels, ring.topic_ids, ring.message_ids,
           ring.taken_at[array_position(ring.message_ids, asking.id)] AS own_at,
           make_interval(days => person.rhythm_days) AS rhythm
      FROM asking
      JOIN campaigns_pressure AS ring ON ring.business_id = %(business_id)s AND ring.id = asking.contact_id
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = asking.contact_id
     WHERE asking.turn = 1 AND ring.id = ANY (ARRAY (SELECT contact_id FROM asking))
     ORDER BY ring.id FOR UPDATE OF ring
), room AS MATERIALIZED (
    SELECT locked.id, locked.contact_id, locked.channel, locked.topic_id, kept.*,
           lately < measure.most_count AND of_topic < topic.promised_count
               AND CASE WHEN locked.own_at > statement_timestamp() - locked.rhythm THEN before ELSE around END = 0
               AS fits,
           CASE WHEN locked.own_at IS NULL AND locked.rank > 0
                     AND (lately + 1 = measure.most_count OR of_topic + 1 = topic.promised_count
                          OR locked.rhythm IS NOT NULL) THEN (
                    SELECT other.id
                      FROM (SELECT newest.*, CASE WHEN message_class = 'relationship' THEN 0
                                                  WHEN lane = 'sequence' THEN 1 ELSE 2 END AS rank
                              FROM campaigns_message AS newest
                             WHERE newest.business_id = %(business_id)s AND newest.contact_id = locked.contact_id
                             ORDER BY newest.id DESC LIMIT 50) AS other
                      JOIN campaigns_queuedmessage AS waiting
                        ON waiting.business_id = %(business_id)s AND waiting.id = other.id
                      LEFT JOIN campaigns_sequence AS flow
                             ON flow.business_id = %(business_id)s AND flow.id = other.sequence_id
                     WHERE other.id <> locked.id AND other.channel = locked.channel AND NOT other.is_test
                       AND other.message_class <> 'transactional' AND other.rank < locked.rank
                       AND waiting.handed_at IS NULL AND waiting.due_at <= statement_timestamp()
                       AND other.id <> ALL (locked.message_ids)
                       AND (lately + 1 = measure.most_count OR other.topic_id = locked.topic_id
                            OR locked.rhythm IS NOT NULL)
                       AND flow.state IS DISTINCT FROM 'paused'
                     ORDER BY other.rank, waiting.due_at LIMIT 1) END AS yields_to
      FROM locked
      JOIN measure ON measure.channel = locked.channel
      JOIN contacts_topic AS topic ON topic.business_id = %(business_id)s AND topic.id = locked.topic_id
     CROSS JOIN LATERAL (
            SELECT statement_timestamp() AS moment, make_interval(days => topic.promised_days) AS promised) AS here
     CROSS JOIN LATERAL (
            SELECT CASE WHEN own_at > moment - measure.span THEN interval '1 hour' - measure.span
                        ELSE - measure.span END AS rule_from,
                   CASE WHEN own_at > moment - measure.span THEN interval '1 hour' ELSE measure.span END AS rule_to,
                   CASE WHEN own_at > moment - promised THEN interval '1 hour' - promised
                        ELSE - promised END AS promise_from,
                   CASE WHEN own_at > moment - promised THEN interval '1 hour' ELSE promised END AS promise_to) AS looks
     CROSS JOIN LATERAL (
            SELECT array_agg(at) FILTER (WHERE is_kept) AS taken_at,
                   array_agg(channel) FILTER (WHERE is_kept) AS channels,
                   array_agg(topic_id) FILTER (WHERE is_kept) AS topic_ids,
                   array_agg(message_id) FILTER (WHERE is_kept) AS message_ids,
                   count(*) FILTER (WHERE message_id <> locked.id AND one.channel = locked.channel
                                      AND at > moment + rule_from AND at < moment + rule_to) AS lately,
                   count(*) FILTER (WHERE message_id <> locked.id AND one.channel = locked.channel
                                      AND topic_id = locked.topic_id
                                      AND at > moment + promise_from AND at < moment + promise_to) AS of_topic,
                   count(*) FILTER (WHERE message_id <> locked.id AND at > statement_timestamp() - locked.rhythm
                                      AND at < statement_timestamp() + locked.rhythm) AS around,
                   count(*) FILTER (WHERE message_id <> locked.id AND at > statement_timestamp() - locked.rhythm
                                      AND at <= statement_timestamp()) AS before
              FROM (SELECT *, message_id <> locked.id AND at > statement_timestamp() - measure.keeps AS is_kept
                      FROM unnest(locked.taken_at, locked.channels, locked.topic_ids, locked.message_ids)
                           AS place(at, channel, topic_id, message_id)) AS one) AS kept
), fresh AS MATERIALIZED (
    SELECT * FROM asking WHERE turn = 1 AND contact_id <> ALL (ARRAY (SELECT contact_id FROM locked))
), opened AS (
    INSERT INTO campaigns_pressure (business_id, id, taken_at, channels, topic_ids, message_ids)
    SELECT %(business_id)s, contact_id, ARRAY[statement_timestamp()], ARRAY[channel], ARRAY[topic_id], ARRAY[id]
      FROM fresh ORDER BY contact_id
    ON CONFLICT (business_id, id) DO NOTHING
    RETURNING message_ids[1] AS id
), taken AS (
    UPDATE campaigns_pressure AS ring
       SET taken_at = array_append(room.taken_at, statement_timestamp()),
           channels = array_append(room.channels, room.channel),
           topic_ids = array_append(room.topic_ids, room.topic_id),
           message_ids = array_append(room.message_ids, room.id)
      FROM room
     WHERE ring.business_id = %(business_id)s AND ring.id = room.contact_id AND room.fits AND room.yields_to IS NULL
       AND ring.id = ANY (ARRAY (SELECT contact_id FROM locked))
    RETURNING room.id
), passed AS MATERIALIZED (
    SELECT id FROM taken UNION ALL SELECT id FROM opened
    UNION ALL SELECT id FROM judged WHERE reason = '' AND NOT (is_counted AND contact_id IS NOT NULL)
), stopped AS (
    SELECT id, 'again' AS state, '' AS reason FROM asking WHERE turn > 1
    UNION ALL SELECT id, 'again', '' FROM fresh WHERE id <> ALL (ARRAY (SELECT id FROM opened))
    UNION ALL SELECT id, CASE WHEN fits THEN 'yields' ELSE 'held' END, coalesce(yields_to::text, '')
                FROM room WHERE NOT fits OR yields_to IS NOT NULL
    UNION ALL SELECT id, CASE WHEN reason IN ('business_paused', 'sequence_paused', 'walk_paused', 'quiet_hours',
                                              'on_pause') THEN 'deferred' ELSE 'skipped' END, reason
                FROM judged WHERE reason <> ''
"""

# Whose letters are held, with their rings, locked in the order of the gate.
_HELD = """
SELECT message.id, message.contact_id, message.channel, message.topic_id, message.expires_at, message.held_by,
       statement_timestamp() AS moment,
       topic.promised_count, topic.promised_days, person.rhythm_days,
       ring.taken_at, ring.channels, ring.topic_ids, ring.message_ids,
       coalesce(rule.most_count, %(default_count)s) AS most_count,
       coalesce(rule.most_days, %(default_days)s) AS most_days
  FROM campaigns_queuedmessage AS queued
  JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = queued.id
  JOIN contacts_topic AS topic ON topic.business_id = %(business_id)s AND topic.id = message.topic_id
  JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = message.contact_id
  JOIN campaigns_pressure AS ring ON ring.business_id = %(business_id)s AND ring.id = message.contact_id
  LEFT JOIN campaigns_channelrule AS rule
         ON rule.business_id = %(business_id)s AND rule.channel = message.channel
 WHERE queued.business_id = %(business_id)s AND queued.id = ANY (%(ids)s::uuid[])
   AND queued.claim_token = %(token)s AND queued.handed_at IS NULL AND message.channel = %(channel)s
 ORDER BY ring.id FOR UPDATE OF ring"""

_HOLD = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(until)s::timestamptz[], %(held_by)s::text[])
           AS given(id, again_at, held_by)
), waiting AS (
    UPDATE campaigns_queuedmessage AS queued
       SET claim_token = NULL, attempt = queued.attempt - 1, due_at = given.again_at
      FROM given
     WHERE queued.business_id = %(business_id)s AND queued.id = given.id
       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL
    RETURNING given.*
), moved AS (
    UPDATE campaigns_message AS message
       SET state = 'deferred', held_by = waiting.held_by, due_at = waiting.again_at,
           reason = CASE WHEN message.reason IN ('resent', 'while_away') THEN message.reason
                         WHEN waiting.held_by = 'rule' THEN 'had_enough'
                         WHEN waiting.held_by = 'rhythm' THEN 'their_rhythm' ELSE 'promise_kept' END,
           updated_at = clock_timestamp()
      FROM waiting
     WHERE message.business_id = %(business_id)s AND message.id = waiting.id
    RETURNING message.*
), placed AS (
    UPDATE campaigns_pressure AS ring
       SET taken_at = ring.taken_at || added.taken_at, channels = ring.channels || added.channels,
           topic_ids = ring.topic_ids || added.topic_ids, message_ids = ring.message_ids || added.message_ids
      FROM (SELECT contact_id, array_agg(due_at) AS taken_at, array_agg(channel) AS channels,
                   array_agg(topic_id) AS topic_ids, array_agg(id) AS message_ids
              FROM moved GROUP BY contact_id) AS added
     WHERE ring.business_id = %(business_id)s AND ring.id = added.contact_id
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.held:' || held_by, sequence_id || ':' || step_key, count(*)
      FROM moved WHERE sequence_id IS NOT NULL AND NOT is_replaced GROUP BY held_by, sequence_id, step_key
)
SELECT count(*) AS moved FROM moved"""

# A place that one letter leaves to another one of the same person, which is due and comes through the gate later.
_KEEP = """
UPDATE campaigns_pressure AS ring
   SET taken_at = ring.taken_at || statement_timestamp(), channels = ring.channels || message.channel,
       topic_ids = ring.topic_ids || message.topic_id, message_ids = ring.message_ids || message.id
  FROM campaigns_message AS message
 WHERE ring.business_id = %(business_id)s AND ring.id = %(id)s
   AND message.business_id = %(business_id)s AND message.id = %(message)s"""

_FREE = """
WITH ring AS MATERIALIZED (
    SELECT ring.* FROM campaigns_pressure AS ring
     WHERE ring.business_id = %(business_id)s
       AND ring.id IN (SELECT contact_id FROM campaigns_message
                        WHERE business_id = %(business_id)s AND id = ANY (%(ids)s::uuid[]))
       AND ring.message_ids && %(ids)s::uuid[]
     ORDER BY ring.id FOR UPDATE
)
UPDATE campaigns_pressure AS freed
   SET taken_at = left_over.taken_at, channels = left_over.channels, topic_ids = left_over.topic_ids,
       message_ids = left_over.message_ids
  FROM ring
 CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(at), '{}') AS taken_at, coalesce(array_agg(channel), '{}') AS channels,
               coalesce(array_agg(topic_id), '{}') AS topic_ids, coalesce(array_agg(message_id), '{}') AS message_ids
          FROM unnest(ring.taken_at, ring.channels, ring.topic_ids, ring.message_ids)
               AS place(at, channel, topic_id, message_id)
         WHERE message_id <> ALL (%(ids)s::uuid[])) AS left_over
 WHERE freed.business_id = %(business_id)s AND freed.id = ring.id"""


@dataclass(frozen=True, slots=True)
class Held:
    """What becomes of a letter for which there was no place: when it goes, or (None) that it is skipped."""

    id: UUID
    held_by: str
    until: datetime | None


def measure_params() -> dict[str, int]:
    """The common measures as the gate's statement reads them."""
    email, sms = DEFAULT_MEASURES[Channel.EMAIL], DEFAULT_MEASURES[Channel.SMS]
    measures = {"email_count": email.count, "email_days": email.days, "sms_count": sms.count, "sms_days": sms.days}
    return {**measures, "longest_rhythm": max(RHYTHMS)}


def hold_back(
    ids: Sequence[UUID], *, yields_to: Mapping[UUID, UUID], channel: str, token: UUID, business_id: int
) -> list[Held]:
    """Find each held letter its place, in the order given, and move it there, in one transaction.

    What was moved before is let go. `yields_to` names the letters for which some of them
    leave the place that is free now: it is kept for these.
    Those without a place until they expire are answered with None and stay in hand: the gate skips them.
    """
    default = DEFAULT_MEASURES[Channel(channel)]
    given = {"ids": array_text([str(one) for one in ids]), "token": token, "channel": channel}
    with business_scope(business_id):
        found = rows(_HELD, {**given, "default_count": default.count, "default_days": default.days})
        clocks = clocks_of(row["id"] for row in found)
        known = {row["id"]: row for row in found}
        rings: dict[UUID, list[Place]] = {}
        held = []
        for row in [known[one] for one in ids if one in known]:
            places = rings.setdefault(row["contact_id"], _places(row))
            other = yields_to.get(row["id"])
            if other is not None and other not in {place.message_id for place in places}:
                places.append(Place(row["moment"], row["topic_id"], other, channel))
                execute(_KEEP, {"id": row["contact_id"], "message": other})
            one = _judge(row, [place for place in places if place.message_id != row["id"]], clocks[row["id"]])
            if one.until is not None:
                places.append(Place(one.until, row["topic_id"], one.id, channel))
            held.append(one)
        # A place from before that no longer serves; moved, it gets its one new place.
        had_places = [one.id for one in held if one.id in known[one.id]["message_ids"]]
        if had_places:
            free_places(had_places)
        moved = [one for one in held if one.until is not None]
        if moved:
            execute(_HOLD, {"token": token, **_columns(moved)})
    return held


def free_places(ids: Iterable[UUID | str]) -> None:
    """Give back the places of letters that will not go, or not now."""
    execute(_FREE, {"ids": array_text([str(one) for one in ids])})


def free_places_of_called_off(ids: Iterable[UUID]) -> None:
    """Give back the places of letters that were called off between the gate's look and its hand."""
    gone = list(Message.objects.filter(id__in=list(ids), state=Message.State.CANCELLED).values_list("id", flat=True))
    if gone:
        free_places(gone)


def _judge(row: dict[str, Any], places: Sequence[Place], clocks: Clocks) -> Held:
    now = row["moment"]
    measures = {
        "promise": Measure(row["promised_count"], row["promised_days"], row["topic_id"], row["channel"]),
        "rule": Measure(row["most_count"], row["most_days"], channel=row["channel"]),
    }
    if row["rhythm_days"]:
        measures = {"rhythm": Measure(1, row["rhythm_days"]), **measures}
    held_by = next((name for name, measure in measures.items() if not has_room(places, [measure], now)), "rule")
    if row["held_by"]:
        return Held(row["id"], held_by, None)
    until = first_room(places, list(measures.values()), now, lambda moment: clocks.next_open(moment) or moment)
    is_too_late = row["expires_at"] is not None and until >= row["expires_at"]
    return Held(row["id"], held_by, None if is_too_late else until)


def _places(row: dict[str, Any]) -> list[Place]:
    together = zip(row["taken_at"], row["channels"], row["topic_ids"], row["message_ids"], strict=True)
    return [Place(at, topic_id, message_id, channel) for at, channel, topic_id, message_id in together]


def _columns(moved: Sequence[Held]) -> dict[str, str]:
    return {
        "ids": array_text([str(one.id) for one in moved]),
        "until": array_text([one.until.isoformat() for one in moved if one.until is not None]),
        "held_by": array_text([one.held_by for one in moved]),
    }
