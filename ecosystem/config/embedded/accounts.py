"""Which system user runs the servers: ourselves, or as root an unprivileged one, since PostgreSQL refuses root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecosystem.config.embedded.places import CannotStart

CANDIDATES = ("postgres", "_postgres", "daemon", "nobody")


@dataclass(frozen=True)
class Account:
    """A system user with an entry in the password file, which `initdb` insists on."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """What subprocess needs to become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        os.chown(path, self.uid, self.gid)

    def succeeds(self, command: Sequence[str]) -> bool:
        """Whether a command ends well when this user runs it."""
        try:
            done = subprocess.run(command, cwd="/", capture_output=True, timeout=30, check=False, **self.popen)
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0

    def enters(self, folder: Path) -> bool:
        """Whether this user can step into a folder, through all its parents."""
        return self.succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])


def account_of(path: Path) -> Account | None:
    """The unprivileged user that owns a path; None where there is none such."""
    try:
        entry = pwd.getpwuid(path.stat().st_uid)
    except (KeyError, OSError):
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def choose_account(existing: Path) -> Account | None:
    """None: run the servers as ourselves. As root: the owner of existing data, else an unprivileged user."""
    if os.geteuid() != 0:
        return None
    owner = account_of(existing)
    if owner is not None:
        return owner
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL refuses to run as root and no unprivileged user exists; start as an ordinary user.")
