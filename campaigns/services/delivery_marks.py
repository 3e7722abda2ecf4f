"""The running mark: which message of a worker may have begun, written where it outlives the worker for next to nothing.

Each claim has a file in memory (RUNNING_MARKS_DIR). Its worker holds it locked as long as it lives and writes the id of
a message there before the first byte of it leaves. A killed process loses its lock and not its file: a file whose lock
is free is the last word of the dead. Where there is no such file (another machine, another boot, a worker that lives)
nobody can tell, and nothing is concluded: the mark may only make unknowns fewer, never permit a send.
"""

import contextlib
import fcntl
import os
import time
from functools import cache
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

KEPT_SECONDS = 24 * 3600
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class RunningMark:
    """The mark of one claim."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def start(self, message_id: UUID) -> bool:
        """Say that a message may have begun; False where that cannot be written, and nothing may begin."""
        try:
            return os.write(self._file, message_id.bytes) == len(message_id.bytes)
        except OSError as error:
            log.warning("running_mark_not_written", error=type(error).__name__)
            return False

    def close(self, *, is_over: bool) -> None:
        """Let go of the file; where everything is written down it goes away."""
        if is_over:
            self._path.unlink(missing_ok=True)
        os.close(self._file)


def open_mark(token: UUID) -> RunningMark | None:
    """A mark for the messages claimed under a token; None where this machine has no place for it."""
    folder = _folder(settings.RUNNING_MARKS_DIR)
    if folder is None:
        return None
    try:
        return RunningMark(folder / token.hex)
    except OSError as error:
        log.warning("running_mark_not_opened", error=type(error).__name__)
        return None


def begun_under(token: UUID) -> set[UUID] | None:
    """The messages that a dead worker may have begun; None where nobody can tell."""
    folder = _folder(settings.RUNNING_MARKS_DIR)
    if folder is None:
        return None
    try:
        file = os.open(folder / token.hex, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(file, "rb") as marks:
        try:
            fcntl.flock(marks, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return None
        ids = marks.read()
    if len(ids) % 16:
        return None
    return {UUID(bytes=ids[start : start + 16]) for start in range(0, len(ids), 16)}


def drop_old_marks() -> int:
    """Remove the files of workers that died a day ago and more; how many."""
    folder = _folder(settings.RUNNING_MARKS_DIR)
    dropped = 0
    for path in folder.iterdir() if folder else ():
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                path.unlink()
                dropped += 1
    return dropped


@cache
def _folder(name: str) -> Path | None:
    """Our own folder for this boot of the machine; what an earlier boot left is never read."""
    if not name:
        return None
    try:
        folder = Path(name) / f"lampwalk-{os.geteuid()}" / _BOOT.read_text().strip()
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        is_ours = folder.stat().st_uid == folder.parent.stat().st_uid == os.geteuid()
    except OSError:
        return None
    return folder if is_ours else None
