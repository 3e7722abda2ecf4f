"""seq.step: people walked along a sequence, 500 in one statement, against one transaction for each."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.conf import settings
from django.db import connection, connections

import benchmarks
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from campaigns.models import Content, Sequence
from campaigns.services.advancing import BATCH, advance
from campaigns.services.sequence_steps import add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from contacts.services.topics import add_topic
from ecosystem.base.clock import now
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, User
from ecosystem.services.businesses import create_business
from tests.database import OWNER, fresh_databases

PEOPLE = 1_000_000
TIMES = 5

_PEOPLE = """
INSERT INTO contacts_contact (id, business_id, given_name, family_name, display_name, sort_name, language, timezone,
                              stage, fed_at, primary_email, primary_phone, source, source_detail, do_not_contact)
SELECT uuidv7(), %(business_id)s, 'P' || n, 'Q', 'P' || n || ' Q', 'p' || n, '', '', 'suspect', now(),
       'p' || n || '@example.com', '', 'staff', '', false
  FROM generate_series(1, %(count)s) AS n"""
_WALKS = """
INSERT INTO campaigns_enrollment (id, business_id, sequence_id, version_of_id, contact_id, entry_key, source, state,
                                  position, visit_no, due_at, exit_reason)
SELECT uuidv7(), %(business_id)s, %(sequence_id)s, version.id, person.id, '', 'staff', 'active', 0, 1,
       now() - random() * interval '1 hour', ''
  FROM contacts_contact AS person
  JOIN campaigns_sequenceversion AS version
    ON version.business_id = %(business_id)s AND version.sequence_id = %(sequence_id)s
 WHERE person.business_id = %(business_id)s"""

# The peer does the same for one person: who is due, what comes, whose address, the message, the next place.
_ONE_DUE = """
SELECT id, sequence_id, version_of_id, contact_id, position, visit_no FROM campaigns_enrollment
 WHERE business_id = %(business_id)s AND sequence_id = %(sequence_id)s AND state = 'active'
   AND paused_at IS NULL AND due_at <= now()
 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED"""
_ITS_STEPS = """
SELECT step_key, content_version_id, wait_seconds FROM campaigns_step
 WHERE business_id = %s AND version_of_id = %s AND position >= %s ORDER BY position LIMIT 2"""
_ITS_PERSON = "SELECT primary_email, given_name FROM contacts_contact WHERE business_id = %s AND id = %s"
_ITS_MESSAGE = """
INSERT INTO campaigns_message (id, business_id, message_class, channel, lane, idem_key, contact_id, topic_id,
                               sequence_id, enrollment_id, step_key, content_version_id, template, address,
                               address_hash, merge,
                               is_test, state, reason, attempt, provider_id)
VALUES (uuidv7(), %s, 'marketing', 'email', 'sequence', %s, %s, %s, %s, %s, %s, %s, '', %s,
        '', '{}', false, 'queued', '',
        0, '')
ON CONFLICT (business_id, idem_key) DO NOTHING"""
_ITS_TURN = """
INSERT INTO campaigns_queuedmessage (id, business_id, lane, due_at)
SELECT id, business_id, lane, due_at FROM campaigns_message WHERE business_id = %s AND idem_key = %s"""
_ITS_PLACE = """
UPDATE campaigns_enrollment SET position = position + 1, due_at = now() + make_interval(secs => %s), updated_at = now()
 WHERE business_id = %s AND id = %s"""


def run(scale: float) -> list[Repetition]:
    """Steps a second, ours and the peer's, in turn."""
    people = max(20_000, int(PEOPLE * scale))
    many, few = max(2_000, people // (2 * TIMES)), max(200, min(2_000, people // 200))
    BENCHMARK.notes.update({"people": people, "ours_each": many, "peer_each": few, "batch": BATCH})
    if OWNER not in settings.DATABASES:
        raise benchmarks.Missing("MIGRATION_DATABASE_URL is needed: the benchmark makes a database of its own.")
    with fresh_databases("bench"):
        business, sequence = fill(people)
        # A business that has sent before: PostgreSQL knows tables that are not empty.
        walk_many(business, BATCH)
        with _plain_connection() as peer_connection:
            BENCHMARK.notes["microseconds_a_commit"] = _commit_microseconds(peer_connection)

            def ours() -> float:
                tidy()
                return many / wall_seconds(lambda: walk_many(business, many))

            def theirs() -> float:
                tidy()
                return few / wall_seconds(lambda: _walk_one_by_one(peer_connection, business, sequence, few))

            measured = in_turn(ours, theirs, times=TIMES)
        for used in connections.all():
            used.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def fill(people: int, *, letters: int = 3) -> tuple[Business, Sequence]:
    """A business whose people all stand at the first letter of a sequence, each due."""
    owner = User.objects.create_user("owner@example.com", "a long enough password", name="Owner")
    business = create_business(owner=owner, name="Bench", trade="bakery")
    with business_scope(business):
        BusinessProfile.objects.update(
            sender_name="Bench", sender_email="bench@example.com", postal_address="12 Tulip Street"
        )
        topic = add_topic(name="News", promise="Two letters a month", promised_count=2, promised_days=30)
        sequence = create_sequence(name="Follow me home", topic=topic)
        for number in range(letters):
            add_letter(sequence, Content.objects.create(name=f"L{number}", subject="Hello", body="Come by."))
            add_wait(sequence, 86_400)
        sequence = start_sequence(sequence)
        execute(_PEOPLE, {"count": people})
        execute(_WALKS, {"sequence_id": sequence.id})
    with connections[OWNER].cursor() as cursor:
        cursor.execute("ANALYZE contacts_contact, campaigns_enrollment, campaigns_step")
    return business, sequence


def tidy() -> None:
    """Let neither of the two pass over rows that the other one has left dead."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "VACUUM (ANALYZE) campaigns_enrollment, campaigns_message, campaigns_queuedmessage, ecosystem_tally"
        )


def walk_many(business: Business, count: int) -> None:
    moment, done = now(), 0
    while done < count:
        with business_scope(business):
            done += advance(moment)


def _walk_one_by_one(
    peer: "psycopg2.extensions.connection", business: Business, sequence: Sequence, count: int
) -> None:
    for _ in range(count):
        with peer, peer.cursor() as cursor:
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business.pk)])
            cursor.execute(_ONE_DUE, {"business_id": business.pk, "sequence_id": str(sequence.id)})
            walk, of, version, person, position, visit = cursor.fetchone()
            cursor.execute(_ITS_STEPS, [business.pk, version, position])
            (step_key, letter, _), (_, _, wait) = cursor.fetchall()
            cursor.execute(_ITS_PERSON, [business.pk, person])
            address, _name = cursor.fetchone()
            key = f"s:{walk}:{step_key}:{visit}"
            given = [business.pk, key, person, str(sequence.topic_id), of, walk, step_key, letter, address]
            cursor.execute(_ITS_MESSAGE, given)
            cursor.execute(_ITS_TURN, [business.pk, key])
            cursor.execute(_ITS_PLACE, [wait, business.pk, walk])


def _commit_microseconds(peer: "psycopg2.extensions.connection") -> int:
    """What the disk takes for one commit: the reference pays it for each person, ours for five hundred."""

    def commit() -> None:
        with peer, peer.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id(), pg_logical_emit_message(true, 'bench', 'one')")

    return round(min(wall_seconds(lambda: [commit() for _ in range(50)]) for _ in range(3)) / 50 * 1e6)


@contextmanager
def _plain_connection() -> Iterator["psycopg2.extensions.connection"]:
    """A connection without Django, to the same database and in the same role."""
    peer = psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})
    try:
        yield peer
    finally:
        peer.close()


BENCHMARK = Benchmark(
    name="seq.step",
    workload="people at a letter take their step: 500 in a statement that writes messages, counts and the next place",
    unit="steps per second",
    reference="one transaction for each person by psycopg2, eight statements, same tables and role",
    goal=50.0,
    floor=20.0,
    run=run,
)
