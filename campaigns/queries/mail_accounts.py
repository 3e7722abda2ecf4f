"""What the page about a business's mail provider shows."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.gateways.mail_address import KeyAddress, read_mail_address
from campaigns.gateways.smtp_line import SmtpAddress
from campaigns.models import AccountSuspension, ProviderAccount
from campaigns.queries.accounts import OWN, PLATFORM, Account
from contacts.models import Channel
from ecosystem.base.sealing import BrokenSeal, unseal

Provider = ProviderAccount.Provider
# Those that a business can connect, the most common first.
PROVIDERS = tuple(Provider)
# These prove their events by a name and a password, which we make and which stand in the address for them.
CALL_WITH_PASSWORD = frozenset({Provider.POSTMARK, Provider.BREVO})
EVENTS_NAME = "letters"


@dataclass(frozen=True)
class MailPage:
    """The account that letters go by, the one that is being tried, and why letters wait, where they do."""

    used: ProviderAccount | None
    tried: ProviderAccount | None
    suspended_since: datetime | None = None
    suspended_words: str = ""


def mail_page() -> MailPage:
    """How the current business's letters leave, as its page shows it."""
    accounts = list(
        ProviderAccount.objects.filter(channel=Channel.EMAIL)
        .select_related("trial_by__user")
        .order_by("-trial_at", "-id")[: len(PROVIDERS) * 2]
    )
    used = next((one for one in accounts if one.carries), None)
    tried = next((one for one in accounts if one.trial and (one.sealed_candidate or one.carries)), None)
    suspension = AccountSuspension.objects.filter(account_key=f"{OWN}:{used.id}").first() if used else None
    if suspension is None:
        return MailPage(used, tried)
    return MailPage(used, tried, suspension.suspended_at, suspension.words)


def account_shown(page: MailPage) -> Account:
    """The account that letters go by, as far as its page looks at it: without how to sign in."""
    if page.used is None:
        return Account(key=f"{PLATFORM}:{Channel.EMAIL}", url="")
    used = page.used
    return Account(f"{OWN}:{used.id}", "", used.per_second, used.per_day, used.provider)


def account_of(provider: str) -> ProviderAccount | None:
    """The newest account of the current business at a provider."""
    return ProviderAccount.objects.filter(channel=Channel.EMAIL, provider=provider).order_by("-id").first()


def address_in_use(account: ProviderAccount) -> SmtpAddress | KeyAddress | None:
    """How an account is reached, its candidate first; None where that is not written down or no key opens it."""
    sealed = account.sealed_candidate or account.sealed_address
    if sealed is None:
        return None
    try:
        return read_mail_address(unseal(bytes(sealed)).decode())
    except (BrokenSeal, ValueError):
        return None
