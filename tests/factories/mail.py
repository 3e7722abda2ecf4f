"""Mail providers of a business, connected without a test letter."""

from campaigns.gateways.mail_address import key_address
from campaigns.models import ProviderAccount
from ecosystem.base.clock import now
from ecosystem.base.sealing import seal
from tests.mail_api import SECRET

PLACES = {"postmark": "broadcast", "mailgun": "mg.example.com"}


def connect_provider(provider: str, **values: object) -> ProviderAccount:
    """Letters of the business that is entered go by a provider that is reached over HTTP."""
    sealed = seal(key_address(provider, SECRET, place=PLACES.get(provider, "")).encode())
    given = {"name": provider.title(), "carries": True, "carries_since": now()} | values
    return ProviderAccount.objects.create(provider=provider, sealed_address=sealed, **given)
