"""The heartbeat: noticing that we were away, or that the database was brought back from a copy, before anything leaves.

Workers look around every few seconds, and on every new connection to PostgreSQL. What was due in a time of which we
know nothing must not be sent blindly: each business holds it until somebody decides (`Absence` says from when to when).
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction

from ecosystem.base.sql import execute, rows
from ecosystem.models import Absence
from ecosystem.services.witness import Seen, furthest_seen, tell_witnesses

log = structlog.get_logger(__name__)

AWAY_SECONDS = 2 * 3600
# A clock that is set right by less is nobody's absence.
CLOCK_SECONDS = 300
LOOK_SECONDS = 10.0

# Server, database, table and timeline: one of them is another one wherever a copy was brought back to life.
_PLACE = """
SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
                 (SELECT oid FROM pg_database WHERE datname = current_database()),
                 'ecosystem_heartbeat'::regclass::oid, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)) AS place,
       clock_timestamp() AS moment"""

_BEGIN = """
INSERT INTO ecosystem_heartbeat (id, installation, number, beat_at, place)
VALUES (1, %(installation)s, 1, %(moment)s, %(place)s) ON CONFLICT (id) DO NOTHING"""

_LOCK = "SELECT installation, number, beat_at, place FROM ecosystem_heartbeat WHERE id = 1 FOR UPDATE"

_BEAT = """
UPDATE ecosystem_heartbeat SET number = %(number)s, beat_at = %(moment)s, place = %(place)s WHERE id = 1"""

_ABSENT = """
INSERT INTO ecosystem_absence (kind, from_at, until_at, evidence)
VALUES (%(kind)s, %(from_at)s, greatest(%(moment)s, %(from_at)s), %(evidence)s)"""

_LAST = """
SELECT absence.id AS number, absence.until_at,
       coalesce((SELECT tableoid::text = split_part(place, '/', 3) FROM ecosystem_heartbeat WHERE id = 1), false)
           AS is_here
  FROM (SELECT) AS always
  LEFT JOIN LATERAL (SELECT id, until_at FROM ecosystem_absence ORDER BY id DESC LIMIT 1) AS absence ON true"""


@dataclass(frozen=True, slots=True)
class LastAbsence:
    """The last absence that is known: its number here, and when it ended, which no copy has the same."""

    number: int
    until_at: datetime


@dataclass(frozen=True)
class _Heart:
    installation: UUID
    number: int
    beat_at: datetime
    place: str


@dataclass
class _Looked:
    """When this process looked around last, and on which connection."""

    at: float = 0.0
    session: Any = None


_looked = _Looked()


def look_around(*, at_once: bool = False) -> None:
    """Beat, and write down an absence where there was one. Done every ten seconds at most, unless `at_once`."""
    session = connection.connection
    if not at_once and session is not None and session is _looked.session and time.monotonic() < _looked.at:
        return
    with transaction.atomic():
        installation, seen = _beat()
        # What may still be taken back must not be remembered elsewhere.
        transaction.on_commit(lambda: tell_witnesses(installation, seen), robust=True)
    _looked.at, _looked.session = time.monotonic() + LOOK_SECONDS, connection.connection


def last_absence() -> LastAbsence | None:
    """The last absence, asked before anything is begun; None where there was none.

    A copy that was brought back beneath our feet is noticed by its table, which is another one.
    """
    look_around()
    found = rows(_LAST)[0]
    if not found["is_here"]:
        look_around(at_once=True)
        found = rows(_LAST)[0]
    return LastAbsence(found["number"], found["until_at"]) if found["number"] is not None else None


def doubt_business(business_id: int, *, since: datetime, evidence: str) -> None:
    """Say, in this transaction, that a business's records are older than what has happened: it holds what is due."""
    Absence.objects.create(
        kind=Absence.Kind.RESTORED,
        of_business_id=business_id,
        from_at=since,
        until_at=rows(_PLACE)[0]["moment"],
        evidence=evidence[:200],
    )


def forget_looks() -> None:
    """This process has not looked around yet."""
    _looked.at, _looked.session = 0.0, None


def _beat() -> tuple[UUID, Seen]:
    here = rows(_PLACE)[0]
    found = rows(_LOCK)
    if not found:
        execute(_BEGIN, {"installation": uuid4(), **here})
        found = rows(_LOCK)
    heart = _Heart(**found[0])
    witness = furthest_seen(heart.installation)
    if reason := _judge(heart, here["place"], here["moment"], witness):
        kind, evidence = reason
        log.warning("absence_noticed", kind=kind, since=heart.beat_at.isoformat(), evidence=evidence)
        execute(_ABSENT, {"kind": kind, "from_at": heart.beat_at, "evidence": evidence, **here})
    number = max(heart.number, witness.number) + 1
    execute(_BEAT, {"number": number, **here})
    return heart.installation, Seen(number, here["moment"].timestamp())


def _judge(heart: _Heart, place: str, moment: datetime, witness: Seen) -> tuple[str, str] | None:
    """The kind of an absence and what speaks for it; None where nothing does."""
    if place != heart.place:
        return Absence.Kind.RESTORED, f"It lay at {heart.place} and lies at {place} now."
    if witness.number > heart.number:
        seen_at = datetime.fromtimestamp(witness.at, UTC).isoformat(timespec="seconds")
        return Absence.Kind.RESTORED, f"It stands at beat {heart.number}; {witness.number} was seen at {seen_at}."
    ahead = max(heart.beat_at.timestamp(), witness.at) - moment.timestamp()
    if ahead > CLOCK_SECONDS:
        return Absence.Kind.CLOCK, f"The clock is {round(ahead)} seconds behind the last beat."
    gap = (moment - heart.beat_at).total_seconds()
    if gap > AWAY_SECONDS:
        return Absence.Kind.DOWNTIME, f"No beat for {round(gap)} seconds."
    return None
