"""Accounts that their provider does not let in: set aside until the sign-in is put right, and tried once an hour."""

from datetime import datetime

import structlog
from django.utils.crypto import salted_hmac

from campaigns.models import AccountSuspension, ProviderAccount
from campaigns.queries.accounts import OWN, Account
from ecosystem.base.sql import execute

log = structlog.get_logger(__name__)

TRY_SECONDS = 3_600
# So often it is looked whether the sign-in was changed.
LOOK_SECONDS = 300

# The first refusal is told; those of the tries that follow only move the next try.
_SUSPEND = """
INSERT INTO campaigns_accountsuspension AS known (account_key, fingerprint, next_try_at, words)
VALUES (%(account_key)s, %(fingerprint)s, clock_timestamp() + make_interval(secs => %(seconds)s), %(words)s)
ON CONFLICT (account_key) DO UPDATE
   SET next_try_at = excluded.next_try_at, fingerprint = excluded.fingerprint, words = excluded.words,
       suspended_at = CASE WHEN known.fingerprint = excluded.fingerprint
                           THEN known.suspended_at ELSE excluded.suspended_at END"""


def find_suspension(account: Account) -> AccountSuspension | None:
    """Since when and why an account is set aside; None where it is not."""
    return AccountSuspension.objects.filter(account_key=account.key).first()


def may_try(account: Account, suspension: AccountSuspension, *, now: datetime) -> bool:
    """Whether it is time to knock again: once an hour, and at once with a sign-in that was changed."""
    return suspension.fingerprint != _fingerprint(account) or suspension.next_try_at <= now


def suspend_account(account: Account, *, words: str) -> None:
    """Set an account aside: its provider refused the sign-in. Its businesses see since when, and why."""
    given = {"account_key": account.key, "fingerprint": _fingerprint(account), "words": words[:160]}
    execute(_SUSPEND, {**given, "seconds": TRY_SECONDS})
    log.error("account_suspended", account=account.key)


def lift_suspension(account: Account) -> None:
    """The account was let in: nothing is to be told any more."""
    AccountSuspension.objects.filter(account_key=account.key).delete()


def _fingerprint(account: Account) -> str:
    return salted_hmac("campaigns.account_suspensions", account.url, algorithm="sha256").hexdigest()


def forget_suspensions(business_id: int, using: str) -> None:
    """Take away what is known of a business's own accounts, which goes with them."""
    accounts = ProviderAccount.objects.using(using).values_list("pk", flat=True)
    keys = [f"{OWN}:{account_id}" for account_id in accounts]
    AccountSuspension.objects.using(using).filter(account_key__in=keys).delete()
