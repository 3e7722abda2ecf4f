"""Accounts at providers: what they sign their events with is sealed before it is written."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse

from campaigns.models import ProviderAccount, ProviderEvent
from campaigns.queries.mail_accounts import CALL_WITH_PASSWORD, EVENTS_NAME
from campaigns.services.refused_proofs import refused_so_far
from ecosystem.base.links import EVENTS, sign_link
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.models import Membership
from ecosystem.services.audit import record_act

# A provider that is told of a new secret needs a moment, and what it posts again was signed with the one before.
OLD_SECRET_COUNTS = timedelta(days=7)


def add_account(*, provider: str, name: str, secret: str) -> ProviderAccount:
    """An account that may tell the current business what became of its letters."""
    return ProviderAccount.objects.create(provider=provider, name=name, sealed_secret=seal(secret.encode()))


def replace_secret(account: ProviderAccount, secret: str, *, now: datetime) -> None:
    """Believe what the new secret proves from now on, and for a week what the one before it proves.

    A third one ends the first. The same one again changes nothing.
    """
    if secret in secrets_of(account, now=now)[:1]:
        return
    account.sealed_old_secret = account.sealed_secret
    account.old_secret_until = now + OLD_SECRET_COUNTS if account.sealed_secret is not None else None
    account.sealed_secret = seal(secret.encode())
    account.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until", "updated_at"])


def drop_old_secret(account: ProviderAccount) -> bool:
    """Believe nothing more that the secret before the newest one proves; False where there was none."""
    if account.sealed_old_secret is None:
        return False
    account.sealed_old_secret = account.old_secret_until = None
    account.save(update_fields=["sealed_old_secret", "old_secret_until", "updated_at"])
    return True


def secrets_of(account: ProviderAccount, *, now: datetime) -> list[str]:
    """What proves at this moment that an event is the provider's: the newest secret first, and the one before it while
    it counts. Raises BrokenSeal where no key opens one of them: then nothing can be judged."""
    sealed = [account.sealed_secret]
    if has_old_secret(account, now=now):
        sealed.append(account.sealed_old_secret)
    return [unseal(bytes(one)).decode() for one in sealed if one is not None]


def has_old_secret(account: ProviderAccount, *, now: datetime) -> bool:
    """Whether the secret before the newest one still counts."""
    until = account.old_secret_until
    return account.sealed_old_secret is not None and until is not None and now < until


def keep_events_secret(account: ProviderAccount, secret: str, *, actor: Membership | None, now: datetime) -> None:
    """As replace_secret, by somebody of the team."""
    replace_secret(account, secret, now=now)
    record_act("mail_events_changed", actor=actor, subject=account)


def new_events_password(account: ProviderAccount, *, actor: Membership | None, now: datetime) -> None:
    """Another password for the address that the provider calls; the one before it counts for a week."""
    keep_events_secret(account, make_events_password(), actor=actor, now=now)


def make_events_password() -> str:
    """The name and the password of an address that a provider calls with those."""
    return f"{EVENTS_NAME}:{secrets.token_urlsafe(24)}"


def forget_old_events_secret(account: ProviderAccount, *, actor: Membership | None) -> None:
    """As drop_old_secret, by somebody of the team; doing it twice changes nothing."""
    if drop_old_secret(account):
        record_act("mail_events_changed", actor=actor, subject=account)


def forget_events_secret(account: ProviderAccount, *, actor: Membership | None) -> None:
    """Believe nothing more by the old proof; with Amazon the next stream that asks is the one from then on."""
    account.sealed_secret, account.confirm_url = None, ""
    account.save(update_fields=["sealed_secret", "confirm_url", "updated_at"])
    record_act("mail_events_changed", actor=actor, subject=account)


def events_url(account: ProviderAccount) -> str:
    """The address to write down at the provider."""
    token = sign_link(EVENTS, account.business_id, account.id.bytes, issued_at=account.created_at.timestamp())
    return settings.PUBLIC_URL.rstrip("/") + reverse("public:provider_events", kwargs={"token": token})


@dataclass(frozen=True)
class EventDoor:
    """Where a provider tells what became of letters, whether it can prove itself, and when it told something last.

    `old_until` says how long the proof before the newest one counts, where it does; `refused` how often somebody came
    without any that counts.
    """

    url: str
    is_proved: bool
    topic: str = ""
    told_at: datetime | None = None
    old_until: datetime | None = None
    refused: int = 0


def event_door(account: ProviderAccount, *, now: datetime) -> EventDoor:
    """The address to write down at the provider, with the name and the password in it where it calls with those."""
    secret = _opened(account.sealed_secret)
    url = events_url(account)
    if secret and account.provider in CALL_WITH_PASSWORD:
        parts, (name, _colon, password) = urlsplit(url), secret.partition(":")
        url = parts._replace(netloc=f"{quote(name)}:{quote(password, safe='')}@{parts.netloc}").geturl()
    told = ProviderEvent.objects.filter(account=account).order_by("-created_at").values_list("created_at", flat=True)
    topic = secret if account.provider == ProviderAccount.Provider.SES else ""
    old_until = account.old_secret_until if has_old_secret(account, now=now) else None
    return EventDoor(url, bool(secret), topic, told.first(), old_until, refused_so_far(account.pk))


def _opened(sealed: bytes | memoryview | None) -> str:
    try:
        return unseal(bytes(sealed)).decode() if sealed is not None else ""
    except BrokenSeal:
        return ""
