"""Accounts at providers: what they sign their events with is sealed before it is written."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse

from campaigns.models import ProviderAccount, ProviderEvent
from campaigns.queries.mail_accounts import CALL_WITH_PASSWORD
from ecosystem.base.links import EVENTS, sign_link
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.models import Membership
from ecosystem.services.audit import record_act


def add_account(*, provider: str, name: str, secret: str) -> ProviderAccount:
    """An account that may tell the current business what became of its letters."""
    return ProviderAccount.objects.create(provider=provider, name=name, sealed_secret=seal(secret.encode()))


def replace_secret(account: ProviderAccount, secret: str) -> None:
    """From now on only what is proved by the new secret is believed."""
    account.sealed_secret = seal(secret.encode())
    account.save(update_fields=["sealed_secret", "updated_at"])


def keep_events_secret(account: ProviderAccount, secret: str, *, actor: Membership | None) -> None:
    """As replace_secret, by somebody of the team."""
    replace_secret(account, secret)
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
    """Where a provider tells what became of letters, whether it can prove itself, and when it told something last."""

    url: str
    is_proved: bool
    topic: str = ""
    told_at: datetime | None = None


def event_door(account: ProviderAccount) -> EventDoor:
    """The address to write down at the provider, with the name and the password in it where it calls with those."""
    try:
        secret = unseal(bytes(account.sealed_secret)).decode() if account.sealed_secret else ""
    except BrokenSeal:
        secret = ""
    url = events_url(account)
    if secret and account.provider in CALL_WITH_PASSWORD:
        parts, (name, _colon, password) = urlsplit(url), secret.partition(":")
        url = parts._replace(netloc=f"{quote(name)}:{quote(password, safe='')}@{parts.netloc}").geturl()
    told = ProviderEvent.objects.filter(account=account).order_by("-created_at").values_list("created_at", flat=True)
    topic = secret if account.provider == ProviderAccount.Provider.SES else ""
    return EventDoor(url, bool(secret), topic, told.first())
