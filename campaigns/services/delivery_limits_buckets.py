"""The buckets of tokens themselves: one script in Redis for a whole handful of letters, and what holds without Redis.

A bucket fills by its rate and holds one second of it. It begins empty, so a Redis that was restarted never lets a burst
go. A fifth of each is kept for what somebody needs now. Who finds a bucket empty is told a moment of their own at which
a token is there: nobody asks again and again, and a thousand who wait are not all told the same moment.

A group of receivers that asked for a slower pace has its rate halved; each minute without such a word gives a tenth
back. Of a group without a limit of its own the pace that it had is halved.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ecosystem.base import ratelimit
from ecosystem.base.shared_memory import Script

# What a group without a limit is held to a second, twice the first time, where its pace is not known.
FIRST_SLOWED = 20.0
SLOWEST = 0.01
# Words about letters that are on their way together are one word.
ONE_WORD_SECONDS = 10.0
WINDOW_SECONDS = 10.0
KEPT_SECONDS = 86_400
KEPT_FOR_URGENT = 0.2
LONGEST_AHEAD = 3_600.0

# t: tokens at the time a; h: up to when moments were given away; f: what is left of the rate, since c. Where nothing
# limits: n letters since s, p a second before that; b: the pace that was halved.
_READ = """
local t = redis.call('TIME')
local now = tonumber(ARGV[1]) or (t[1] + t[2] / 1e6)
local function num(n) return string.format('%.6f', n) end
local function read(key, rate, urgent)
  local b = redis.call('HMGET', key, 't', 'a', 'h', 'f', 'c', 'b')
  local factor, changed = tonumber(b[4]), tonumber(b[5])
  if factor then
    local minutes = math.floor((now - changed) / 60)
    if minutes > 0 then factor, changed = factor * 1.1 ^ minutes, changed + minutes * 60 end
    if factor >= 1 then
      factor = nil
      redis.call('HDEL', key, 'f', 'c', 'b')
    elseif minutes > 0 then
      redis.call('HSET', key, 'f', num(factor), 'c', num(changed))
    end
  end
  if rate <= 0 and factor then rate = tonumber(b[6]) or FIRST_SLOWED end
  rate = rate * (factor or 1)
  if rate <= 0 then return {free = true, tokens = 1e9, kept = 0, key = key} end
  local most = math.max(1, rate)
  return {
    key = key, rate = rate, kept = urgent and 0 or math.floor(most * KEPT_FOR_URGENT), ahead = tonumber(b[3]) or 0,
    tokens = math.min(most, (tonumber(b[1]) or 0) + (now - (tonumber(b[2]) or now)) * rate), factor = factor,
  }
end
local function can(b) return math.max(0, math.floor(b.tokens - b.kept + 1e-6)) end
local function note(key, count)
  local seen = redis.call('HMGET', key, 's', 'n')
  local since, sent = tonumber(seen[1]) or now, tonumber(seen[2]) or 0
  if now - since >= WINDOW then
    redis.call('HSET', key, 'p', num(sent / (now - since)))
    since, sent = now, 0
  end
  redis.call('HSET', key, 's', num(since), 'n', sent + count)
  redis.call('EXPIRE', key, KEPT_SECONDS)
end
local function keep(b)
  if b.free then return end
  redis.call('HSET', b.key, 't', num(b.tokens), 'a', num(now), 'h', num(b.ahead))
  redis.call('EXPIRE', b.key, KEPT_SECONDS)
end
local function moment(b, count)
  local first = math.max(b.ahead, now + math.max(0, b.kept + 1 - b.tokens) / b.rate)
  if first > now + LONGEST_AHEAD then first = now + math.max(0, b.kept + 1 - b.tokens) / b.rate end
  b.ahead = first + count / b.rate
  return first - now
end
""".replace("FIRST_SLOWED", str(FIRST_SLOWED)).replace("KEPT_FOR_URGENT", str(KEPT_FOR_URGENT))
_READ = (
    _READ.replace("WINDOW", str(WINDOW_SECONDS))
    .replace("KEPT_SECONDS", str(KEPT_SECONDS))
    .replace("LONGEST_AHEAD", str(LONGEST_AHEAD))
)

# Given: urgent, how many buckets all share, their rates, and for each group its rate and how many letters it has. Of
# what the shared ones do not give, the groups named last get nothing.
_TAKE = Script(
    _READ
    + """
local urgent, shared_count = ARGV[2] == '1', tonumber(ARGV[3])
local shared, most = {}, 1e9
for i = 1, shared_count do
  shared[i] = read(KEYS[i], tonumber(ARGV[3 + i]), urgent)
  most = math.min(most, can(shared[i]))
end
local answer, total, wait = {'0'}, 0, 0
local at = 3 + shared_count
for i = shared_count + 1, #KEYS do
  local rate, wanted = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  at = at + 2
  local b = read(KEYS[i], rate, urgent)
  local fits = math.min(wanted, can(b))
  local given = math.min(fits, most - total)
  total = total + given
  local first, step = 0, 0
  b.tokens = b.tokens - given
  if fits < wanted then first, step = moment(b, wanted - fits), 1 / b.rate end
  if b.free then note(b.key, given) else keep(b) end
  answer[#answer + 1] = given
  answer[#answer + 1] = wanted - fits
  answer[#answer + 1] = num(first)
  answer[#answer + 1] = num(step)
  if given < fits then wait = 1 end
end
for i = 1, shared_count do
  local b = shared[i]
  b.tokens = b.tokens - total
  if wait == 1 and not b.free and can(b) == 0 then
    answer[1] = num(math.max(tonumber(answer[1]), moment(b, 1)))
  end
  keep(b)
end
if wait == 1 and tonumber(answer[1]) == 0 then answer[1] = '0.001' end
return answer
"""
)

# Given: urgent, the rates of the shared buckets. Takes nothing.
_PEEK = Script(
    _READ
    + """
local longest = 0
for i = 1, #KEYS do
  local b = read(KEYS[i], tonumber(ARGV[2 + i]), ARGV[2] == '1')
  if not b.free and can(b) == 0 then longest = math.max(longest, moment(b, 1)) end
  keep(b)
end
return {num(longest)}
"""
)

_SLOW = Script(
    _READ
    + """
local b = redis.call('HMGET', KEYS[1], 'f', 's', 'w', 'n', 'p')
if now - (tonumber(b[3]) or 0) < tonumber(ARGV[2]) then return {0} end
local known = read(KEYS[1], 0, true).factor or 1
local factor = math.max(tonumber(ARGV[3]), known / 2)
if not b[1] then
  local pace = (tonumber(b[4]) or 0) / math.max(1, now - (tonumber(b[2]) or now))
  redis.call('HSET', KEYS[1], 'b', num(math.max(1, pace, tonumber(b[5]) or 0)), 't', 0, 'a', num(now))
end
redis.call('HSET', KEYS[1], 'f', num(factor), 'c', num(now), 'w', num(now))
redis.call('EXPIRE', KEYS[1], KEPT)
return {1}
""".replace("KEPT", str(KEPT_SECONDS))
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is limited, by its key, and how many a second; 0 where only a slower pace that was asked for counts."""

    key: str
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """Of one group: how many may go, how many must wait for the group itself, until when, and how far apart."""

    granted: int
    waiting: int = 0
    first_seconds: float = 0.0
    step_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a handful was given. `wait_seconds` is set where what all share was short: then nobody of them goes on."""

    shares: list[Share]
    wait_seconds: float = 0.0


_PACES = Script("""
local t = redis.call('TIME')
local now = tonumber(ARGV[1]) or (t[1] + t[2] / 1e6)
local found = {}
for _, key in ipairs(KEYS) do
  local b = redis.call('HMGET', key, 'f', 'c')
  local factor = tonumber(b[1])
  if factor then factor = factor * 1.1 ^ math.floor((now - tonumber(b[2])) / 60) end
  found[#found + 1] = factor and string.format('%.6f', math.min(1, factor)) or ''
  found[#found + 1] = b[2] or ''
end
return found
""")


@dataclass(slots=True)
class _Slowed:
    """What this process itself was told by a group."""

    factor: float = 1.0
    since: float = field(default_factory=time.monotonic)


_slowed: dict[str, _Slowed] = {}


def take_tokens(
    shared: Sequence[Bucket], groups: Sequence[tuple[Bucket, int]], *, is_urgent: bool, at: float | None = None
) -> Grant:
    """Take a token of every bucket for each letter, all or as many as there are, in one round trip."""
    keys = [bucket.key for bucket in shared] + [bucket.key for bucket, _wanted in groups]
    given: list[float] = [int(is_urgent), len(shared), *(bucket.per_second for bucket in shared)]
    for bucket, wanted in groups:
        given += [bucket.per_second, wanted]
    found = _TAKE.run(keys, given, at=at)
    if found is None:
        return _take_without_redis(shared, groups)
    parts = [found[start : start + 4] for start in range(1, len(found), 4)]
    shares = [Share(int(part[0]), int(part[1]), float(part[2]), float(part[3])) for part in parts]
    return Grant(shares, float(found[0]))


def seconds_until_token(shared: Sequence[Bucket], *, is_urgent: bool, at: float | None = None) -> float:
    """How long until there is a token in every bucket; 0 where there is one now. Takes none."""
    limited = [bucket for bucket in shared if bucket.per_second > 0]
    if not limited:
        return 0.0
    given = [int(is_urgent), *(bucket.per_second for bucket in limited)]
    found = _PEEK.run([bucket.key for bucket in limited], given, at=at)
    return float(found[0]) if found else 0.0


def slow_down(bucket: Bucket, *, at: float | None = None) -> None:
    """A group asked for a slower pace: half of what it has."""
    known = _slowed.get(bucket.key)
    if known is None or time.monotonic() - known.since >= ONE_WORD_SECONDS:
        _slowed[bucket.key] = _Slowed(max(SLOWEST, _factor_here(bucket.key) / 2))
    _SLOW.run([bucket.key], [ONE_WORD_SECONDS, SLOWEST], at=at)


def paces_of(account_key: str, groups: Sequence[str]) -> dict[str, tuple[float, datetime]]:
    """The receivers that an account is slowed down for: the share of its pace that is left, and since when."""
    keys = [f"bucket:receivers:{account_key}:{name}" for name in groups]
    found = _PACES.run(keys, []) or []
    parts = zip(groups, found[::2], found[1::2], strict=False)
    known = {name: (float(share), float(since)) for name, share, since in parts if share}
    return {name: (share, datetime.fromtimestamp(since, UTC)) for name, (share, since) in known.items() if share < 1}


def forget_slowed() -> None:
    """This process was told nothing by any group."""
    _slowed.clear()


def _take_without_redis(shared: Sequence[Bucket], groups: Sequence[tuple[Bucket, int]]) -> Grant:
    """The same limits, counted in PostgreSQL: exact for all workers together, a second at a time."""
    shares, total = [], 0
    for bucket, wanted in groups:
        rate = _rate_here(bucket)
        granted, wait = _take_counted(bucket.key, wanted, rate)
        shares.append(Share(granted, wanted - granted, wait, 1 / rate if rate else 0.0))
        total += granted
    most, longest = total, 0.0
    for bucket in shared:
        # Of the next one no more is taken than the ones before have given.
        granted, wait = _take_counted(bucket.key, most, bucket.per_second)
        if granted < most:
            most, longest = granted, max(longest, wait)
    return Grant(_cut(shares, most), max(longest, 0.001)) if most < total else Grant(shares)


def _cut(shares: Sequence[Share], most: int) -> list[Share]:
    cut = []
    for share in shares:
        granted = min(share.granted, most)
        most -= granted
        cut.append(Share(granted, share.waiting, share.first_seconds, share.step_seconds))
    return cut


def _take_counted(key: str, wanted: int, rate: float) -> tuple[int, float]:
    if rate <= 0 or not wanted:
        return wanted, 0.0
    limit, window = (int(rate), 1.0) if rate >= 1 else (1, 1 / rate)
    return ratelimit.take_up_to(("sends", key), wanted, limit=limit, window_seconds=window)


def _factor_here(key: str) -> float:
    known = _slowed.get(key)
    if known is None:
        return 1.0
    factor: float = known.factor * 1.1 ** int((time.monotonic() - known.since) / 60)
    if factor >= 1:
        del _slowed[key]
    return min(1.0, factor)


def _rate_here(bucket: Bucket) -> float:
    factor = _factor_here(bucket.key)
    return (bucket.per_second or (FIRST_SLOWED if factor < 1 else 0.0)) * factor
