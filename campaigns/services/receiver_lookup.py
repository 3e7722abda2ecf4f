"""Who really receives for a domain: asked of the DNS beside the sending, and remembered together for a day.

A worker that meets a domain which nobody knows yet notes it and goes by the table meanwhile: no letter waits for a name
to be looked up. The task that looks names up works off what was noted. While Redis is away all go by the table.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from campaigns.gateways.dns import NoAnswer, find_mail_server
from campaigns.queries.receiver_groups import OTHER, group_of_domain, group_of_host
from ecosystem.base.shared_memory import Script

log = structlog.get_logger(__name__)

BATCH = 200
AT_ONCE = 20
KEPT_SECONDS = 86_400
# A name of which nothing could be learned is asked for again after an hour.
UNKNOWN_SECONDS = 3_600
# So long a worker believes what it has heard, and so soon it asks again about what nobody knew yet.
BELIEVED_SECONDS, ASKED_AGAIN_SECONDS = 600.0, 20.0
MOST_KNOWN = 50_000
MOST_WANTED = 20_000

# Keys: what is wanted, then what is known of each domain, whose names are the arguments. An unknown one is noted.
_ASK = Script("""
local answer = redis.call('MGET', unpack(KEYS, 2))
for i = 1, #KEYS - 1 do
  if not answer[i] then
    answer[i] = ''
    if redis.call('SCARD', KEYS[1]) < tonumber(ARGV[2]) then redis.call('SADD', KEYS[1], ARGV[i + 2]) end
  end
end
redis.call('EXPIRE', KEYS[1], 86400)
return answer
""")
_TAKE = Script("return redis.call('SPOP', KEYS[1], ARGV[2])")
_KEEP = Script("""
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[2 * i], 'EX', ARGV[2 * i + 1]) end
return {1}
""")
_WANTED = "receivers:wanted"

# Domain -> (its group, until when that is believed here).
_known: dict[str, tuple[str, float]] = {}


def groups_of(addresses: Sequence[str]) -> list[str]:
    """The group of receivers of each address; one round trip where a domain was not met of late, else none."""
    domains = [address.rpartition("@")[2].lower() for address in addresses]
    moment = time.monotonic()
    strangers = sorted({one for one in domains if not group_of_domain(one) and _known.get(one, ("", 0.0))[1] <= moment})
    if strangers:
        _learn(strangers, moment)
    return [group_of_domain(one) or _known.get(one, (OTHER, 0.0))[0] for one in domains]


def look_up_receivers() -> int:
    """Ask the DNS about the domains that workers have met, and tell all of them; how many that were."""
    found = _TAKE.run([_WANTED], [BATCH])
    if not found:
        return 0
    domains = [_text(one) for one in found]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        groups = list(pool.map(_ask_dns, domains))
    given: list[str | int] = []
    for group in groups:
        given += [group or OTHER, KEPT_SECONDS if group else UNKNOWN_SECONDS]
    _KEEP.run([_key(domain) for domain in domains], given)
    return len(domains)


def forget_receivers() -> None:
    """This process has met no domain yet."""
    _known.clear()


def _learn(domains: list[str], moment: float) -> None:
    answers = _ASK.run([_WANTED, *map(_key, domains)], [MOST_WANTED, *domains])
    if len(_known) + len(domains) > MOST_KNOWN:
        _known.clear()
    for domain, answer in zip(domains, answers or [""] * len(domains), strict=True):
        group = _text(answer)
        _known[domain] = (group or OTHER, moment + (BELIEVED_SECONDS if group else ASKED_AGAIN_SECONDS))


def _ask_dns(domain: str) -> str:
    """The group of a domain by its mail server; empty where the DNS says nothing of it."""
    try:
        return group_of_host(find_mail_server(domain))
    except NoAnswer:
        log.info("receiver_not_found")
        return ""


def _key(domain: str) -> str:
    return f"receiver:{domain}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
