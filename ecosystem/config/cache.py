"""The cache that may be lost: a Redis that is away is a miss, never an error page."""

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger(__name__)
AWAY = (RedisConnectionError, RedisTimeoutError)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache that answers "not there" while Redis is away.

    Nothing that must be true is kept here: sessions, queues and exact limits live in PostgreSQL.
    """

    def _away(self, error: Exception) -> None:
        log.warning("cache_away", error=type(error).__name__)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return False

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except AWAY as error:
            self._away(error)
            return default

    def set(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(*args, **kwargs)
        except AWAY as error:
            self._away(error)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().touch(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return False

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().delete(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return False

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        try:
            return dict(super().get_many(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return {}

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().has_key(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return False

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        try:
            return list(super().set_many(*args, **kwargs))
        except AWAY as error:
            self._away(error)
            return []

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().delete_many(*args, **kwargs)
        except AWAY as error:
            self._away(error)
