"""search.words: what the palette finds by any word, in a business of very many people, against the time it may take."""

import hashlib
import statistics
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections
from django.test.utils import CaptureQueriesContext

import benchmarks
from benchmarks._crowd import Crowd, cursor_in, seconds
from benchmarks._timing import Benchmark, Repetition
from contacts.queries.search import search_people
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.database import OWNER, fresh_databases
from tests.factories.ecosystem import make_business

MANY = 500_000
SLICE = 50_000
TIMES = 5
ASKS = 20
# Requirement REL-38: up to so many people, so many seconds.
LIMITS = ((100_000, 0.150), (500_000, 0.400))

# One of 900 first names and 7,000 last names; a third works at one of two firms, and one in eight has a second name.
_PEOPLE = """
INSERT INTO contacts_contact (id, business_id, given_name, family_name, display_name, sort_name, language, timezone,
                              stage, stage_since, fed_at, primary_email, primary_phone, source, source_detail,
                              do_not_contact)
SELECT uuidv7(), %(business_id)s, '', '', name, name, '', '', 'prospect', now(), now(), '', '', 'import', '', false
  FROM (SELECT CASE WHEN n %% 8 = 0 THEN 'jean ' ELSE '' END || left(md5('given' || n %% 900), 6) || ' ' ||
               left(md5('family' || n %% 7000), 8) AS name
          FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS people"""
_EMAILS = """
INSERT INTO contacts_contactpoint (id, business_id, contact_id, kind, value, value_norm, label, is_primary, is_shared)
SELECT uuidv7(), %(business_id)s, id, 'email', address, address, '', true, false
  FROM (SELECT id, replace(sort_name, ' ', '.') || n || CASE n %% 6 WHEN 0 THEN '@harbormill.com'
               WHEN 1 THEN '@northmill.com' ELSE '@gmail.com' END AS address
          FROM (SELECT id, sort_name, row_number() OVER (ORDER BY id) + %(first)s AS n FROM contacts_contact
                 WHERE business_id = %(business_id)s AND source = 'import' AND id > %(after)s) AS people) AS written"""
_PHONES = """
INSERT INTO contacts_contactpoint (id, business_id, contact_id, kind, value, value_norm, label, is_primary, is_shared)
SELECT uuidv7(), %(business_id)s, id, 'phone', number, number, '', true, false
  FROM (SELECT id, '+1202' || lpad(abs(hashtext(id::text) %% 10000000)::text, 7, '0') AS number FROM contacts_contact
         WHERE business_id = %(business_id)s AND source = 'import' AND id > %(after)s) AS numbers"""
_LAST = "SELECT id FROM contacts_contact ORDER BY business_id DESC, id DESC LIMIT 1"

# What people type: from one letter to four words, rare and common, and what is not there.
TYPED = (
    "a", "7", "je", "harbor", "mill", "harbormill.com", "jean harbormill", "jean {family}", "{given}",
    "{given} {family}", "{family} {given} harbor", "{family} j", "j {given}", "jean north mill x", "{email}", "0142",
    "(202) 555-01", "nobody of that name", "jean zzzz", "zzzz",
)  # fmt: skip


def run(scale: float) -> list[Repetition]:
    """Rounds through everything that is typed: the 95th percentile of all, against the limit for so many people."""
    if OWNER not in settings.DATABASES:
        raise benchmarks.Missing("MIGRATION_DATABASE_URL is needed: the benchmark makes a database of its own.")
    count = max(1_000, int(MANY * scale))
    limit = next((longest for most, longest in LIMITS if count <= most), LIMITS[-1][1])
    with fresh_databases("bench"):
        crowd = Crowd(_fill(count), {})
        with connections[OWNER].cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        statements = _statements(crowd)
        with cursor_in(crowd) as cursor:
            taken = [{typed: _times(cursor, asked) for typed, asked in statements.items()} for _turn in range(TIMES)]
        for used in connections.all():
            used.close()
    worst = {typed: max(max(one[typed]) for one in taken) for typed in statements}
    BENCHMARK.notes.update(
        {
            "people": count,
            "milliseconds_at_most": {typed: round(most * 1000, 1) for typed, most in worst.items()},
        }
    )
    rounds = [_p95([second for times in one.values() for second in times]) for one in taken]
    return [Repetition(own, limit, own / limit) for own in rounds]


def _fill(count: int) -> Business:
    business = make_business("Of many")
    after = "00000000-0000-0000-0000-000000000000"
    for first in range(1, count + 1, SLICE):
        with business_scope(business):
            given = {"first": first, "last": min(count, first + SLICE - 1), "after": after}
            for statement in ("SET LOCAL statement_timeout = 0", _PEOPLE, _EMAILS, _PHONES):
                execute(statement, given)
            after = _newest()
    return business


def _newest() -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute(_LAST)
        return str(cursor.fetchone()[0])


def _statements(crowd: Crowd) -> dict[str, list[str]]:
    """What is asked for each text that is typed, the names filled in from somebody who is there."""
    given, family = _md5("given17"), _md5("family2017")
    names = {"given": given[:6], "family": family[:8], "email": f"{given[:6]}.{family[:8]}"}
    with business_scope(crowd.business):
        return {typed: _asked(lambda typed=typed: search_people(typed.format(**names), most=8)) for typed in TYPED}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _asked(ask: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connections["default"]) as captured:
        ask()
    return [query["sql"] for query in captured.captured_queries]


def _times(cursor: Any, asked: list[str]) -> list[float]:
    return [sum(seconds(cursor, statement) for statement in asked) for _ask in range(ASKS)]


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


BENCHMARK = Benchmark(
    name="search.words",
    workload=f"{len(TYPED)} texts typed into the palette, in a business of half a million people",
    unit="95th percentile in seconds, as the application under the policies",
    reference="the limit of REL-38: 0.15 s up to 100,000 people, 0.4 s up to 500,000",
    goal=0.5,
    floor=1.0,
    run=run,
    lower_is_better=True,
)
