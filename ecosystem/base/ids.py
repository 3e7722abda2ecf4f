"""Identifiers that sort by the time they were made."""

import os
import secrets
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42
_lock = threading.Lock()
_last_millisecond = 0
_counter = 0


def uuid7() -> UUID:
    """A version 7 UUID, greater than every one this process has made before.

    RFC 9562 section 6.2, method 1: a counter of 42 bits stands after the millisecond. It starts at a random
    value whose first bit is 0, so that it has room, and 32 random bits follow it. Where the clock stands
    still or goes back, the counter goes on.
    """
    global _last_millisecond, _counter
    now = time.time_ns() // 1_000_000
    with _lock:
        if now > _last_millisecond:
            _last_millisecond = now
            _counter = secrets.randbits(_COUNTER_BITS - 1)
        else:
            _counter += 1
            if _counter >> _COUNTER_BITS:
                _last_millisecond += 1
                _counter = secrets.randbits(_COUNTER_BITS - 1)
        millisecond, counter = _last_millisecond, _counter
    high, low = counter >> 30, counter & 0x3FFFFFFF
    tail = secrets.randbits(32)
    return UUID(int=millisecond << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 32 | tail)


def _forget() -> None:
    """Start anew in a forked child: parent and child must not count on from the same number."""
    global _last_millisecond, _lock
    _lock = threading.Lock()
    _last_millisecond = 0


os.register_at_fork(after_in_child=_forget)
