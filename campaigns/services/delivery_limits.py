"""Limits: how fast letters may leave, by account, sender, receivers and business, and how many in a day.

What finds no token stays queued, and the worker goes on with other businesses. A handful of letters costs one round
trip to Redis.
"""

import os
import re
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings

from campaigns.gateways.base import Outcome
from campaigns.models import Message
from campaigns.queries.accounts import Account
from campaigns.services.delivery_breaker import Breaker, breaker_of
from campaigns.services.delivery_claims import ClaimedMessage
from campaigns.services.delivery_limits_buckets import Bucket, Share, seconds_until_token, slow_down, take_tokens
from campaigns.services.receiver_lookup import groups_of
from contacts.models import Channel
from ecosystem.base.shared_memory import Script

URGENT_LANES = frozenset({Message.Lane.TRANSACTIONAL, Message.Lane.TEXT_NOW})
# What a no for now is about, where it says so (RFC 3463): 4.7 is how much we send; a server that closes says 4.3.
REASON = re.compile(r"\A\s*4\.(\d{1,3})\.\d{1,3}\b")
OF_POLICY = "7"
CLOSING = 421

# Where several accounts are at work, one that answers slowly or has not answered for a while holds a quarter of the
# workers at most, and all that are known to be slow hold three quarters together: somebody is always left for the
# others. The slot of a dead worker is free before its letters are.
SLOW_SECONDS = 2.0
QUICK_FOR_SECONDS = 60
SLOTS_SHARE = 0.25
ALL_SLOW_SHARE = 0.75
SLOT_SECONDS = 50
# A worker that ended is counted so long. One that is busy for longer with a slow account is not counted meanwhile: that
# leaves more to the others.
WORKER_SECONDS = 20
SEEN_SECONDS = 600
NO_SLOT_SECONDS = 2.0

# Keys: who works for the account, who works at all, whether the account answered quickly of late, which accounts there
# are, who works for a slow account, whether this one is known to be slow.
_ENTER = Script("""
local t = redis.call('TIME')
local now = tonumber(ARGV[1]) or (t[1] + t[2] / 1e6)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + ARGV[8], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[8] * 2)
redis.call('ZADD', KEYS[4], now + ARGV[6], KEYS[1])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
redis.call('EXPIRE', KEYS[4], ARGV[6] * 2)
local is_capped = redis.call('EXISTS', KEYS[3]) == 0 and redis.call('ZCARD', KEYS[4]) > 1
local workers = redis.call('ZCARD', KEYS[2])
if is_capped and redis.call('ZCARD', KEYS[1]) >= math.max(1, math.floor(workers * ARGV[5])) then return {0} end
if is_capped and redis.call('EXISTS', KEYS[6]) == 1 then
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
    if redis.call('ZCARD', KEYS[5]) >= math.max(1, math.floor(workers * ARGV[7])) then return {0} end
    redis.call('ZADD', KEYS[5], now + ARGV[4], ARGV[2])
    redis.call('EXPIRE', KEYS[5], ARGV[4] * 2)
end
redis.call('ZADD', KEYS[1], now + ARGV[4], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4] * 2)
return {1}
""")
# What is known of its answers: 1 quick, 0 slow, nothing where none came. The slot is given back where `ARGV[4]` is 1.
_ANSWERED = Script("""
if ARGV[3] == '1' then
    redis.call('SET', KEYS[2], 1, 'EX', ARGV[5])
    redis.call('DEL', KEYS[4])
end
if ARGV[3] == '0' then
    redis.call('DEL', KEYS[2])
    redis.call('SET', KEYS[4], 1, 'EX', ARGV[6])
    redis.call('ZADD', KEYS[3], redis.call('TIME')[1] + ARGV[7], ARGV[2])
    redis.call('EXPIRE', KEYS[3], ARGV[7] * 2)
end
if ARGV[4] == '1' then redis.call('ZREM', KEYS[1], ARGV[2]) end
if ARGV[4] == '1' or ARGV[3] == '1' then redis.call('ZREM', KEYS[3], ARGV[2]) end
return {1}
""")


# Until when all have heard from this process that an account is quick.
_quick_told: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a turn may begin: after so many seconds, or now and with at most so many messages."""

    seconds_left: float = 0.0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """What of a handful may go now, what waits for its receivers and how long, and what waits for all of us."""

    passed: Sequence[ClaimedMessage]
    later: Sequence[tuple[ClaimedMessage, float]] = ()
    stopped: Sequence[ClaimedMessage] = ()
    wait_seconds: float = 0.0


class Limits:
    """The limits that hold for one turn of a business in a lane."""

    def __init__(self, account: Account, business_id: int, lane: str, *, channel: str, sender: str) -> None:
        self.account = account
        self.breaker: Breaker = breaker_of(account.key)
        self.is_urgent = lane in URGENT_LANES
        # A turn that was ended by a limit goes on after so many seconds.
        self.wait_seconds = 0.0
        self._has_groups = channel == Channel.EMAIL
        self._token = str(uuid4())
        rates = {
            f"account:{account.key}": account.per_second or settings.SENDS_PER_SECOND,
            f"sender:{sender}": settings.SENDS_PER_SECOND_SENDER,
            f"business:{business_id}": settings.SENDS_PER_SECOND_BUSINESS,
        }
        self._shared = [Bucket(f"bucket:{name}", float(rate)) for name, rate in rates.items() if rate > 0]

    def open(self, *, at: float | None = None) -> Opening:
        """Ask whether the provider may be asked at all, whether there is a token and a free worker for the account."""
        seconds, is_probe = self.breaker.ask(at=at)
        seconds = seconds or seconds_until_token(self._shared, is_urgent=self.is_urgent, at=at)
        if not seconds and not self._enter(at):
            seconds = NO_SLOT_SECONDS
        return Opening(seconds, 1 if is_probe else None)

    def admit(self, messages: Sequence[ClaimedMessage], *, at: float | None = None) -> Admission:
        """Take tokens for a handful, as far as there are any."""
        seconds = self.breaker.seconds_left_here()
        if seconds:
            self.wait_seconds = seconds
            return Admission((), stopped=messages, wait_seconds=seconds)
        if not self._has_groups and not self._shared:
            return Admission(messages)
        groups = self._groups_of([message.address for message in messages])
        wanted = Counter(groups)
        buckets = [(self._bucket_of(name), count) for name, count in wanted.items()]
        grant = take_tokens(self._shared, buckets, is_urgent=self.is_urgent, at=at)
        if all(share.granted == count for share, count in zip(grant.shares, wanted.values(), strict=True)):
            return Admission(messages)
        self.wait_seconds = max(self.wait_seconds, grant.wait_seconds)
        return _sorted_out(messages, groups, dict(zip(wanted, grant.shares, strict=True)), grant.wait_seconds)

    def hear(
        self,
        messages: Sequence[ClaimedMessage],
        outcomes: Sequence[Outcome],
        seconds: float,
        *,
        at: float | None = None,
    ) -> None:
        """Learn from the answers to a handful that took so many seconds."""
        self.breaker.hear(outcomes, at=at)
        self._note_pace(sum(outcome.was_started for outcome in outcomes), seconds)
        if all(outcome.code is None or outcome.code < 400 for outcome in outcomes):
            return
        addresses = {message.id: message.address for message in messages}
        asking = [addresses[one.id] for one in outcomes if _asks_for_less(one) and self._has_groups]
        for name in set(self._groups_of(asking)):
            slow_down(self._bucket_of(name), at=at)

    def close(self) -> None:
        """The turn is over: another worker may have the account."""
        self._tell(pace="", is_over=1)

    def _groups_of(self, addresses: Sequence[str]) -> list[str]:
        return groups_of(addresses) if self._has_groups else [""] * len(addresses)

    def _bucket_of(self, name: str) -> Bucket:
        """By account too: mail houses judge who sends, and one account's trouble is not another's."""
        rate = settings.SENDS_PER_SECOND_RECEIVERS if name else 0
        return Bucket(f"bucket:receivers:{self.account.key}:{name}", float(rate))

    def _enter(self, at: float | None) -> bool:
        worker = f"{socket.gethostname()}:{os.getpid()}"
        shares = [SLOTS_SHARE, SEEN_SECONDS, ALL_SLOW_SHARE, WORKER_SECONDS]
        found = _ENTER.run(self._slot_keys(), [self._token, worker, SLOT_SECONDS, *shares], at=at)
        return found is None or found[0] == 1

    def _note_pace(self, answers: int, seconds: float) -> None:
        """Tell the others when the account turns out quick or slow."""
        if not answers:
            return
        is_quick = seconds / answers <= SLOW_SECONDS
        if not is_quick or time.monotonic() > _quick_told.get(self.account.key, 0.0):
            _quick_told[self.account.key] = time.monotonic() + QUICK_FOR_SECONDS / 3 if is_quick else 0.0
            self._tell(pace=int(is_quick), is_over=0)

    def _tell(self, *, pace: int | str, is_over: int) -> None:
        slots, _workers, quick, _accounts, all_slow, slow = self._slot_keys()
        _ANSWERED.run(
            [slots, quick, all_slow, slow],
            [self._token, pace, is_over, QUICK_FOR_SECONDS, SEEN_SECONDS, SLOT_SECONDS],
        )

    def _slot_keys(self) -> list[str]:
        key = self.account.key
        return [f"slots:{key}", "workers", f"quick:{key}", "accounts", "slots:slow", f"slow:{key}"]


def forget_pace() -> None:
    """This process has told nothing of how quick an account is."""
    _quick_told.clear()


def open_limits(account: Account, business_id: int, lane: str, *, channel: str, sender_address: str) -> Limits:
    """The limits of a business's turn in a lane. A sender is known by domain, or by number."""
    sender = sender_address.rpartition("@")[2].rstrip("> ").lower()
    return Limits(account, business_id, lane, channel=channel, sender=sender)


def _asks_for_less(outcome: Outcome) -> bool:
    if outcome.code is None or not 400 <= outcome.code < 500:
        return False
    reason = REASON.match(outcome.response)
    return reason[1] == OF_POLICY if reason else outcome.code == CLOSING


def _sorted_out(
    messages: Sequence[ClaimedMessage], groups: Sequence[str], shares: dict[str, Share], wait_seconds: float
) -> Admission:
    """In their order: of each group as many as it gives, then those that wait for it, one after another."""
    passed: list[ClaimedMessage] = []
    later: list[tuple[ClaimedMessage, float]] = []
    stopped: list[ClaimedMessage] = []
    seen: Counter[str] = Counter()
    wanted = Counter(groups)
    for message, name in zip(messages, groups, strict=True):
        share = shares[name]
        place = seen[name] - (wanted[name] - share.waiting)
        if seen[name] < share.granted:
            passed.append(message)
        elif place < 0:
            stopped.append(message)
        else:
            later.append((message, share.first_seconds + place * share.step_seconds))
        seen[name] += 1
    return Admission(passed, later, stopped, wait_seconds)
