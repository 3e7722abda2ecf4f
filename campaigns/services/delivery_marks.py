"""The running mark: which messages of a worker may have begun and what was answered, kept where it outlives the worker.

Each claim has a file in memory (RUNNING_MARKS_DIR). Its worker holds it locked as long as it lives; it writes there the
id of a message before the first byte of it leaves, and each answer before the next message begins. A killed process
loses its lock and not its file: a file whose lock is free is the last word of the dead. Where there is no such file
(another machine, another boot, a worker that lives) nobody can tell, and nothing is concluded.
"""

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import orjson
import structlog
from django.conf import settings

from campaigns.gateways.base import Outcome, Verdict

log = structlog.get_logger(__name__)

KEPT_SECONDS = 24 * 3600
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class RunningMark:
    """The mark of one claim: a line for each beginning (an id) and for each answer (JSON)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._heard = b""

    def start(self, message_id: UUID) -> bool:
        """Say that a message may have begun; False where that cannot be written, and nothing may begin."""
        return self._write(message_id.hex.encode() + b"\n")

    def hear(self, outcome: Outcome) -> None:
        """Keep an answer; it is written with what comes next."""
        words = [outcome.verdict, outcome.code, outcome.response, outcome.provider_id, outcome.is_fault]
        self._heard += orjson.dumps([outcome.id.hex, *words]) + b"\n"

    def flush(self) -> None:
        """Write what was heard and stands nowhere yet."""
        if self._heard:
            self._write(b"")

    def close(self, *, is_over: bool) -> None:
        """Let go of the file; where everything is written down it goes away."""
        if is_over:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def _write(self, line: bytes) -> bool:
        given, self._heard = self._heard + line, b""
        try:
            return os.write(self._file, given) == len(given)
        except OSError as error:
            log.warning("running_mark_not_written", error=type(error).__name__)
            return False


@dataclass(frozen=True)
class Told:
    """What the file of a dead worker says: the answers it got, and which messages it began, answered or not."""

    begun: frozenset[UUID]
    answers: dict[UUID, Outcome]


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


def told_under(token: UUID) -> Told | None:
    """What a dead worker did with the messages of a claim; None where nobody can tell."""
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
        return _read(marks.read())


def _read(text: bytes) -> Told | None:
    """The lines, understood; None where one of them is not whole, for then none is believed."""
    *lines, rest = text.split(b"\n")
    if rest:
        return None
    begun: set[UUID] = set()
    answers: dict[UUID, Outcome] = {}
    try:
        for line in lines:
            if line.startswith(b"["):
                message_id, verdict, code, response, provider_id, is_fault = orjson.loads(line)
                key = UUID(message_id)
                answers[key] = Outcome(key, Verdict(verdict), code, response, provider_id, is_fault=is_fault)
            else:
                begun.add(UUID(line.decode()))
    except ValueError:
        return None
    return Told(frozenset(begun), {key: answers[key] for key in answers if key in begun})


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
