"""track.ingest: clicks judged, told in timelines and counted, against a COPY of the same events into a like table.

The notes hold the way in: clicks a second by the public address of a link, against a view of the same server that says
hello.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from benchmarks._database import add_people, analyze, bakery, compiled_letter, queue_messages
from benchmarks._http import Connection, granian
from benchmarks._letters import LETTER, NAMES
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from campaigns.models import Message, TrackingEvent
from campaigns.services.tracking import work_clicks
from contacts.models import Interaction
from ecosystem.base.ids import uuid7
from ecosystem.base.links import MessageSigner
from ecosystem.base.sql import copy_rows, execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business

CLICKS, CALLS, WARM = 20_000, 500, 20
COLUMNS = ("id", "business_id", "message_id", "kind", "link_number", "occurred_at", "is_machine", "machine_reason",
           "user_agent_hash", "created_at", "updated_at", "version")  # fmt: skip

_SENT = """
UPDATE campaigns_message SET state = 'accepted', accepted_at = now() - interval '1 hour'
 WHERE business_id = %(business_id)s AND state = 'queued'"""
_LIKE = "CREATE TEMPORARY TABLE copied (LIKE campaigns_trackingevent INCLUDING ALL) ON COMMIT DROP"
_INDEXES = "SELECT count(*) AS indexes FROM pg_index WHERE indrelid = 'pg_temp.copied'::regclass"


def run(scale: float) -> list[Repetition]:
    """Events a second, folded and copied, in turn."""
    count, calls = max(500, int(CLICKS * scale)), max(50, int(CALLS * scale))
    BENCHMARK.notes.update({"clicks": count})
    with bakery() as (business, topic):
        with business_scope(business):
            people = add_people(topic, [NAMES[number % len(NAMES)] for number in range(count)])
            words = {"subject": LETTER.subject, "preheader": LETTER.preheader, "body": LETTER.body}
            version = compiled_letter(topic, **words)

        def write_letters() -> list[UUID]:
            """One more letter to each, sent an hour ago."""
            before = set(Message.objects.values_list("id", flat=True))
            queue_messages(topic, version, people)
            execute(_SENT)
            return sorted(set(Message.objects.values_list("id", flat=True)) - before)

        with business_scope(business):
            letters = write_letters()
        BENCHMARK.notes.update(_way_in(business, letters, calls))

        def ours() -> float:
            with business_scope(business):
                told = Interaction.objects.filter(kind="content_clicked").count()
                _click_all(write_letters())
            analyze()
            seconds = wall_seconds(lambda: _fold_all(business))
            with business_scope(business):
                assert Interaction.objects.filter(kind="content_clicked").count() == told + count
            return count / seconds

        def theirs() -> float:
            now = timezone.now()
            lines = [
                (uuid7(), business.pk, letter, "clicked", 1, now, False, "", "", now, now, 1) for letter in letters
            ]
            with transaction.atomic():
                execute(_LIKE)
                BENCHMARK.notes.update(rows(_INDEXES)[0])
                return count / wall_seconds(lambda: copy_rows("copied", COLUMNS, lines))

        measured = in_turn(ours, theirs)
        for used in connections.all():
            used.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _click_all(letters: list[UUID]) -> None:
    """One click of each letter, half a minute ago."""
    at = timezone.now() - timedelta(seconds=30)
    TrackingEvent.objects.bulk_create(
        [TrackingEvent(message_id=letter, kind="clicked", link_number=1, occurred_at=at) for letter in letters],
        batch_size=2_000,
    )


def _fold_all(business: Business) -> None:
    while True:
        with business_scope(business):
            if not TrackingEvent.objects.filter(decided_at=None).exists():
                return
        work_clicks(business.pk, timezone.now())


def _way_in(business: Business, letters: list[UUID], calls: int) -> dict[str, float]:
    """Calls a second over one connection: links followed, and hellos."""
    signer = MessageSigner(business.pk)
    paths = [f"/l/{signer.tokens(letter).link}/1" for letter in letters[: calls + WARM]]
    with granian("benchmarks._api_server:application") as port:
        connection = Connection(port)

        def rate(get: Callable[[int], tuple[int, bytes]], status: int) -> float:
            for number in range(WARM):
                get(number)
            started = time.perf_counter()
            for number in range(WARM, WARM + calls):
                assert get(number)[0] == status
            return calls / (time.perf_counter() - started)

        pairs = [
            (
                rate(lambda number: connection.get(paths[number % len(paths)], "none"), 302),
                rate(lambda _number: connection.get("/plain/hello/", "none"), 200),
            )
            for _ in range(3)
        ]
        connection.close()
    clicks, hellos = sorted(pairs, key=lambda pair: pair[0] / pair[1])[1]
    return {
        "way_in_per_second": round(clicks),
        "hello_per_second": round(hellos),
        "way_in_ratio": round(clicks / hellos, 3),
    }


BENCHMARK = Benchmark(
    name="track.ingest",
    workload="clicks ten seconds old: judged, told in timelines, counted once a person, events published",
    unit="events per second",
    reference="COPY of the same events into a temporary table with the same indexes",
    goal=0.3,
    floor=0.1,
    run=run,
)
