"""The way out for letters: over SMTP or by a provider's key, as the account's address says."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings

from campaigns.gateways.base import Answered, Gateway, Outcome, OutgoingMessage, Started
from campaigns.gateways.mail_address import read_mail_address
from campaigns.gateways.mail_http import KeyGateway
from campaigns.gateways.smtp import SmtpGateway
from campaigns.gateways.smtp_line import SmtpAddress


class SesGateway(SmtpGateway):
    """Amazon SES names in its events what stands in this header: its own Message-ID takes the place of ours."""

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the messages over in their order; see Gateway.send."""
        return super().send(_tagged(messages), started=started, answered=answered)


def open_mail_gateway(url: str, *, timeout: float = 30.0) -> Gateway:
    """The gateway to the account that an address names. Connects when needed; `timeout` is in seconds for an answer."""
    address = read_mail_address(url)
    own_name = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    if isinstance(address, SmtpAddress):
        kind = SesGateway if url.startswith("ses:") else SmtpGateway
        return kind(address, own_name=own_name, timeout=timeout)
    return KeyGateway(address, timeout=timeout)


def _tagged(messages: Iterable[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    for message in messages:
        yield replace(message, body=b"X-SES-MESSAGE-TAGS: letter=%b\r\n" % str(message.id).encode() + message.body)
