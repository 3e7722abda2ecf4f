"""seq.limit: people's steps with messages and counts, against the least that a step costs: claim it, move it on."""

from django.db import connections

from benchmarks._database import server_cpu_seconds
from benchmarks._timing import Benchmark, Repetition, cpu_seconds, in_turn
from benchmarks.seq_step import fill, tidy, walk_many
from campaigns.models import Sequence
from campaigns.services.advancing import BATCH
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.database import fresh_databases

PEOPLE, TIMES = 1_000_000, 5

_MOVE = """
UPDATE campaigns_enrollment SET position = position + 1, due_at = now() + interval '1 day', updated_at = now()
 WHERE business_id = %(business_id)s AND id IN (
       SELECT id FROM campaigns_enrollment
        WHERE business_id = %(business_id)s AND sequence_id = %(sequence_id)s AND state = 'active'
          AND paused_at IS NULL AND due_at <= now()
        ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)"""


def run(scale: float) -> list[Repetition]:
    """Steps for each second of processor time, of client and database backend together."""
    people = max(30_000, int(PEOPLE * scale))
    each = people // (3 * TIMES) // BATCH * BATCH
    BENCHMARK.notes.update({"people": people, "steps_each": each, "batch": BATCH})
    with fresh_databases("bench"):
        business, sequence = fill(people)
        walk_many(business, BATCH)
        _move(business, sequence, BATCH)
        measured = in_turn(
            lambda: _per_second(each, lambda: walk_many(business, each)),
            lambda: _per_second(each, lambda: _move(business, sequence, each)),
            times=TIMES,
        )
        for used in connections.all():
            used.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _per_second(count: int, walk) -> float:  # type: ignore[no-untyped-def]
    tidy()
    server = server_cpu_seconds()
    client = cpu_seconds(walk)
    return count / (client + server_cpu_seconds() - server)


def _move(business: Business, sequence: Sequence, count: int) -> None:
    for _ in range(0, count, BATCH):
        with business_scope(business):
            assert execute(_MOVE, {"sequence_id": sequence.id, "batch": BATCH}) == BATCH


BENCHMARK = Benchmark(
    name="seq.limit",
    workload="people at a letter take their step: 500 in a statement that writes messages, counts and the next place",
    unit="steps for each second of processor time, client and database backend",
    reference="claim and UPDATE of 500 walks alone: no message, no count",
    goal=0.5,
    floor=0.3,
    run=run,
)
