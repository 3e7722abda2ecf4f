"""Through which provider a business sends."""

from dataclasses import dataclass, field

import structlog
from django.conf import settings

from contacts.models import Channel
from ecosystem.base.sealing import BrokenSeal, unseal
from ecosystem.base.sql import rows

log = structlog.get_logger(__name__)

PLATFORM = "platform"
OWN = "own"

_OWN = """
SELECT id, provider, sealed_address, per_second, per_day FROM campaigns_provideraccount
 WHERE business_id = %(business_id)s AND channel = %(channel)s AND carries"""


@dataclass(frozen=True, slots=True)
class Account:
    """A way out: its key for limits and breakers, the address to connect to, and its limits where it has any.

    The key is the same in every process, and names no secret. `provider` is empty for the installation's own server.
    """

    key: str
    url: str = field(repr=False)
    per_second: float | None = None
    per_day: int | None = None
    provider: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is the business's own account, not that of the installation."""
        return bool(self.provider)


def account_for(channel: str) -> Account:
    """The account that carries what the current business sends on a channel: its own, or the installation's.

    Without an address there is none for this channel, and what is planned waits.
    """
    if channel == Channel.SMS:
        return Account(key=f"{PLATFORM}:{channel}", url=settings.SMS_URL)
    for row in rows(_OWN, {"channel": channel}):
        key, limits = f"{OWN}:{row['id']}", {"per_second": row["per_second"], "per_day": row["per_day"]}
        return Account(key=key, url=_opened(row["sealed_address"], key), provider=row["provider"], **limits)
    return Account(key=f"{PLATFORM}:{channel}", url=settings.EMAIL_URL)


def _opened(sealed: bytes, key: str) -> str:
    try:
        return unseal(sealed).decode()
    except BrokenSeal:
        log.exception("account_unreadable", account=key)
        return ""
