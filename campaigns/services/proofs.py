"""What must be true of messages and sequences: asked of a business by `check_invariants`."""

from campaigns.services.delivery_claims import LEASE_SECONDS
from ecosystem.base.sql import rows

# Every kept count beside what counting the rows gives; equal ones are left out.
_COUNTS = """
WITH kept AS (
    SELECT name::text, key::text, sum(amount)::bigint AS number FROM ecosystem_tally
     WHERE business_id = %(business_id)s
       AND ((name >= 'step.' AND name < 'step/') OR (name >= 'sequence.' AND name < 'sequence/'))
     GROUP BY name, key
), letters AS (
    SELECT CASE WHEN state IN ('accepted', 'delivered', 'complained') THEN 'step.sent'
                WHEN state IN ('failed', 'bounced', 'parked', 'lost') THEN 'step.failed'
                WHEN state = 'unknown' THEN 'step.unknown'
                WHEN state IN ('skipped', 'cancelled', 'expired') THEN 'step.skipped:' || reason END AS name,
           sequence_id || ':' || step_key AS key, clicked_at, opened_at, delayed_at, held_by
      FROM campaigns_message
     WHERE business_id = %(business_id)s AND sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
), walks AS (
    SELECT walk.sequence_id::text AS sequence, walk.state, walk.exit_reason,
           walk.sequence_id || ':' || step.step_key AS step
      FROM campaigns_enrollment AS walk
      LEFT JOIN campaigns_step AS step ON step.business_id = %(business_id)s
            AND step.version_of_id = walk.version_of_id AND step.position = walk.position
     WHERE walk.business_id = %(business_id)s
), counted AS (
    SELECT name, key, count(*) AS number FROM letters WHERE name IS NOT NULL GROUP BY name, key
    UNION ALL SELECT 'step.clicked', key, count(*) FROM letters WHERE clicked_at IS NOT NULL GROUP BY key
    UNION ALL SELECT 'step.opened', key, count(*) FROM letters WHERE opened_at IS NOT NULL GROUP BY key
    UNION ALL SELECT 'step.delayed', key, count(*) FROM letters WHERE delayed_at IS NOT NULL GROUP BY key
    UNION ALL SELECT 'step.held:' || held_by, key, count(*) FROM letters WHERE held_by <> '' GROUP BY held_by, key
    UNION ALL SELECT 'step.here', step, count(*) FROM walks WHERE state = 'active' GROUP BY step
    UNION ALL SELECT 'sequence.entered', sequence, count(*) FROM walks GROUP BY sequence
    UNION ALL SELECT 'sequence.completed', sequence, count(*) FROM walks WHERE state = 'completed' GROUP BY sequence
    UNION ALL SELECT 'sequence.left:' || exit_reason, sequence, count(*) FROM walks WHERE state = 'exited'
     GROUP BY exit_reason, sequence
)
SELECT name, key, coalesce(kept.number, 0) AS kept, coalesce(counted.number, 0) AS counted
  FROM kept FULL JOIN counted USING (name, key)
 WHERE coalesce(kept.number, 0) <> coalesce(counted.number, 0)
 ORDER BY name, key LIMIT 20"""

_LEASES = """
SELECT lane, sum(cardinality(message_ids)) AS number FROM campaigns_messageclaim
 WHERE business_id = %(business_id)s AND lease_until < clock_timestamp() - make_interval(secs => %(seconds)s)
 GROUP BY lane"""

_PLACES = """
SELECT count(*) FILTER (WHERE queued.id IS NULL) AS lost, count(*) FILTER (WHERE message.id IS NULL) AS idle,
       count(*) FILTER (WHERE queued.claim_token IS NOT NULL AND claim.id IS NULL) AS stranded
  FROM (SELECT id FROM campaigns_message
         WHERE business_id = %(business_id)s AND state IN ('queued', 'deferred')) AS message
  FULL JOIN (SELECT id, claim_token FROM campaigns_queuedmessage WHERE business_id = %(business_id)s) AS queued
    ON queued.id = message.id
  LEFT JOIN campaigns_messageclaim AS claim
    ON claim.business_id = %(business_id)s AND claim.id = queued.claim_token"""

_TWINS = """
SELECT 'message' AS kind, idem_key AS key, count(*) AS number FROM campaigns_message
 WHERE business_id = %(business_id)s GROUP BY idem_key HAVING count(*) > 1
UNION ALL
SELECT 'active walk', sequence_id || ' ' || contact_id || ' ' || entry_key, count(*) FROM campaigns_enrollment
 WHERE business_id = %(business_id)s AND state = 'active'
 GROUP BY sequence_id, contact_id, entry_key HAVING count(*) > 1"""

_TOLD = """
SELECT count(*) AS number FROM campaigns_message AS message
 WHERE message.business_id = %(business_id)s AND message.state = 'accepted' AND NOT message.is_test
   AND message.contact_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM contacts_interaction AS line
                    WHERE line.business_id = %(business_id)s AND line.source = 'campaigns.message'
                      AND line.external_id = message.id::text)"""


def wrong_counts() -> list[str]:
    """Counts of letters and walks that differ from a recount."""
    return [f"{row['name']} {row['key']}: kept {row['kept']}, counted {row['counted']}." for row in rows(_COUNTS)]


def letters_left_lying() -> list[str]:
    """Letters in the hand of a worker that is long dead."""
    old = rows(_LEASES, {"seconds": 2 * LEASE_SECONDS + 15})
    return [f"{row['number']} letters of lane {row['lane']} are in hand past their lease." for row in old]


def lost_places() -> list[str]:
    """Letters that wait and have no place in the queue, places of letters that do not wait, and what nobody holds."""
    found = rows(_PLACES)[0]
    words = {
        "lost": "letters wait and stand in no queue.",
        "idle": "places in the queue belong to no waiting letter.",
        "stranded": "letters are in the hand of a claim that is gone.",
    }
    return [f"{found[name]} {sentence}" for name, sentence in words.items() if found[name]]


def twins() -> list[str]:
    """Intents that stand twice."""
    return [f"{row['kind']} {row['key']} stands {row['number']} times." for row in rows(_TWINS)]


def untold_letters() -> list[str]:
    """Letters that were sent and stand in nobody's timeline."""
    number = rows(_TOLD)[0]["number"]
    return [f"{number} sent letters stand in no timeline."] if number else []
