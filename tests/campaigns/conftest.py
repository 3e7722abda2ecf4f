"""Nora's bakery with a topic, and a mail server that remembers what it took."""

from collections.abc import Iterator

import pytest

from campaigns.services.delivery_breaker import forget_breakers
from campaigns.services.delivery_limits import forget_pace
from campaigns.services.delivery_limits_buckets import forget_slowed
from contacts.models import Topic
from ecosystem.base import shared_memory
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.factories.permission import make_business, make_topic
from tests.smtp_server import SmtpServer


@pytest.fixture
def mail_server(settings) -> Iterator[SmtpServer]:
    """The server that letters go to in this test."""
    server = SmtpServer()
    settings.EMAIL_URL = server.url
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _closed_breaker(settings) -> None:
    """No test inherits another one's troubles with a provider, and none sends from a business on its first day."""
    settings.SENDS_FIRST_DAYS = []
    forget_breakers()
    forget_slowed()
    forget_pace()
    shared_memory.forget_all()


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


@pytest.fixture
def garage(shop: Business) -> Business:
    """Gus's garage next door."""
    return make_business("Hale's Garage", owner="gus@example.com")
