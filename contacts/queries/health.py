"""How the people of each kind are doing: the counting behind Today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from contacts.models import FEEDING_KINDS, Stage
from ecosystem.base.sql import rows
from ecosystem.gauges import SEASON_DAYS, GaugeQuestion, KindCount, KindsCounted

# More feedings than this in a season are counted in the background only.
LINES_PER_PERSON = 5

_RUNGS = [stage.value for stage in Stage]

# Somebody of two kinds counts in both. An organization counts by its main contact, which its role names.
_COUNT = """
WITH cadence AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(cadences)s::float8[]) AS given(kind, days)
), standing AS MATERIALIZED (
    (SELECT person.id AS contact_id, person.stage AS kind, person.fed_at
       FROM contacts_contact person
      WHERE person.business_id = %(business_id)s AND person.deleted_at IS NULL AND NOT person.do_not_contact
        AND person.stage = ANY (%(kinds)s)
      LIMIT %(most)s)
    UNION ALL
    (SELECT role.contact_id, role.kind, role.fed_at
       FROM contacts_roleassignment role
       JOIN contacts_contact person ON person.business_id = role.business_id AND person.id = role.contact_id
      WHERE role.business_id = %(business_id)s AND role.ended_at IS NULL AND role.kind = ANY (%(kinds)s)
        AND person.business_id = %(business_id)s AND person.deleted_at IS NULL AND NOT person.do_not_contact
      LIMIT %(most)s)
), hungry AS (
    SELECT kind, fed_at, extract(epoch FROM %(midnight)s - fed_at)::float8 / 86400 / days AS hunger
      FROM standing JOIN cadence USING (kind)
), lines AS MATERIALIZED (
    SELECT contact_id, (occurred_at AT TIME ZONE %(timezone)s)::date AS day
      FROM contacts_interaction
     WHERE business_id = %(business_id)s AND kind = ANY (%(feeding)s) AND occurred_at >= %(since)s
     LIMIT %(most_lines)s
), touched AS (
    SELECT contact_id, day, count(*) AS times FROM lines GROUP BY contact_id, day
)
SELECT 'people' AS part, kind, NULL::date AS day, count(*) AS n,
       count(*) FILTER (WHERE hunger < 1) AS fed,
       count(*) FILTER (WHERE hunger >= 1 AND hunger < 2) AS hungry,
       count(*) FILTER (WHERE hunger >= 2) AS starving,
       100 * avg(least(greatest(2 - hunger, 0), 1)) AS score,
       max(fed_at) AS last_fed_at
  FROM hungry GROUP BY kind
UNION ALL
SELECT 'feedings', kind, day, sum(times)::bigint, NULL, NULL, NULL, NULL, NULL
  FROM touched JOIN standing USING (contact_id) GROUP BY kind, day
UNION ALL
SELECT 'lines', '', NULL, count(*), NULL, NULL, NULL, NULL, NULL FROM lines
UNION ALL
"""

# Steps up that stand: neither a step that was taken back, nor the taking back itself.
_RISEN_ROWS = """
SELECT 'risen' AS part, move.from_stage AS kind, NULL::date AS day, count(*) AS n,
       NULL::bigint AS fed, NULL::bigint AS hungry, NULL::bigint AS starving, NULL::float8 AS score,
       NULL::timestamptz AS last_fed_at
  FROM contacts_stagechange move
 WHERE move.business_id = %(business_id)s AND move.from_stage <> '' AND move.to_stage <> ''
   AND move.occurred_at >= %(period_start)s AND move.undoes_id IS NULL
   AND array_position(%(rungs)s, move.to_stage::text) > array_position(%(rungs)s, move.from_stage::text)
   AND NOT EXISTS (SELECT 1 FROM contacts_stagechange back
                    WHERE back.business_id = %(business_id)s AND back.contact_id = move.contact_id
                      AND back.undoes_id = move.id)
 GROUP BY move.from_stage"""

_COUNT_ALL = _COUNT + _RISEN_ROWS

# Every fact is looked up for the few that were found (LATERAL with LIMIT), never read for a whole business.
# Owners feed; they are not told to say hello to themselves.
_HUNGRY = """
WITH cadence AS (
    SELECT * FROM unnest(%(kinds)s::text[], %(cadences)s::float8[]) AS given(kind, days)
), waiting AS (
    SELECT cadence.kind, cadence.days, found.* FROM cadence CROSS JOIN LATERAL (
        SELECT person.id AS contact_id, person.fed_at, NULL::uuid AS organization_id
          FROM contacts_contact person
         WHERE person.business_id = %(business_id)s AND person.deleted_at IS NULL AND NOT person.do_not_contact
           AND person.stage = cadence.kind
           AND person.fed_at <= %(midnight)s - make_interval(secs => cadence.days * 86400)
         ORDER BY person.fed_at, person.id LIMIT %(each)s) found
    UNION ALL
    SELECT cadence.kind, cadence.days, found.* FROM cadence CROSS JOIN LATERAL (
        SELECT role.contact_id, role.fed_at, role.organization_id
          FROM contacts_roleassignment role
         WHERE role.business_id = %(business_id)s AND role.ended_at IS NULL
           AND role.kind = cadence.kind AND role.fed_at <= %(midnight)s - make_interval(secs => cadence.days * 86400)
         ORDER BY role.fed_at, role.contact_id LIMIT %(each)s) found
)
SELECT 'hungry' AS part, waiting.kind, waiting.contact_id, waiting.fed_at, person.display_name AS name,
       person.given_name, organization.name AS organization,
       extract(epoch FROM %(midnight)s - waiting.fed_at)::float8 / 86400 / waiting.days AS hunger,
       stats.last_fed_at IS NOT NULL AS was_ever_fed,
       person.primary_phone <> '' OR NOT (waiting.kind = ANY (%(rungs)s)) OR allowed.is_so IS NOT NULL AS may_act,
       NULL::uuid AS step_id, NULL AS what, NULL::date AS due_on, NULL::bigint AS user_id
  FROM waiting
 CROSS JOIN LATERAL (
       SELECT one.display_name, one.given_name, one.primary_phone, one.membership_id FROM contacts_contact one
        WHERE one.business_id = %(business_id)s AND one.id = waiting.contact_id
          AND one.deleted_at IS NULL AND NOT one.do_not_contact LIMIT 1) person
  LEFT JOIN LATERAL (
       SELECT one.last_fed_at FROM contacts_contactstats one
        WHERE one.business_id = %(business_id)s AND one.contact_id = waiting.contact_id LIMIT 1) stats ON true
  LEFT JOIN LATERAL (
       SELECT one.name FROM contacts_organization one
        WHERE one.business_id = %(business_id)s AND one.id = waiting.organization_id LIMIT 1) organization ON true
  LEFT JOIN LATERAL (
       SELECT true AS is_so FROM contacts_consentstate one
        WHERE one.business_id = %(business_id)s AND one.contact_id = waiting.contact_id AND one.state = 'granted'
          AND (one.expires_at IS NULL OR one.expires_at > %(now)s) LIMIT 1) allowed ON true
  LEFT JOIN LATERAL (
       SELECT one.role FROM ecosystem_membership one
        WHERE one.business_id = %(business_id)s AND one.id = person.membership_id LIMIT 1) feeder ON true
 WHERE feeder.role IS DISTINCT FROM 'owner'
UNION ALL
(SELECT 'step', '', step.contact_id, NULL, person.display_name, '', '', 0, false, false, step.id, step.what,
        step.due_on, assignee.user_id
   FROM contacts_nextstep step
  CROSS JOIN LATERAL (
        SELECT one.display_name FROM contacts_contact one
         WHERE one.business_id = %(business_id)s AND one.id = step.contact_id AND one.deleted_at IS NULL LIMIT 1) person
   LEFT JOIN LATERAL (
        SELECT one.user_id FROM ecosystem_membership one
         WHERE one.business_id = %(business_id)s AND one.id = step.assignee_id LIMIT 1) assignee ON true
  WHERE step.business_id = %(business_id)s AND step.closed_at IS NULL AND step.due_on <= %(today)s
  ORDER BY step.due_on, step.id LIMIT %(each)s)"""

EACH_KIND = 6


@dataclass(frozen=True)
class Waiting:
    """Somebody who has gone without for longer than their kind's cadence."""

    contact_id: UUID
    kind: str
    name: str
    given_name: str
    organization: str
    fed_at: datetime
    hunger: float
    was_ever_fed: bool
    may_act: bool


@dataclass(frozen=True)
class StepWaiting:
    """Something that was to be done by today, and by whom of the team."""

    step_id: UUID
    contact_id: UUID
    name: str
    what: str
    due_on: date
    user_id: int | None


def count_kinds(question: GaugeQuestion, at_most: int | None) -> KindsCounted:
    """Every kind that is on, counted in one statement; no counts if there are more people than `at_most`.

    Windows end at midnight in the business's time zone; who was fed since then is fed.
    """
    most = None if at_most is None else at_most + 1
    most_lines = None if at_most is None else at_most * LINES_PER_PERSON + 1
    found = rows(
        _COUNT_ALL,
        {
            **_common(question),
            "timezone": question.timezone,
            "feeding": sorted(FEEDING_KINDS),
            "since": question.midnight - timedelta(days=SEASON_DAYS - 1),
            "most": most,
            "most_lines": most_lines,
            **_period(question),
        },
    )
    risen = {row["kind"]: row["n"] for row in found if row["part"] == "risen"}
    if most is not None and most_lines is not None:
        people = sum(row["n"] for row in found if row["part"] == "people")
        lines = sum(row["n"] for row in found if row["part"] == "lines")
        if people >= most or lines >= most_lines:
            return KindsCounted(None, risen)
    return KindsCounted(_counts(question, found, risen), risen)


def count_risen(question: GaugeQuestion) -> dict[str, int]:
    """How many steps up began at each rung in the period. Reads the moves of the period only."""
    return risen_since(question.first_midnight)


def risen_since(first: datetime) -> dict[str, int]:
    """The same from a moment on, for pages that ask of nothing else."""
    return {row["kind"]: row["n"] for row in rows(_RISEN_ROWS, {"rungs": _RUNGS, "period_start": first})}


def waiting_people(question: GaugeQuestion) -> tuple[list[Waiting], list[StepWaiting]]:
    """The hungriest few of every kind, and the steps that are due the longest: read from indexes, in one statement,
    whatever the size of the business.
    """
    given = {**_common(question), "now": question.now, "today": question.today, "rungs": _RUNGS, "each": EACH_KIND}
    found = rows(_HUNGRY, given)
    hungry = [row for row in found if row["part"] == "hungry"]
    steps = [row for row in found if row["part"] == "step"]
    return (
        [Waiting(**{**_only(Waiting, row), "organization": row["organization"] or ""}) for row in hungry],
        [StepWaiting(**_only(StepWaiting, row)) for row in steps],
    )


def _only(shape: type[Waiting] | type[StepWaiting], row: Mapping[str, object]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(shape)}


def _common(question: GaugeQuestion) -> dict[str, object]:
    return {
        "midnight": question.midnight,
        "kinds": list(question.cadences),
        "cadences": [float(days) for days in question.cadences.values()],
    }


def _period(question: GaugeQuestion) -> dict[str, object]:
    return {"rungs": _RUNGS, "period_start": question.first_midnight}


def _counts(
    question: GaugeQuestion, found: Sequence[Mapping[str, object]], risen: Mapping[str, int]
) -> dict[str, KindCount]:
    feedings: dict[str, dict[date, int]] = {kind: {} for kind in question.cadences}
    people: dict[str, Mapping[str, object]] = {}
    for row in found:
        kind = str(row["kind"])
        if row["part"] == "people":
            people[kind] = row
        elif row["part"] == "feedings":
            feedings[kind][row["day"]] = row["n"]  # type: ignore[index,assignment]
    return {
        kind: _count(people.get(kind), feedings=feedings[kind], risen=risen.get(kind, 0)) for kind in question.cadences
    }


def _count(row: Mapping[str, object] | None, *, feedings: Mapping[date, int], risen: int) -> KindCount:
    if row is None:
        return KindCount(feedings=feedings, risen=risen)
    return KindCount(
        people=row["n"],  # type: ignore[arg-type]
        fed=row["fed"],  # type: ignore[arg-type]
        hungry=row["hungry"],  # type: ignore[arg-type]
        starving=row["starving"],  # type: ignore[arg-type]
        fed_score=row["score"],  # type: ignore[arg-type]
        last_fed_at=row["last_fed_at"],  # type: ignore[arg-type]
        feedings=feedings,
        risen=risen,
    )
