"""Accounts at providers: what they sign their events with is sealed before it is written."""

from django.conf import settings
from django.urls import reverse

from campaigns.models import ProviderAccount
from ecosystem.base.links import EVENTS, sign_link
from ecosystem.base.sealing import seal


def add_account(*, provider: str, name: str, secret: str) -> ProviderAccount:
    """An account that may tell the current business what became of its letters."""
    return ProviderAccount.objects.create(provider=provider, name=name, sealed_secret=seal(secret.encode()))


def replace_secret(account: ProviderAccount, secret: str) -> None:
    """From now on only what is proved by the new secret is believed."""
    account.sealed_secret = seal(secret.encode())
    account.save(update_fields=["sealed_secret", "updated_at"])


def events_url(account: ProviderAccount) -> str:
    """The address to write down at the provider."""
    token = sign_link(EVENTS, account.business_id, account.id.bytes, issued_at=account.created_at.timestamp())
    return settings.PUBLIC_URL.rstrip("/") + reverse("public:provider_events", kwargs={"token": token})
