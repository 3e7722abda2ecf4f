"""Passwords and keys of this installation: made at random at the first start, kept in one file of mode 600."""

import json
import secrets
from pathlib import Path

from ecosystem.config.embedded.places import read_json, write_private

_WORDS = ("superuser", "crm_owner", "crm_app", "crm_ops", "redis")
_SETTINGS = ("PUBLIC_TOKEN_KEYS", "FIELD_KEYS", "ADDRESS_HASH_KEYS")


def load_or_make(path: Path) -> dict[str, str]:
    """The secrets of this installation; what is missing is made."""
    kept: dict[str, str] = read_json(path)
    made = {name: secrets.token_urlsafe(24) for name in _WORDS}
    made["SECRET_KEY"] = secrets.token_urlsafe(48)
    made |= {name: f"k1:{secrets.token_urlsafe(36)}" for name in _SETTINGS}
    found = {**made, **kept}
    if found != kept:
        write_private(path, json.dumps(found, indent=1))
    return found


def settings_secrets(found: dict[str, str]) -> dict[str, str]:
    """Those that the settings read from the environment."""
    return {name: found[name] for name in ("SECRET_KEY", *_SETTINGS)}
