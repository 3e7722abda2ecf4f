"""The ground of every test: real PostgreSQL as `crm_app`, never as a stronger role."""

import gc
import os
import zlib
from typing import Any

import hypothesis
import pytest
from django.conf import settings

from ecosystem.base import ids
from ecosystem.middleware import forget_businesses
from ecosystem.queries.routes import addresses_without_a_rule
from tests.database import APPLICATION, OWNER, fresh_databases
from tests.redis_databases import take_databases
from tests.scheduling import OneByOne

pytest_plugins = ["tests.personas"]

# A machine at work draws examples slowly; that says nothing of the code they are drawn for.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Say at once what is missing, instead of failing at the first query."""
    if OWNER not in settings.DATABASES or not os.environ.get("DATABASE_URL"):
        raise pytest.UsageError("Start the tests by bin/test, or set DATABASE_URL and MIGRATION_DATABASE_URL.")
    # What a third of a second of hashing is for, tests/ecosystem/test_login_security.py asks with rounds enough.
    settings.PASSWORD_HASHERS = ["tests.passwords.FewRounds"]
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        take_databases(worker)
    if open_to_nobody_knows := addresses_without_a_rule():
        raise pytest.UsageError(f"Nobody has said who may reach {', '.join(open_to_nobody_knows)}.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have every database test ask for both aliases: emptying tables is the owner's, all else the application's."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and "databases" not in marker.kwargs:
            wanted = pytest.mark.django_db(*marker.args, databases=[APPLICATION, OWNER], **marker.kwargs)
            item.add_marker(wanted, append=False)
    if config.getoption("loadgroup", False):
        items.sort(key=_long_ones_first)


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: nobody looks through them for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneByOne | None:
    """Our own where tests are dealt one by one: groups by a mark are lost with this pytest, whose names stand fast."""
    return OneByOne(config, log) if config.getoption("dist") == "loadgroup" else None


def _long_ones_first(item: pytest.Item) -> tuple[float, int]:
    """Where several workers share the tests: by how long a test may take, and mixed among those that may as long.

    So no worker ends long after the others, and tests that wait run beside tests that work.
    """
    limit = item.get_closest_marker("timeout")
    return -float(limit.args[0] if limit else 0), zlib.crc32(item.nodeid.encode())


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """A copy of the migrated template for this process, under both aliases."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with django_db_blocker.unblock(), fresh_databases(worker):
        yield


@pytest.fixture(autouse=True)
def ids_of_the_present():
    """Let no test count ids on from a future that another one travelled to: links take their time from them."""
    yield
    ids._forget()


@pytest.fixture(autouse=True)
def _fresh_door():
    """Slugs are read anew: the businesses of the test before are gone."""
    forget_businesses()
