"""Personas: Nora owns the bakery, Sam is her staff; Gus owns the garage next door and must never see a crumb."""

import pytest
from django.test import Client

from ecosystem.middleware import forget_businesses
from ecosystem.models import Business, User
from tests.factories.ecosystem import make_business, make_member, make_user, sign_in


@pytest.fixture(autouse=True)
def _no_remembered_slugs():
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
