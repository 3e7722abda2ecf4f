"""seq.bloat: what five steps of everybody leave behind in the table of walks and its index of who is due.

The server cleans up as it does everywhere, by autovacuum; nothing else is done for it.
"""

from datetime import datetime, timedelta

from django.db import connections

from benchmarks._timing import Benchmark, Repetition
from benchmarks.seq_step import fill
from campaigns.services.advancing import BATCH, advance
from ecosystem.base.clock import now
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.database import OWNER, fresh_databases

PEOPLE, STEPS = 1_000_000, 5

_SIZE = """
SELECT pg_relation_size('campaigns_enrollment') AS heap,
       (SELECT sum(pg_relation_size(indexrelid))::bigint FROM pg_index
         WHERE indrelid = 'campaigns_enrollment'::regclass
           AND pg_get_indexdef(indexrelid) LIKE '%%due_at%%') AS due_index"""
# The letters of a step have left before the next one is taken.
_SENT = """
UPDATE campaigns_message SET state = 'accepted', handed_at = %(at)s, accepted_at = %(at)s
 WHERE business_id = %(business_id)s AND state = 'queued'"""
_GONE = "DELETE FROM campaigns_queuedmessage WHERE business_id = %(business_id)s"


def run(scale: float) -> list[Repetition]:
    """Bytes of table and index after, and before."""
    people = max(20_000, int(PEOPLE * scale))
    with fresh_databases("bench"):
        business, _sequence = fill(people, letters=STEPS + 1)
        execute("VACUUM (FULL, ANALYZE) campaigns_enrollment", using=OWNER)
        before, moment, sizes = _size(), now(), []
        for _ in range(STEPS):
            steps = _walk_all(business, moment)
            assert steps >= people, f"{steps} of {people} took their step"
            with business_scope(business):
                execute(_SENT, {"at": moment})
                execute(_GONE)
            sizes.append(_size())
            moment += timedelta(days=2)
        for used in connections.all():
            used.close()
    BENCHMARK.notes.update({"people": people, "steps": people * STEPS, "before": before, "after_each_round": sizes})
    after, fresh = sum(sizes[-1].values()), sum(before.values())
    return [Repetition(after, fresh, after / fresh)]


def _walk_all(business: Business, moment: datetime) -> int:
    """Everybody one step: who is due at the moment is not due again before the day after."""
    walked = 0
    while True:
        with business_scope(business):
            some = advance(moment)
        walked += some
        if some < BATCH:
            return walked


def _size() -> dict[str, int]:
    return dict(rows(_SIZE)[0])


BENCHMARK = Benchmark(
    name="seq.bloat",
    workload="everybody takes five steps, all of them due at once, autovacuum alone",
    unit="bytes of the table of walks and its index of who is due",
    reference="the same freshly written",
    goal=2.0,
    floor=4.0,
    run=run,
    lower_is_better=True,
)
