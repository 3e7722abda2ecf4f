"""Witnesses of how far the database had come, kept outside of it: in Redis and in a file of this machine.

A database that is behind its witnesses was brought back from a copy. A witness that is away says nothing.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings

from ecosystem.base.shared_memory import Script

log = structlog.get_logger(__name__)

_TELL = Script("""
local known = tonumber(redis.call('HGET', KEYS[1], 'number')) or 0
if tonumber(ARGV[2]) >= known then redis.call('HSET', KEYS[1], 'number', ARGV[2], 'at', ARGV[3]) end
return {1}
""")
_ASK = Script("return redis.call('HMGET', KEYS[1], 'number', 'at')")


@dataclass(frozen=True)
class Seen:
    """The furthest that a witness saw: the number of a beat, and its moment in seconds since 1970."""

    number: int = 0
    at: float = 0.0


def furthest_seen(installation: UUID) -> Seen:
    """What the witness that saw most says of an installation; nothing where none is there."""
    return max(_in_redis(installation), _in_file(installation), key=lambda seen: seen.number)


def tell_witnesses(installation: UUID, seen: Seen) -> None:
    """Have the witnesses remember a beat that stands in the database for good."""
    _TELL.run([_key(installation)], [seen.number, f"{seen.at:.3f}"])
    path = _path(installation)
    if path is None:
        return
    new = path.with_suffix(f".{os.getpid()}")
    try:
        new.write_text(f"{seen.number} {seen.at:.3f}\n")
        new.replace(path)
    except OSError as error:
        log.warning("witness_not_written", error=type(error).__name__)


def _in_redis(installation: UUID) -> Seen:
    found = _ASK.run([_key(installation)], [])
    return Seen(int(found[0]), float(found[1])) if found and found[0] else Seen()


def _in_file(installation: UUID) -> Seen:
    path = _path(installation)
    try:
        number, at = path.read_text().split() if path else ("0", "0")
        return Seen(int(number), float(at))
    except (OSError, ValueError):
        return Seen()


def _key(installation: UUID) -> str:
    return f"heartbeat:{installation.hex}"


def _path(installation: UUID) -> Path | None:
    """A file of ours alone in the memory of this machine, or None where there is no place for it."""
    if not settings.RUNNING_MARKS_DIR:
        return None
    folder = Path(settings.RUNNING_MARKS_DIR) / f"lampwalk-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"heartbeat-{installation.hex}" if folder.stat().st_uid == os.geteuid() else None
    except OSError:
        return None
