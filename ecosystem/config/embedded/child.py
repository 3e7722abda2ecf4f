"""One process of ours: started in its own session, its output read line by line, ended with all it has forked."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ecosystem.config.embedded.accounts import Account
from ecosystem.config.embedded.process_ties import end_with_parent

LONGEST_LINE = 16_384


@dataclass(frozen=True)
class Program:
    """What to run, as whom, and how to ask it to stop."""

    name: str
    command: list[str]
    environment: dict[str, str]
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 15
    # A program that ends by itself (a migration) is not started again.
    keep: bool = True
    folder: Path = Path("/")
    # Lines that say nothing, by a part of them.
    dull: tuple[str, ...] = ()


@dataclass
class Child:
    """A running program."""

    program: Program
    started_at: float = field(default_factory=time.monotonic)
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            self.program.command,
            cwd=self.program.folder,
            env=self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Safe: this process has no threads.
            preexec_fn=end_with_parent(self.program.stop_signal),
            **(self.program.account.popen if self.program.account else {}),
        )
        assert self.process.stdout is not None  # noqa: S101
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)

    def read_lines(self) -> list[str]:
        """The whole lines it has written since the last call."""
        with suppress(BlockingIOError):
            while part := os.read(self.output, 65_536):
                self._rest += part
                if len(part) < 65_536:
                    break
        *lines, self._rest = self._rest.split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        texts = [line.decode(errors="replace").rstrip() for line in lines]
        return [text for text in texts if text and not any(part in text for part in self.program.dull)]

    def last_line(self) -> str:
        """What it left unfinished when it ended."""
        text, self._rest = self._rest.decode(errors="replace").strip(), b""
        return text

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """The polite signal, to the program itself: it knows best how to end what it has forked."""
        if not self.has_ended():
            self.process.send_signal(self.program.stop_signal)

    def end_group(self) -> None:
        """No politeness left: kill it and whatever it has forked in its session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Forget an ended child."""
        if self.process.stdout is not None:
            self.process.stdout.close()
