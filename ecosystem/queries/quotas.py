"""What a business uses of the installation, beside what it may."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ecosystem.base.ratelimit import hash_of
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.quotas import QUOTAS, READERS, Quota, Reading, Span

NEARLY = 80
FULL = 100
BYTES = "bytes_kept"

_OWN = """
SELECT (business.quotas->>'storage')::bigint AS own_storage, (business.quotas->>'api_calls')::bigint AS own_api_calls,
       (SELECT coalesce(sum(amount), 0)::bigint FROM ecosystem_tally
         WHERE business_id = %(business_id)s AND name = 'bytes_kept') AS storage,
       coalesce((SELECT count FROM ecosystem_ratecounter
                  WHERE key_hash = %(calls)s AND expires_at > clock_timestamp()), 0) AS api_calls
  FROM ecosystem_business AS business WHERE business.id = %(business_id)s"""


@dataclass(frozen=True)
class Usage:
    """How a quota stands. `limit` is None where there is none; both are counted in ones, such as bytes."""

    key: str
    quota: Quota
    used: int
    limit: int | None
    is_step: bool = False

    @property
    def room(self) -> int | None:
        """How much more there is room for; None where nothing limits it."""
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def percent(self) -> int:
        """How much of it is used, in hundredths, rounded down; 0 where nothing limits it."""
        if self.limit is None:
            return 0
        return FULL if self.used >= self.limit else self.used * 100 // self.limit

    @property
    def is_full(self) -> bool:
        """Whether nothing more goes."""
        return self.percent >= FULL

    @property
    def is_nearly_full(self) -> bool:
        """Whether four fifths are used, and it is not full yet."""
        return NEARLY <= self.percent < FULL

    @property
    def used_words(self) -> str:
        """How much is used, as it is read."""
        return self.quota.words_for(self.used)

    @property
    def limit_words(self) -> str:
        """How much may be, as it is read."""
        return self.quota.words_for(self.limit) if self.limit is not None else _("no limit")

    @property
    def words(self) -> str:
        """`1,204 of 5,000`, or what is used where there is no limit."""
        if self.limit is None:
            return _("%(used)s, and there is no limit") % {"used": self.used_words}
        return _("%(used)s of %(limit)s") % {"used": self.used_words, "limit": self.limit_words}


def usages() -> list[Usage]:
    """Every quota of the current business, in order: one statement an app, whatever is used."""
    readings = {key: reading for read in READERS for key, reading in read().items()}
    return [_usage(key, quota, readings[key]) for key, quota in QUOTAS.items()]


def usage_of(key: str) -> Usage:
    """How one quota of the current business stands, in one statement."""
    quota = QUOTAS.get(key)
    return _usage(key, quota, READERS.get(quota.reader)()[key])


def limit_from(quotas: Mapping[str, int], key: str) -> int | None:
    """The limit of a business that has these figures of its own; None where nothing limits it."""
    quota = QUOTAS.get(key)
    figure = quotas.get(key, quota.usual())
    return figure * quota.scale or None


def own_readings() -> Mapping[str, Reading]:
    """How much is kept of files, and how many calls this minute has seen."""
    (row,) = rows(_OWN, {"calls": hash_of(("api_business", current_business_id()))})
    return {
        "storage": Reading(max(0, row["storage"]), row["own_storage"]),
        "api_calls": Reading(row["api_calls"], row["own_api_calls"]),
    }


def _usage(key: str, quota: Quota, reading: Reading) -> Usage:
    limit = limit_from({} if reading.own is None else {key: reading.own}, key)
    if reading.today is not None and (limit is None or reading.today < limit):
        return Usage(key, quota, reading.used, reading.today, is_step=True)
    # A call that is refused is counted once more.
    used = min(reading.used, limit) if quota.span == Span.MINUTE and limit is not None else reading.used
    return Usage(key, quota, used, limit)
