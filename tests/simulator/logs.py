"""A log that is only ever added to, by several processes too."""

import os
from pathlib import Path


class AppendOnly:
    """Lines at the end of a file. Each is there before `write` returns, and none is cut by another."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def write(self, *words: object) -> None:
        """One line."""
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())
