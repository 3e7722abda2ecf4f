"""Through which provider a business sends."""

from dataclasses import dataclass

from django.conf import settings

from contacts.models import Channel

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Account:
    """A way out: its key for limits and breakers, the address to connect to, and its limits where it has any.

    The key is the same in every process, and names no secret.
    """

    key: str
    url: str
    per_second: float | None = None
    per_day: int | None = None


def account_for(channel: str) -> Account:
    """The account that carries what the current business sends on a channel: the one of the installation.

    Without an address there is none for this channel.
    """
    url = settings.SMS_URL if channel == Channel.SMS else settings.EMAIL_URL
    return Account(key=f"{PLATFORM}:{channel}", url=url)
