"""The breaker of an account: after five troubles of its provider in a row nobody knocks there for a minute.

No attempt is lost. All workers share what one has learned; while Redis is away each knows what it has met itself. After
the minute one worker tries with one message, and its answer decides for all. A provider that says when to come again
is obeyed to the second.
"""

import time
from collections.abc import Iterable, Sequence

import structlog

from campaigns.gateways.base import Outcome
from ecosystem.base.shared_memory import Script

log = structlog.get_logger(__name__)

FAULTS_IN_A_ROW = 5
OPEN_SECONDS = 60.0
# So long the one that tries keeps the others waiting, should it die meanwhile.
PROBE_SECONDS = 60.0
KEPT_SECONDS = 7_200
# Answers to our sign-in, not to a message: SMTP (RFC 4954) and HTTP.
SIGN_IN_REFUSED = frozenset({530, 534, 535, 538, 401, 403})

# n: troubles in a row; u: left alone until; o: was opened, and nothing good was heard since; p: somebody tries until;
# r: the provider asked to be left alone until.
_LOOK = Script("""
local t = redis.call('TIME')
local now = tonumber(ARGV[1]) or (t[1] + t[2] / 1e6)
local f = redis.call('HMGET', KEYS[1], 'u', 'r', 'o', 'p', 'n')
local left = math.max((tonumber(f[1]) or 0) - now, (tonumber(f[2]) or 0) - now, 0)
if left == 0 and f[3] then
  left = math.max((tonumber(f[4]) or 0) - now, 0)
  if left == 0 then
    if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'p', string.format('%.6f', now + ARGV[3])) end
    return {'0', 1, 1}
  end
end
return {string.format('%.6f', left), 0, tonumber(f[5]) or 0}
""")

_HEAR = Script("""
local t = redis.call('TIME')
local now = tonumber(ARGV[1]) or (t[1] + t[2] / 1e6)
local key, opened = KEYS[1], 0
for sign in string.gmatch(ARGV[2], '.') do
  if sign == 'F' then redis.call('HINCRBY', key, 'n', 1) else redis.call('HDEL', key, 'n', 'u', 'o', 'p') end
end
local n = tonumber(redis.call('HGET', key, 'n')) or 0
if n >= tonumber(ARGV[3]) then
  redis.call('HSET', key, 'n', ARGV[3] - 1, 'o', 1, 'u', string.format('%.6f', now + ARGV[4]))
  redis.call('HDEL', key, 'p')
  opened = 1
end
local rest = tonumber(ARGV[5])
if rest > 0 then
  local known = tonumber(redis.call('HGET', key, 'r')) or 0
  redis.call('HSET', key, 'r', string.format('%.6f', math.max(known, now + rest)))
end
redis.call('EXPIRE', key, ARGV[6])
return {opened}
""")


class Breaker:
    """What is known of the provider behind one account."""

    def __init__(self, account_key: str) -> None:
        self._key = f"breaker:{account_key}"
        self.forget_here()

    def forget_here(self) -> None:
        """This process knows nothing of the provider any more."""
        self._faults = 0
        self._open_until = self._rest_until = 0.0

    def seconds_left(self, *, at: float | None = None) -> float:
        """How long to leave the provider alone; 0 when it may be asked."""
        return self._look(tries=False, at=at)[0]

    def ask(self, *, at: float | None = None) -> tuple[float, bool]:
        """As `seconds_left`; and whether the asker is now the one that tries, with one message."""
        return self._look(tries=True, at=at)

    def seconds_left_here(self) -> float:
        """What this process has met itself: costs no round trip."""
        return max(0.0, max(self._open_until, self._rest_until) - time.monotonic())

    def hear(self, outcomes: Sequence[Outcome], *, at: float | None = None) -> None:
        """Learn from answers. One answer that is no trouble of the provider closes the breaker.

        Nothing is told to the others where all is well and was.
        """
        signs = "".join(_signs(outcomes))
        rest = max((outcome.retry_after_seconds or 0 for outcome in outcomes), default=0)
        was_in_trouble = self._faults > 0
        self._hear_here(signs, rest)
        if "F" not in signs and not rest and not (signs and was_in_trouble):
            return
        given: list[str | float] = [signs, FAULTS_IN_A_ROW, OPEN_SECONDS, rest, KEPT_SECONDS]
        found = _HEAR.run([self._key], given, at=at)
        if found and found[0]:
            log.warning("breaker_opened", account=self._key, seconds=OPEN_SECONDS)

    def _look(self, *, tries: bool, at: float | None) -> tuple[float, bool]:
        found = _LOOK.run([self._key], [int(tries), PROBE_SECONDS], at=at)
        if found is None:
            return self.seconds_left_here(), self._faults >= FAULTS_IN_A_ROW - 1
        if found[2]:
            # Somebody met trouble: the first good answer heard here is to be told to all.
            self._faults = max(self._faults, 1)
        # Who asked all of us knows better than by what it met itself.
        left = float(found[0])
        self._rest_until, self._open_until = 0.0, time.monotonic() + left if left else 0.0
        return left, bool(found[1])

    def _hear_here(self, signs: str, rest: int) -> None:
        for sign in signs:
            self._faults = self._faults + 1 if sign == "F" else 0
            if sign != "F":
                self._open_until = 0.0
        if self._faults >= FAULTS_IN_A_ROW:
            self._open_until = time.monotonic() + OPEN_SECONDS
            # The next try decides: one more trouble opens it again.
            self._faults = FAULTS_IN_A_ROW - 1
        if rest:
            self._rest_until = max(self._rest_until, time.monotonic() + rest)


def breaker_of(account_key: str) -> Breaker:
    """What this process knows of an account's provider, and shares with the others."""
    return _breakers.setdefault(account_key, Breaker(account_key))


def forget_breakers() -> None:
    """This process knows nothing of any provider any more."""
    _breakers.clear()


def refuses_sign_in(outcome: Outcome) -> bool:
    """Whether a provider did not take our name and password: no message is to blame, and no second try helps."""
    return outcome.is_fault and not outcome.was_started and outcome.code in SIGN_IN_REFUSED


def _signs(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        if outcome.is_fault:
            yield "F"
        elif outcome.retry_after_seconds is None and (outcome.was_started or outcome.code is not None):
            yield "S"


_breakers: dict[str, Breaker] = {}
