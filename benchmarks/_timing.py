"""How a benchmark measures: ours and its peer in turn, in one run, on one machine; the ratio is what counts."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Repetition:
    """One turn of ours and of the peer, in the benchmark's unit, and their ratio (larger is better)."""

    ours: float
    peer: float
    ratio: float


@dataclass(frozen=True)
class Benchmark:
    """One row of the table of benchmarks.

    `run(scale)` gives the repetitions; scale 1 is the full workload. Where `lower_is_better` the ratio is a cost.
    """

    name: str
    workload: str
    unit: str
    reference: str
    goal: float
    floor: float
    run: Callable[[float], list[Repetition]]
    lower_is_better: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    def report(self, scale: float) -> dict[str, Any]:
        """Everything measured, and whether floor and goal are held: the floor by the lower quartile (the upper one
        where lower is better), the goal by the median."""
        repetitions = self.run(scale)
        ratios = sorted(repetition.ratio for repetition in repetitions)
        quartiles = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        median, worse = statistics.median(ratios), quartiles[2] if self.lower_is_better else quartiles[0]
        sign = -1 if self.lower_is_better else 1
        return {
            "name": self.name,
            "workload": self.workload,
            "unit": self.unit,
            "reference": self.reference,
            "scale": scale,
            "repetitions": [
                {"ours": round(one.ours, 6), "peer": round(one.peer, 6), "ratio": round(one.ratio, 4)}
                for one in repetitions
            ],
            "median": round(median, 4),
            "lower_quartile": round(worse, 4),
            "floor": self.floor,
            "goal": self.goal,
            "holds_floor": sign * worse >= sign * self.floor,
            "reaches_goal": sign * median >= sign * self.goal,
            "notes": self.notes,
        }


def in_turn(ours: Callable[[], float], peer: Callable[[], float], *, times: int = 5) -> list[tuple[float, float]]:
    """Measure both, one after the other, changing who goes first."""
    measured: list[tuple[float, float]] = []
    for turn in range(times):
        if turn % 2:
            theirs, own = peer(), ours()
        else:
            own, theirs = ours(), peer()
        measured.append((own, theirs))
    return measured


def wall_seconds(work: Callable[[], object]) -> float:
    """How long the work takes on the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cpu_seconds(work: Callable[[], object]) -> float:
    """How much processor time the work takes in this process."""
    started = time.process_time()
    work()
    return time.process_time() - started
