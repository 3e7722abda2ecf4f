"""seq.celery: people's steps as our workers take them, against one Celery task for each."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import connections

from benchmarks._celery_way import QUEUE, app, take_step
from benchmarks._http import database_url
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from benchmarks.seq_step import fill, tidy, walk_many
from campaigns.models import Enrollment
from campaigns.services.advancing import BATCH
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.database import fresh_databases

PEOPLE, TIMES = 1_000_000, 5
# A task takes many times longer: fewer are counted.
PEERS_SHARE = 100


def run(scale: float) -> list[Repetition]:
    """Steps a second, ours and Celery's, in turn."""
    people = max(20_000, int(PEOPLE * scale))
    many = max(2_000, people // (2 * TIMES))
    few = max(100, many // PEERS_SHARE)
    BENCHMARK.notes.update({"people": people, "ours_each": many, "peer_each": few})
    with fresh_databases("bench"):
        business, _sequence = fill(people)
        walk_many(business, BATCH)
        with _celery_worker():
            _by_tasks(business, few)

            def ours() -> float:
                tidy()
                return many / wall_seconds(lambda: walk_many(business, many))

            def theirs() -> float:
                tidy()
                return few / wall_seconds(lambda: _by_tasks(business, few))

            measured = in_turn(ours, theirs, times=TIMES)
        for used in connections.all():
            used.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _by_tasks(business: Business, count: int) -> None:
    """Send a task for each, and wait until all have taken their step."""
    with business_scope(business):
        # Those that come last: the others take those that come first.
        due = Enrollment.objects.filter(state="active", position=0).order_by("-due_at")
        walks = list(due.values_list("id", flat=True)[:count])
    for walk in walks:
        take_step.delay(business.pk, str(walk))
    deadline = time.monotonic() + 300
    while True:
        with business_scope(business):
            if not Enrollment.objects.filter(id__in=walks, position=0).exists():
                return
        assert time.monotonic() < deadline, "the tasks were not done in five minutes"
        time.sleep(0.005)


@contextlib.contextmanager
def _celery_worker() -> Iterator[None]:
    """One process that works tasks one after another; it looks ahead as Celery does by itself."""
    given = {**os.environ, "DATABASE_URL": database_url(), "LOG_LEVEL": "ERROR", "PROCESS_KIND": "worker"}
    given.pop("MIGRATION_DATABASE_URL", None)
    command = [sys.executable, "-m", "benchmarks._celery_worker"]
    redis.Redis.from_url(settings.REDIS_URL).delete(QUEUE)
    worker = subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not app.control.ping(timeout=0.5):
            assert worker.poll() is None, "Celery did not start"
            assert time.monotonic() < deadline, "Celery did not answer in a minute"
        yield
    finally:
        worker.kill()
        worker.wait()


BENCHMARK = Benchmark(
    name="seq.celery",
    workload="people at a letter take their step: 500 in a statement that writes messages, counts and the next place",
    unit="steps per second",
    reference="a Celery task for each person by Redis, one worker process, seven statements of the ORM each",
    goal=100.0,
    floor=30.0,
    run=run,
)
