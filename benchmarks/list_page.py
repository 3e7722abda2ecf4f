"""list.page: finding a page of the list, by every filter in every order, against reading one person by key."""

import statistics
from typing import Any

from benchmarks._crowd import MANY, crowds, cursor_in, key_statement, page_statements, seconds, whole_page_statement
from benchmarks._timing import Benchmark, Repetition

TIMES = 5
ASKS = 20


def run(scale: float) -> list[Repetition]:
    """Rounds through every list: the worst 95th percentile, and that of the reading by key beside it."""
    with crowds(max(2_000, int(MANY * scale))) as (crowd,), cursor_in(crowd) as cursor:
        statements, key = page_statements(crowd), key_statement(crowd)
        rounds = [_round(cursor, statements, key) for _turn in range(TIMES)]
        whole = whole_page_statement(crowd)
        shown = statistics.median(seconds(cursor, whole) for _ask in range(ASKS))
    ratios = {name: round(statistics.median(one[0][name] / one[1] for one in rounds), 2) for name in statements}
    BENCHMARK.notes.update(
        {
            "people": int(MANY * scale),
            "ratio_by_list": ratios,
            "worst": max(ratios, key=lambda name: ratios[name]),
            "lists_over_goal": sorted(name for name, ratio in ratios.items() if ratio > BENCHMARK.goal),
            "milliseconds_of_a_page_with_all_that_its_lines_show": round(shown * 1000, 2),
        }
    )
    return [Repetition(max(lists.values()), by_key, max(lists.values()) / by_key) for lists, by_key in rounds]


def _round(cursor: Any, statements: dict[str, str], key: str) -> tuple[dict[str, float], float]:
    """The 95th percentile of each list and of the key. The key is read between the lists, so both see one machine."""
    keys: list[float] = []
    lists: dict[str, float] = {}
    for name, statement in statements.items():
        taken = []
        for _ask in range(ASKS):
            taken.append(seconds(cursor, statement))
            keys.append(seconds(cursor, key))
        lists[name] = _p95(taken)
    return lists, _p95(keys)


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


BENCHMARK = Benchmark(
    name="list.page",
    workload="66 lists of a business of a million people: 11 filters, 3 orders, the first page of 50 and one far in",
    unit="worst 95th percentile in seconds; the ratio is to that of the reference",
    reference="one person read by primary key, with their owner, in the same session under the same policies",
    goal=5.0,
    floor=10.0,
    run=run,
    lower_is_better=True,
)
