"""Where the embedded servers keep what: one folder, DATA_DIR, that holds one installation."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[3]
# Only as root, and only where an unprivileged user cannot reach DATA_DIR: files and programs that it can reach.
SHARED = Path("/var/lib/lampwalk")


class CannotStart(Exception):
    """One sentence for the person at the keyboard; nothing has been left running."""


@dataclass(frozen=True)
class Places:
    """The files of one installation. Everything secret is of mode 600."""

    data: Path

    @property
    def lock(self) -> Path:
        return self.data / "lock"

    @property
    def leaving(self) -> Path:
        """There while the house is on its way down."""
        return self.data / "leaving"

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def app_environment(self) -> Path:
        return self.data / "embedded.env"

    @property
    def owner_environment(self) -> Path:
        return self.data / "owner.env"

    @property
    def mail(self) -> Path:
        return self.data / "mail"

    @property
    def texts(self) -> Path:
        return self.data / "texts"

    @property
    def log(self) -> Path:
        return self.data / "servers.log"

    def make(self) -> None:
        """Make the folder. As root others may pass through it (to the database's own folder), never look into it."""
        self.data.mkdir(parents=True, exist_ok=True)
        if self.data.stat().st_uid == os.geteuid():
            self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not os.access(self.data, os.W_OK):
            raise CannotStart(f"{self.data} belongs to another user; start as that user or set DATA_DIR.")

    def take_lock(self) -> IO[str]:
        """Keep a second supervisor out for as long as the returned file stays open."""
        handle = os.fdopen(os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            started = handle.read().strip() or "another process"
            raise CannotStart(f"Lampwalk already runs in {self.data} ({started}); stop it first.") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()}")
        handle.flush()
        return handle


def write_private(path: Path, text: str, *, owner: tuple[int, int] | None = None) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    if owner is not None:
        os.chown(draft, *owner)
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty when there is none yet."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CannotStart(f"{path} cannot be read: {error}.") from None
    return found


def remember(path: Path, **values: Any) -> None:
    """Add values to the object in a file."""
    write_private(path, json.dumps({**read_json(path), **values}, indent=1))
