"""Named places at which a test may break us, to show that nothing is lost and nothing is doubled.

`FAULT_PLAN=point:n:action[:seconds]`, several joined by commas: at the n-th hit of the point, counted over all
processes that share FAULT_DIR, do `kill` (SIGKILL), `raise`, `sleep` or `drop` (the connection). Without a plan a hit
does nothing.
"""

import fcntl
import os
import signal
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.signals import setting_changed

POINTS = frozenset(
    {
        "after_claim",
        "before_gate",
        "after_gate",
        "before_connect",
        "before_data",
        "after_data",
        "before_final_dot",
        "after_final_dot",
        "before_result_commit",
        "after_result_commit",
        "before_requeue",
        "in_sweeper",
    }
)


class InjectedFault(RuntimeError):
    """Raised where the plan says `raise`."""


class InjectedDrop(ConnectionResetError):
    """Raised where the plan says `drop`: to the code around it the peer has gone."""


@dataclass(frozen=True)
class Fault:
    """One line of the plan."""

    point: str
    nth: int
    action: str
    seconds: float


def hit(point: str) -> None:
    """Say that a place was reached; where the plan names it, break."""
    if not settings.FAULT_PLAN:
        return
    for fault in _plan(settings.FAULT_PLAN):
        if fault.point == point and _count(point) == fault.nth:
            _break(fault)


def _break(fault: Fault) -> None:
    if fault.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault.action == "raise":
        raise InjectedFault(fault.point)
    elif fault.action == "drop":
        raise InjectedDrop(fault.point)
    else:
        time.sleep(fault.seconds)


@cache
def _plan(text: str) -> tuple[Fault, ...]:
    faults = []
    for part in text.split(","):
        point, nth, action, *seconds = part.strip().split(":")
        if point not in POINTS or action not in ("kill", "raise", "sleep", "drop"):
            raise ValueError(f"FAULT_PLAN does not understand {part!r}.")
        faults.append(Fault(point, int(nth), action, float(seconds[0]) if seconds else 5.0))
    if len({fault.point for fault in faults}) != len(faults):
        raise ValueError("FAULT_PLAN names each point once.")
    return tuple(faults)


def _count(point: str) -> int:
    """How often the point was hit by all processes together, this time included."""
    folder = Path(settings.FAULT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / point).open("ab") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        counter.write(b".")
        counter.flush()
        return counter.tell()


def _read_again(**_: object) -> None:
    _plan.cache_clear()


setting_changed.connect(_read_again)
