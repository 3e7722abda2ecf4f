"""count.pager: the counts that stand over the list of everyone, against counting its table."""

import statistics

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks._crowd import MANY, Crowd, crowds, cursor_in, seconds
from benchmarks._timing import Benchmark, Repetition
from contacts.queries.people_filter import PeopleFilter, count_matching
from contacts.queries.people_list import COUNTS
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.tallies import tallies
from ecosystem.services.tallies import fold_tallies_when_many

TIMES = 5
ASKS = 20


def run(scale: float) -> list[Repetition]:
    """All counts of a page from what is kept, against one exact count of everyone."""
    with crowds(max(2_000, int(MANY * scale))) as (crowd,), cursor_in(crowd) as cursor:
        kept, capped, exact = _statements(crowd)
        repetitions, by_cap = [], []
        for _turn in range(TIMES):
            own = statistics.median(seconds(cursor, kept) for _ask in range(ASKS))
            other = statistics.median(seconds(cursor, exact) for _ask in range(5))
            by_cap.append(other / statistics.median(seconds(cursor, capped) for _ask in range(5)))
            repetitions.append(Repetition(own, other, other / own))
    BENCHMARK.notes.update(
        {"people": int(MANY * scale), "ratio_of_a_count_on_request_that_ends_at_10000": statistics.median(by_cap)}
    )
    return repetitions


def _statements(crowd: Crowd) -> tuple[str, str, str]:
    """All counts of the page, a count of those on a rung with a tag, and a count of everyone."""
    wanted = PeopleFilter(**crowd.filters["a rung and a tag"])
    with business_scope(crowd.business):
        fold_tallies_when_many()
        with CaptureQueriesContext(connection) as captured:
            tallies(COUNTS)
            count_matching(wanted, now=timezone.now())
    kept, capped = (query["sql"] for query in captured.captured_queries)
    everyone = "SELECT count(*) FROM contacts_contact WHERE business_id = {} AND deleted_at IS NULL"
    return kept, capped, everyone.format(int(crowd.business.pk))


BENCHMARK = Benchmark(
    name="count.pager",
    workload="every count over the list of everyone (all, each kind, tag and yes) in a business of a million people",
    unit="seconds",
    reference="one exact count(*) of the business's people, in the same session under the same policies",
    goal=500.0,
    floor=50.0,
    run=run,
)
