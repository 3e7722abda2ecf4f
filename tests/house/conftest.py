"""What the house tests stand on: two businesses, the catalogue, and an app with every case of the wall."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from django.db.models import CompositePrimaryKey
from django.test import override_settings

from campaigns.demo.tenants import DemoTenant, write_tenants
from ecosystem.base.fields import business_field_of
from ecosystem.middleware import forget_businesses
from ecosystem.models import Business
from tests.house.tenantapp.apps import TenantAppConfig

Catalogue = Callable[..., list[tuple[Any, ...]]]


def tenant_models() -> list[Any]:
    """Every model of ours with a BusinessField, read from the app registry."""
    return [model for model in apps.get_models() if business_field_of(model) is not None]


def key_name(model: Any) -> str:
    """By which field of a model one row is asked for: its key, or the last part of one that is made of several."""
    return model._meta.pk.field_names[-1] if isinstance(model._meta.pk, CompositePrimaryKey) else "pk"


@pytest.fixture
def catalogue(db) -> Catalogue:
    """Ask PostgreSQL's own tables, as the owner."""

    def ask(query: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with connections["owner"].cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall()

    return ask


@pytest.fixture
def two_businesses(db) -> tuple[Business, Business]:
    """A bakery and the garage next door."""
    return (
        Business.objects.create(slug="oat-and-ember", name="Oat & Ember"),
        Business.objects.create(slug="garage", name="Gus's Garage"),
    )


@pytest.fixture(scope="module")
def both(django_db_setup, django_db_blocker) -> Iterator[tuple[DemoTenant, DemoTenant]]:
    """The demo tenants, written once for the tests of a file: what a test does to them is taken back at its end.

    No test beside it may write them, and none may commit; a file that asks for it stands in tests/scheduling.py.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        forget_businesses()
        written = write_tenants()
        with django_db_blocker.block():
            yield written
        transaction.set_rollback(True)


@pytest.fixture(scope="package")
def _tenantapp_tables(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The tables of the test app, made and dropped by our schema editor."""
    name = f"{TenantAppConfig.__module__}.{TenantAppConfig.__name__}"
    with django_db_blocker.unblock(), override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, name]):
        models = list(apps.get_app_config("tenantapp").get_models())
        with connections["owner"].schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        yield
        with connections["owner"].schema_editor() as editor:
            for model in models:
                editor.delete_model(model)


@pytest.fixture
def tenantapp(_tenantapp_tables, db) -> None:
    """Have `tests.house.tenantapp` installed, with its tables."""
