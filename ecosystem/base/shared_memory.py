"""What worker processes remember together for seconds: small scripts that run inside Redis, each in one round trip.

Nothing that must be true is kept here. A Redis that is away answers None, at once, and the caller does without.
"""

import functools
import time
from collections.abc import Sequence
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from redis.commands.core import Script as RegisteredScript
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# So long nobody asks a Redis that was away: a turn must not wait for it at every step.
QUIET_SECONDS = 2.0
_quiet_until = [0.0]

Answer = list[Any]


class Script:
    """A Lua script whose first argument is the moment to judge by: empty for the clock of Redis itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def run(self, keys: Sequence[str], given: Sequence[str | int | float], *, at: float | None = None) -> Answer | None:
        """What the script answers for some keys of this installation; None while Redis is away."""
        if time.monotonic() < _quiet_until[0]:
            return None
        prefix = _prefix()
        try:
            answer: Answer = _registered(settings.CACHE_URL, self.text)(
                keys=[prefix + key for key in keys], args=["" if at is None else repr(at), *given]
            )
        except RedisError as error:
            _quiet_until[0] = time.monotonic() + QUIET_SECONDS
            log.warning("shared_memory_away", error=type(error).__name__)
            return None
        return answer


def forget_all() -> None:
    """Forget everything that was kept for this installation, and that Redis was ever away."""
    _quiet_until[0] = 0.0
    try:
        client = _client(settings.CACHE_URL)
        for key in client.scan_iter(match=_prefix() + "*", count=1000):
            client.delete(key)
    except RedisError as error:
        log.warning("shared_memory_away", error=type(error).__name__)


def _prefix() -> str:
    """Two installations that share a Redis share nothing else: what is kept belongs to a database."""
    return f"lampwalk:{connections[DEFAULT_DB_ALIAS].settings_dict['NAME']}:"


@functools.lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


@functools.lru_cache(maxsize=16)
def _registered(url: str, text: str) -> RegisteredScript:
    return _client(url).register_script(text)
