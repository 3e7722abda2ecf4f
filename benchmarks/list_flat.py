"""list.flat: the same pages in a business of a million people and in one of a thousand beside it."""

import statistics

from benchmarks._crowd import FEW, MANY, crowds, cursor_in, page_statements, seconds
from benchmarks._timing import Benchmark, Repetition

TIMES = 5
ASKS = 15


def run(scale: float) -> list[Repetition]:
    """Rounds through every list, in the big business and in the small one in turn; the ratio is that of all medians."""
    with (
        crowds(max(2_000, int(MANY * scale)), FEW) as (big, small),
        cursor_in(big) as in_big,
        cursor_in(small) as in_small,
    ):
        ours, theirs = page_statements(big), page_statements(small)
        by_list: dict[str, list[float]] = {name: [] for name in ours}
        repetitions = []
        for _turn in range(TIMES):
            totals = [0.0, 0.0]
            for name in ours:
                pairs = [(seconds(in_big, ours[name]), seconds(in_small, theirs[name])) for _ask in range(ASKS)]
                own, other = (statistics.median(side) for side in zip(*pairs, strict=True))
                by_list[name].append(own / other)
                totals[0] += own
                totals[1] += other
            repetitions.append(Repetition(*totals, totals[0] / totals[1]))
    ratios = {name: round(statistics.median(measured), 2) for name, measured in by_list.items()}
    worst = max(ratios, key=lambda name: ratios[name])
    BENCHMARK.notes.update({"people": int(MANY * scale), "ratio_by_list": ratios, "worst": worst})
    return repetitions


BENCHMARK = Benchmark(
    name="list.flat",
    workload="66 lists: 11 filters, 3 orders, the first page of 50 and one far in, in a business of a million people",
    unit="seconds for all lists, the median of each",
    reference="the same lists of a business of a thousand people in the same tables",
    goal=1.5,
    floor=3.0,
    run=run,
    lower_is_better=True,
)
