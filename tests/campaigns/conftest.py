"""Nora's bakery with a topic, and a mail server that remembers what it took."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A certificate for localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder
