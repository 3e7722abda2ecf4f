"""Who everybody is: Nora owns the bakery, Sam is her staff, Ana her customer; Gus owns the garage next door."""

from collections.abc import Iterator

import pytest
from django.test import Client

from contacts.models import Contact
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import Business, User
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import make_business, make_member, make_user, sign_in


@pytest.fixture(autouse=True)
def _no_remembered_slugs() -> None:
    """Slugs are remembered per process, and every test has a database of its own."""
    forget_businesses()


@pytest.fixture
def nora(db) -> User:
    return make_user("Nora Bell", email="nora@example.com")


@pytest.fixture
def bakery(nora: User) -> Business:
    return make_business("Oat & Ember", owner=nora)


@pytest.fixture
def sam(bakery: Business) -> User:
    return make_member(bakery, "staff", make_user("Sam Reed", email="sam@example.com"))


@pytest.fixture
def gus(db) -> User:
    return make_user("Gus Hale", email="gus@example.com")


@pytest.fixture
def garage(gus: User) -> Business:
    return make_business("Hale's Garage", owner=gus, trade="craft")


@pytest.fixture
def as_nora(nora: User, bakery: Business) -> Client:
    return sign_in(Client(), nora)


@pytest.fixture
def as_sam(sam: User) -> Client:
    return sign_in(Client(), sam)


@pytest.fixture
def as_gus(gus: User, garage: Business) -> Client:
    return sign_in(Client(), gus)


@pytest.fixture
def in_bakery(bakery: Business, nora: User) -> Iterator[Business]:
    """The bakery, entered: for asking services and looking at rows."""
    with business_scope(bakery, nora):
        yield bakery


@pytest.fixture
def ana(bakery: Business) -> Contact:
    """Ana Ruiz, a prospect of the bakery."""
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="prospect")


@pytest.fixture
def as_helper(bakery: Business) -> Client:
    """Max, who helps out: may look and write talks down."""
    return sign_in(Client(), make_member(bakery, "helper", make_user("Max Orr", email="max@example.com")))


@pytest.fixture
def as_adviser(bakery: Business) -> Client:
    """Ada, an adviser from outside: may look."""
    return sign_in(Client(), make_member(bakery, "adviser", make_user("Ada Lane", email="ada@example.com")))
