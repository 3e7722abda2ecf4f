"""Nora's bakery with a topic, and a mail server that remembers what it took."""

from collections.abc import Iterator

import pytest

from campaigns.services import delivery
from contacts.models import Topic
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.campaigns.mail_server import MailServer, running_mail_server
from tests.factories.permission import make_business, make_topic


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    """The server that letters go to in this test."""
    with running_mail_server() as server:
        settings.EMAIL_URL = server.url
        yield server


@pytest.fixture(autouse=True)
def _closed_breaker() -> None:
    """No test inherits another one's troubles with a provider."""
    delivery.breaker.__init__()


@pytest.fixture
def shop(db) -> Iterator[Business]:
    """Nora's bakery, entered for the whole test."""
    business = make_business("Oat & Ember")
    with business_scope(business):
        yield business


@pytest.fixture
def seasonal(shop: Business) -> Topic:
    """What people say yes to."""
    return make_topic()
