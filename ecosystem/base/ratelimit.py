"""Limits that are exact, hold across processes and businesses, and outlive Redis.

A counter per keyed hash in PostgreSQL, raised by one statement: n pass, the next is refused until the window is
over. It counts in the transaction of the caller, so what must be counted must not be rolled back.
"""

from collections.abc import Sequence

from django.utils.crypto import salted_hmac

from ecosystem.base import sql

_TAKE = """
    INSERT INTO ecosystem_ratecounter AS counter (key_hash, expires_at, count)
    VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(seconds)s), 1)
    ON CONFLICT (key_hash) DO UPDATE SET
        count = CASE WHEN counter.expires_at <= clock_timestamp() THEN 1
                     ELSE least(counter.count + 1, %(limit)s + 1) END,
        expires_at = CASE WHEN counter.expires_at <= clock_timestamp() THEN excluded.expires_at
                          ELSE counter.expires_at END
    RETURNING count"""
# On every call of the API: nobody waits for the disk here. A crash of PostgreSQL forgets a second of counting.
_TAKE_ALL = """
    WITH lax AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO ecosystem_ratecounter AS counter (key_hash, expires_at, count)
    SELECT key_hash, clock_timestamp() + make_interval(secs => %(seconds)s), 1
      FROM lax, unnest(%(keys)s::text[]) AS asked(key_hash)
    ON CONFLICT (key_hash) DO UPDATE SET
        count = CASE WHEN counter.expires_at <= clock_timestamp() THEN 1
                     ELSE least(counter.count + 1, %(limit)s + 1) END,
        expires_at = CASE WHEN counter.expires_at <= clock_timestamp() THEN excluded.expires_at
                          ELSE counter.expires_at END
    RETURNING key_hash, count"""
# One moment for the whole statement: what counts as over when it is counted is over when it is answered.
_TAKE_UP_TO = """
    INSERT INTO ecosystem_ratecounter AS counter (key_hash, expires_at, count)
    VALUES (%(key)s, statement_timestamp() + make_interval(secs => %(seconds)s), least(%(wanted)s, %(limit)s))
    ON CONFLICT (key_hash) DO UPDATE SET
        count = CASE WHEN counter.expires_at <= statement_timestamp() THEN least(%(wanted)s, %(limit)s)
                     ELSE greatest(counter.count, least(counter.count + %(wanted)s, %(limit)s)) END,
        expires_at = CASE WHEN counter.expires_at <= statement_timestamp() THEN excluded.expires_at
                          ELSE counter.expires_at END
    RETURNING new.count - CASE WHEN old.expires_at > statement_timestamp() THEN old.count ELSE 0 END AS granted,
              extract(epoch FROM new.expires_at - statement_timestamp())::float8 AS seconds"""
_PEEK = """
    SELECT ceil(extract(epoch FROM expires_at - clock_timestamp()))::int AS seconds
      FROM ecosystem_ratecounter WHERE key_hash = %(key)s AND expires_at > clock_timestamp()"""
_GIVE_BACK = "UPDATE ecosystem_ratecounter SET count = count - 1 WHERE key_hash = %(key)s AND count > 0"
_CLEAN = "DELETE FROM ecosystem_ratecounter WHERE expires_at < clock_timestamp()"


def take(key_parts: Sequence[object], limit: int, window_seconds: int) -> bool:
    """Count one use of a key; True while it is within `limit` per window, which begins with its first use."""
    found = sql.rows(_TAKE, {"key": hash_of(key_parts), "seconds": window_seconds, "limit": limit})
    return int(found[0]["count"]) <= limit


def take_all(limits: Sequence[tuple[Sequence[object], int]], window_seconds: int) -> Sequence[object] | None:
    """Count one use of several keys in one statement; the first key that is beyond its limit, or None.

    Name the narrower key first: whoever counts the same keys counts them in the same order.
    """
    hashes = [hash_of(key_parts) for key_parts, _limit in limits]
    most = max(limit for _key_parts, limit in limits)
    asked = {"keys": hashes, "seconds": window_seconds, "limit": most}
    found = sql.rows(_TAKE_ALL, asked, prepared="count_calls")
    counts = {row["key_hash"]: row["count"] for row in found}
    for (key_parts, limit), name in zip(limits, hashes, strict=True):
        if counts[name] > limit:
            return key_parts
    return None


def take_up_to(key_parts: Sequence[object], wanted: int, *, limit: int, window_seconds: float) -> tuple[int, float]:
    """Count up to `wanted` uses of a key at once: how many are within its limit, and how long its window still lasts.

    What is refused is not counted.
    """
    given = {"key": hash_of(key_parts), "seconds": window_seconds, "limit": limit, "wanted": wanted}
    found = sql.rows(_TAKE_UP_TO, given)[0]
    return int(found["granted"]), float(found["seconds"])


def give_back(key_parts: Sequence[object]) -> None:
    """Take back one use of a key: what was counted beforehand turned out not to count."""
    sql.execute(_GIVE_BACK, {"key": hash_of(key_parts)})


def seconds_left(key_parts: Sequence[object]) -> int:
    """How long a key's window still lasts, for `Retry-After`; 0 where none is open."""
    found = sql.rows(_PEEK, {"key": hash_of(key_parts)})
    return max(1, int(found[0]["seconds"])) if found else 0


def forget_expired() -> int:
    """Delete the counters whose window is over, and say how many."""
    return sql.execute(_CLEAN)


def hash_of(key_parts: Sequence[object]) -> str:
    """The keyed hash by which a key is counted: it tells ("ab", "c") from ("a", "bc") and gives nothing away."""
    text = "".join(f"{len(part)}:{part}" for part in map(str, key_parts))
    return salted_hmac("ecosystem.base.ratelimit", text, algorithm="sha256").hexdigest()
