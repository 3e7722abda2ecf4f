"""Ties to the kernel that see to it that no process outlives the supervisor, however either of them ends."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """What a child calls before it becomes its program: a signal when the supervisor is gone, even if it was killed.

    Linux only. Elsewhere a killed supervisor leaves its children to the next start, which finds the ports taken
    and chooses others.
    """
    libc = _libc
    if libc is None:
        return None
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def adopt_orphans() -> None:
    """Make grandchildren whose parent has died ours, so that they can be found and ended."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _children() -> list[int]:
    try:
        tasks = Path("/proc/self/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:
        return []


def reap_adopted(own: set[int]) -> None:
    """Take leave of ended processes that became ours by adoption; those in `own` are waited for elsewhere."""
    for pid in set(_children()) - own:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def end_orphans(patience: float) -> int:
    """Wait for whatever is still below us, then kill it; returns how many had to be killed."""
    killed = 0
    deadline = time.monotonic() + patience
    last = deadline + 5
    while time.monotonic() < last:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return killed
        if time.monotonic() > deadline:
            left = _children()
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed += len(left)
            deadline = time.monotonic() + 1
        time.sleep(0.02)
    return killed
