"""Secret keys with ids: the first of a setting writes, every one of it still reads.

A setting holds `{id: secret}`. To rotate, put a new pair in front and leave the old one behind it for as long as what
it has signed must be understood.
"""

import hmac
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True)
class Key:
    """One secret and the id by which tokens and hashes name it."""

    id: str
    secret: bytes

    def derive(self, use: str) -> bytes:
        """A key for one use alone, so that what is signed for one use is worth nothing for another."""
        return hmac.digest(self.secret, b"lampwalk:" + use.encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one setting, the writing key first."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        return self.keys[0]

    def find(self, key_id: str) -> Key | None:
        """The key of that id, or None when it is no longer (or never was) on the list."""
        return next((key for key in self.keys if key.id == key_id), None)


@cache
def keyring(setting: str) -> Keyring:
    """The keys that a setting holds."""
    return Keyring(tuple(Key(key_id, secret.encode()) for key_id, secret in getattr(settings, setting).items()))


def _read_again(**_: object) -> None:
    keyring.cache_clear()


setting_changed.connect(_read_again)
