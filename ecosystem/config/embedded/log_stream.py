"""One stream of lines for all processes, each with the name of who said it."""

import sys
import time
from typing import TextIO

WIDTH = 11


class LogStream:
    """Writes `12:30:01 web         | line`, to the terminal or to a file."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def line(self, name: str, text: str) -> None:
        """One line of one process."""
        self._write(f"{time.strftime('%H:%M:%S')} {name:<{WIDTH}} | {text}\n")

    def plain(self, text: str) -> None:
        """A line of our own for the person at the keyboard."""
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except (BrokenPipeError, ValueError):
            # The reader has gone (`bin/up | head`); the servers go on until they are told to stop.
            pass
