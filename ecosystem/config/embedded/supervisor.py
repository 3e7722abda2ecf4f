"""Starts programs in order, passes on what they say, starts again what falls, and stops all of it in reverse."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from ecosystem.config.embedded.child import Child, Program
from ecosystem.config.embedded.log_stream import LogStream
from ecosystem.config.embedded.places import CannotStart
from ecosystem.config.embedded.process_ties import adopt_orphans, end_orphans, reap_adopted

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
# Who has run this long has earned a fresh start of its delays.
SOUND_AFTER = 60.0


class StopRequested(Exception):
    """Somebody pressed Ctrl-C or sent TERM."""


@dataclass
class _Fallen:
    program: Program
    due_at: float


class Supervisor:
    """One loop, one thread. Programs are stopped in the reverse order of their first start."""

    def __init__(self, log: LogStream) -> None:
        self.log = log
        self.children: dict[str, Child] = {}
        # Processes of ours that somebody else waits for: their last word is not ours to take.
        self.waited_for_elsewhere: set[int] = set()
        self._order: list[str] = []
        self._fallen: list[_Fallen] = []
        self._delays: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._asked = 0
        self._wake_read, wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        adopt_orphans()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1

    def start(self, program: Program) -> Child:
        """Start a program and look after it."""
        try:
            child = Child(program)
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"{program.name} could not be started: {error}.") from None
        self.children[program.name] = child
        if program.name not in self._order:
            self._order.append(program.name)
        self._selector.register(child.output, selectors.EVENT_READ, child)
        return child

    def wait_until(self, name: str, ready: Callable[[], bool], *, seconds: float) -> None:
        """Go on once a program is ready; a program that ends instead, or takes too long, stops the start."""
        deadline = time.monotonic() + seconds
        while not ready():
            if name not in self.children:
                raise CannotStart(f"{name} ended before it was ready; its last lines stand above.")
            if time.monotonic() > deadline:
                raise CannotStart(f"{name} was not ready after {seconds:.0f} seconds.")
            self.turn(0.03, restart=False)

    def run_to_end(self, program: Program, *, seconds: float) -> list[str]:
        """Run a program that ends by itself and return its lines; a failure stops the start."""
        said: list[str] = []
        child = self.start(program)
        deadline = time.monotonic() + seconds
        while program.name in self.children:
            if time.monotonic() > deadline:
                raise CannotStart(f"{program.name} did not end within {seconds:.0f} seconds.")
            self.turn(0.1, restart=False, said=said)
        if child.process.returncode != 0:
            raise CannotStart(f"{program.name} failed; its last lines stand above.")
        return said

    def turn(self, timeout: float, *, restart: bool = True, said: list[str] | None = None) -> None:
        """One round: pass on lines, notice ends, start again what is due. Raises StopRequested."""
        if self._asked and not self._stopping:
            raise StopRequested
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                self._drain_wake_ups()
            else:
                self._pass_on(key.data, said)
        for child in [child for child in self.children.values() if child.has_ended()]:
            self._bury(child, said)
        if restart:
            self._start_again()

    def _drain_wake_ups(self) -> None:
        try:
            while os.read(self._wake_read, 1024):
                pass
        except BlockingIOError:
            pass
        reap_adopted(self.waited_for_elsewhere | {child.process.pid for child in self.children.values()})

    def _pass_on(self, child: Child, said: list[str] | None) -> None:
        for line in child.read_lines():
            self.log.line(child.program.name, line)
            if said is not None:
                said.append(line)

    def _bury(self, child: Child, said: list[str] | None = None) -> None:
        self._pass_on(child, said)
        if rest := child.last_line():
            self.log.line(child.program.name, rest)
        self._selector.unregister(child.output)
        child.end_group()
        child.close()
        name = child.program.name
        del self.children[name]
        if self._stopping or not child.program.keep:
            return
        if time.monotonic() - child.started_at > SOUND_AFTER:
            self._delays.pop(name, None)
        delay = self._delays.get(name, FIRST_DELAY)
        self._delays[name] = min(delay * 2, LONGEST_DELAY)
        self._fallen.append(_Fallen(child.program, time.monotonic() + delay))
        self.log.line(name, f"ended with {_verdict(child.process.returncode)}; starting again in {delay:g} s")

    def _start_again(self) -> None:
        now = time.monotonic()
        for fallen in [fallen for fallen in self._fallen if fallen.due_at <= now]:
            self._fallen.remove(fallen)
            self.start(fallen.program)

    def run(self) -> None:
        """Look after the programs until somebody asks to stop."""
        while True:
            due = min((fallen.due_at for fallen in self._fallen), default=time.monotonic() + 5)
            self.turn(max(0.01, due - time.monotonic()))

    def stop(self, tiers: list[set[str]]) -> None:
        """Ask each tier to stop and wait for it before the next; whoever does not listen is killed."""
        self._stopping = True
        self._fallen.clear()
        named = set().union(*tiers)
        for tier in [*tiers, set(self._order) - named]:
            self._stop_tier(
                [self.children[name] for name in reversed(self._order) if name in tier & set(self.children)]
            )
        if killed := end_orphans(3):
            self.log.line("up", f"killed {killed} processes that had been left behind")

    def _stop_tier(self, children: list[Child]) -> None:
        if not children:
            return
        asked_before = self._asked
        for child in children:
            child.ask_to_stop()
        deadline = time.monotonic() + max(child.program.stop_seconds for child in children)
        while any(child.program.name in self.children for child in children):
            # A second Ctrl-C means now.
            if time.monotonic() > deadline or self._asked > asked_before:
                for child in children:
                    if child.program.name in self.children:
                        self.log.line(child.program.name, "did not stop in time; killed")
                        child.end_group()
                deadline = time.monotonic() + 5
                asked_before = self._asked
            self.turn(0.05, restart=False)


def _verdict(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"
