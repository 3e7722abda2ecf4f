"""Cheap answers to "has this changed since last time?", so that a second start does nothing twice."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ecosystem.config.embedded.places import CHECKOUT

APPS = ("ecosystem", "contacts", "campaigns", "communities")


def _of(files: Iterable[Path], *, contents: bool) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(CHECKOUT)).encode())
        if contents:
            digest.update(path.read_bytes())
        else:
            found = path.stat()
            digest.update(f"{found.st_size} {found.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def of_migrations() -> str:
    """Changes when a migration of ours or a package that brings some does."""
    ours = [path for app in APPS for path in (CHECKOUT / app / "migrations").glob("*.py")]
    return _of([*ours, CHECKOUT / "requirements.txt"], contents=True)


def of_static_files() -> str:
    """Changes when a file for browsers, or a package that brings some, does."""
    ours = [path for path in (CHECKOUT / "static").rglob("*") if path.is_file()]
    return _of([*ours, CHECKOUT / "requirements.txt"], contents=False)


def has_command(name: str) -> bool:
    """Whether an app of ours brings a management command."""
    return any((CHECKOUT / app / "management" / "commands" / f"{name}.py").exists() for app in APPS)
