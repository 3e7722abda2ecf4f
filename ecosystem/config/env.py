"""Typed readers of the environment: the one door through which outside values come in.

Each reader notes what it read, so that `manage.py settings_reference` can print every variable with its
one-line explanation, and refuses a broken value with one sentence.
"""

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def _given(name: str) -> str:
    """The variable, or what stands in the file that NAME_FILE names (secrets of containers come so)."""
    given = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE", "").strip()
    if given or not path:
        return given
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise SettingsRefused(f"{name}_FILE cannot be read ({error.strerror}).") from None


class SettingsRefused(SystemExit):
    """Ends the start with one sentence instead of a stack of calls that tells an operator nothing."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"Lampwalk cannot start: {sentence}")


@dataclass(frozen=True)
class Variable:
    """What one environment variable is for: a line of the settings reference."""

    name: str
    kind: str
    default: str
    help: str


VARIABLES: dict[str, Variable] = {}


def is_given(name: str) -> bool:
    """Whether the environment says anything about a variable."""
    return bool(_given(name))


def load_file(path: Path) -> None:
    """Take variables that are not set yet from a file of NAME=value lines, if it is there and ours to read."""
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    for line in lines:
        name, mark, value = line.partition("=")
        if mark and not name.startswith("#"):
            os.environ.setdefault(name.strip(), "".join(shlex.split(value)))


def _read(name: str, kind: str, default: T, shown: str | None, help: str, parse: Callable[[str], T]) -> T:
    shown_default = str(default) if shown is None else shown
    VARIABLES[name] = Variable(name, kind, shown_default, help)
    given = _given(name)
    if not given:
        return default
    try:
        return parse(given)
    except ValueError:
        raise SettingsRefused(f"{name} must be {kind}, not {given!r}.") from None


def text(name: str, default: str = "", *, shown: str | None = None, help: str) -> str:
    """The variable as text, stripped. `shown` is what the reference prints as its default."""
    return _read(name, "text", default, shown, help, str)


def _parse_flag(given: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if given.lower() not in known:
        raise ValueError(given)
    return known[given.lower()]


def flag(name: str, *, default: bool = False, shown: str | None = None, help: str) -> bool:
    """The variable as yes or no: `1`, `true`, `yes`, `on` against `0`, `false`, `no`, `off`."""
    return _read(name, "yes or no (1 or 0)", default, shown or ("1" if default else "0"), help, _parse_flag)


def number(name: str, default: int, *, help: str) -> int:
    """The variable as a whole number."""
    return _read(name, "a whole number", default, None, help, int)


def _parse_words(given: str) -> list[str]:
    return [word.strip() for word in given.split(",") if word.strip()]


def words(name: str, default: tuple[str, ...] = (), *, shown: str | None = None, help: str) -> list[str]:
    """The variable as a comma-separated list, empty parts left out."""
    return _read(name, "a list, comma-separated", list(default), shown or ",".join(default), help, _parse_words)


def folder(name: str, default: Path, *, shown: str, help: str) -> Path:
    """The variable as a folder's absolute path."""
    return _read(name, "a folder", default, shown, help, lambda given: Path(given).expanduser().resolve())


def _parse_url(given: str) -> str:
    parts = urlsplit(given)
    if not parts.scheme or not parts.netloc:
        raise ValueError(given)
    return given.rstrip("/")


def url(name: str, default: str = "", *, shown: str | None = None, help: str) -> str:
    """The variable as an address with its scheme, without a slash at its end.

    A broken one is refused without being printed, since addresses carry passwords.
    """
    try:
        return _read(name, "a URL", default, shown, help, _parse_url)
    except SettingsRefused:
        raise SettingsRefused(f"{name} must be a URL such as scheme://host/name.") from None


def secret(name: str, *, help: str, min_length: int, debug_default: str | None) -> str:
    """A secret. Without one the start is refused.

    `debug_default` is given in DEBUG only; it never opens a real installation.
    """
    VARIABLES[name] = Variable(name, "a secret", "none: required outside DEBUG", help)
    given = _given(name)
    if not given and debug_default is not None:
        return debug_default
    if not given:
        raise SettingsRefused(f"{name} is not set; see docs/settings.md for how to make one.")
    if len(given) < min_length:
        raise SettingsRefused(f"{name} must have at least {min_length} characters.")
    if debug_default is None and ("insecure" in given or "development-only" in given):
        raise SettingsRefused(f"{name} is a development value; make a new one.")
    return given


def keys(name: str, *, help: str, debug_default: str | None) -> dict[str, str]:
    """Secrets with their ids, `id:secret,id:secret`: the first one signs, all are accepted, so that one can rotate."""
    found: dict[str, str] = {}
    for part in secret(name, help=help, min_length=34, debug_default=debug_default).split(","):
        key_id, mark, value = part.strip().partition(":")
        if not mark or not key_id.isalnum() or len(value) < 32 or key_id in found:
            raise SettingsRefused(
                f"{name} must be id:secret,id:secret with different ids and 32 characters or more each."
            )
        found[key_id] = value
    return found
