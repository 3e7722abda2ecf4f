"""What must be true of people: kept counts, rungs and facts, recounted from their rows and their ledgers."""

from contacts.models import FEEDING_KINDS, Stage
from contacts.services.interactions import SILENT_KINDS
from ecosystem.base.sql import rows

MOST_NAMED = 20

# Every kept count beside what counting the rows gives; equal ones are left out.
_COUNTS = """
WITH kept AS (
    SELECT name::text, key::text, sum(amount)::bigint AS number FROM ecosystem_tally
     WHERE business_id = %(business_id)s
       AND name IN ('people', 'people_by_stage', 'people_by_role', 'people_by_tag', 'people_granted', 'organizations',
                    'risen')
     GROUP BY name, key
), person AS MATERIALIZED (
    SELECT id, coalesce(stage, '') AS stage FROM contacts_contact
     WHERE business_id = %(business_id)s AND deleted_at IS NULL
), counted AS (
    SELECT 'people' AS name, '' AS key, count(*) AS number FROM person
    UNION ALL SELECT 'people_by_stage', stage, count(*) FROM person GROUP BY stage
    UNION ALL SELECT 'people_by_role', role.kind, count(*) FROM contacts_roleassignment AS role
        JOIN person ON person.id = role.contact_id
       WHERE role.business_id = %(business_id)s AND role.ended_at IS NULL GROUP BY role.kind
    UNION ALL SELECT 'people_by_tag', worn.tag_id::text, count(*) FROM contacts_contacttag AS worn
        JOIN person ON person.id = worn.contact_id
       WHERE worn.business_id = %(business_id)s GROUP BY worn.tag_id
    UNION ALL SELECT 'people_granted', given.channel || ':' || given.topic_id, count(*)
        FROM contacts_consentstate AS given JOIN person ON person.id = given.contact_id
       WHERE given.business_id = %(business_id)s AND given.state = 'granted' GROUP BY given.channel, given.topic_id
    UNION ALL SELECT 'organizations', '', count(*) FROM contacts_organization
       WHERE business_id = %(business_id)s AND deleted_at IS NULL
    UNION ALL SELECT 'risen', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ':' || least_rung, sum(amount)
        FROM (SELECT occurred_at, CASE WHEN undoes_id IS NULL THEN from_stage ELSE to_stage END AS least_rung,
                     CASE WHEN undoes_id IS NULL THEN 1 ELSE -1 END AS amount
                FROM contacts_stagechange
               WHERE business_id = %(business_id)s AND from_stage <> '' AND to_stage <> ''
                 AND (array_position(%(rungs)s, to_stage::text) > array_position(%(rungs)s, from_stage::text))
                     = (undoes_id IS NULL)) AS move
       GROUP BY 2
)
SELECT name, key, coalesce(kept.number, 0) AS kept, coalesce(counted.number, 0)::bigint AS counted
  FROM kept FULL JOIN counted USING (name, key)
 WHERE coalesce(kept.number, 0) <> coalesce(counted.number, 0)
 ORDER BY name, key LIMIT %(most)s"""

# Whoever was forgotten keeps the bare history and stands nowhere.
_RUNGS = """
SELECT person.id, coalesce(person.stage, '') AS kept, coalesce(newest.to_stage, '') AS told
  FROM contacts_contact AS person
  LEFT JOIN LATERAL (SELECT to_stage FROM contacts_stagechange AS move
                      WHERE move.business_id = %(business_id)s AND move.contact_id = person.id
                      ORDER BY move.id DESC LIMIT 1) AS newest ON true
 WHERE person.business_id = %(business_id)s AND person.erased_at IS NULL
   AND coalesce(person.stage, '') <> coalesce(newest.to_stage, '')
 ORDER BY person.id LIMIT %(most)s"""

# The lines of a record that was made one with another one count there; the stub itself is nobody.
_FACTS = """
WITH told AS (
    SELECT coalesce(teller.merged_into_id, teller.id) AS contact_id, count(*) AS lines, max(occurred_at) AS touched_at,
           max(occurred_at) FILTER (WHERE kind = ANY (%(feeding)s)) AS fed_at,
           max(occurred_at) FILTER (WHERE direction = 'in') AS inbound_at,
           max(occurred_at) FILTER (WHERE kind = 'content_clicked') AS clicked_at,
           count(*) FILTER (WHERE kind = 'content_clicked') AS clicks,
           max(occurred_at) FILTER (WHERE kind = 'purchase') AS bought_at,
           count(*) FILTER (WHERE kind = 'purchase') AS purchases,
           coalesce(sum(value_minor) FILTER (WHERE kind = 'purchase'), 0)::bigint AS spent
      FROM contacts_interaction
      JOIN contacts_contact AS teller ON teller.business_id = %(business_id)s AND teller.id = contact_id
     WHERE contacts_interaction.business_id = %(business_id)s AND kind <> ALL (%(silent)s)
     GROUP BY 1
), kept AS (
    SELECT * FROM contacts_contactstats WHERE business_id = %(business_id)s
)
SELECT person.id
  FROM contacts_contact AS person
  LEFT JOIN told ON told.contact_id = person.id
  LEFT JOIN kept ON kept.contact_id = person.id
 WHERE person.business_id = %(business_id)s AND person.erased_at IS NULL AND person.merged_into_id IS NULL
   AND ((coalesce(kept.interactions_count, 0), kept.last_touch_at, kept.last_fed_at, kept.last_inbound_at,
         kept.last_click_at, coalesce(kept.clicks_count, 0), kept.last_purchase_at, coalesce(kept.purchases_count, 0),
         coalesce(kept.purchases_minor, 0))
        IS DISTINCT FROM
        (coalesce(told.lines, 0), told.touched_at, told.fed_at, told.inbound_at, told.clicked_at,
         coalesce(told.clicks, 0), told.bought_at, coalesce(told.purchases, 0), coalesce(told.spent, 0))
        OR person.last_touch_at IS DISTINCT FROM told.touched_at
        OR (told.fed_at IS NOT NULL AND person.fed_at <> told.fed_at))
 ORDER BY person.id LIMIT %(most)s"""


# How long a file is, is known without reading it.
_BYTES = """
WITH kept AS (
    SELECT key::text, sum(amount)::bigint AS number FROM ecosystem_tally
     WHERE business_id = %(business_id)s AND name = 'bytes_kept' GROUP BY key
), counted AS (
    SELECT 'imports' AS key, sum(octet_length(content))::bigint AS number FROM contacts_import
     WHERE business_id = %(business_id)s
    UNION ALL SELECT 'exports', sum(octet_length(content))::bigint FROM contacts_exportpiece
     WHERE business_id = %(business_id)s
    UNION ALL SELECT 'copies', sum(octet_length(sealed_copy))::bigint FROM contacts_datarequest
     WHERE business_id = %(business_id)s
    UNION ALL SELECT 'pictures', sum(octet_length(content))::bigint FROM ecosystem_brandimage
     WHERE business_id = %(business_id)s
)
SELECT key, coalesce(kept.number, 0) AS kept, coalesce(counted.number, 0) AS counted
  FROM kept FULL JOIN counted USING (key)
 WHERE coalesce(kept.number, 0) <> coalesce(counted.number, 0) ORDER BY key"""


_NAMES = """
SELECT place, id FROM (
    SELECT 'contacts_contacttag' AS place, said.id
      FROM contacts_contacttag AS said
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = said.contact_id
     WHERE said.business_id = %(business_id)s AND said.sort_name <> person.sort_name
    UNION ALL
    SELECT 'contacts_consentstate' AS place, said.id
      FROM contacts_consentstate AS said
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = said.contact_id
     WHERE said.business_id = %(business_id)s AND said.sort_name <> person.sort_name
    UNION ALL
    SELECT 'contacts_roleassignment' AS place, said.id
      FROM contacts_roleassignment AS said
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = said.contact_id
     WHERE said.business_id = %(business_id)s AND said.sort_name <> person.sort_name
    UNION ALL
    SELECT 'contacts_affiliation' AS place, said.id
      FROM contacts_affiliation AS said
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = said.contact_id
     WHERE said.business_id = %(business_id)s AND said.sort_name <> person.sort_name
) AS stale ORDER BY place, id LIMIT %(most)s"""


def names_beside_differ() -> list[str]:
    """Rows in which a person stands under another name than their own; a rename at the same moment may leave one."""
    found = rows(_NAMES, {"most": MOST_NAMED})
    return [f"Row {row['id']} of {row['place']} has another name than its person." for row in found]


def kept_bytes_differ() -> list[str]:
    """Kept counts of the bytes of files that differ from what the files are."""
    return [f"Bytes of {row['key']}: kept {row['kept']}, counted {row['counted']}." for row in rows(_BYTES)]


def people_counts_differ() -> list[str]:
    """Counts of people, roles, tags, yeses, organizations and rises that differ from a recount."""
    found = rows(_COUNTS, {"rungs": list(Stage.values), "most": MOST_NAMED})
    return [f"{row['name']} {row['key']}: kept {row['kept']}, counted {row['counted']}." for row in found]


def rungs_differ() -> list[str]:
    """People who stand on another rung than the history of their moves says."""
    found = rows(_RUNGS, {"most": MOST_NAMED})
    return [f"{row['id']} stands on “{row['kept']}”, the history says “{row['told']}”." for row in found]


def facts_differ() -> list[str]:
    """People whose kept facts (touches, feedings, clicks, purchases) are not what their timeline gives."""
    given = {"silent": sorted(SILENT_KINDS), "feeding": sorted(FEEDING_KINDS), "most": MOST_NAMED}
    return [f"What is kept of {row['id']} is not what the timeline gives." for row in rows(_FACTS, given)]
