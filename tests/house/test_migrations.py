"""The migrations as a whole."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.django_db

OURS = ("ecosystem", "contacts", "campaigns", "communities")


def test_no_migration_is_missing():
    said = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=said, stderr=said)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_every_migration_is_applied():
    executor = MigrationExecutor(connections["owner"])
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_the_first_migration_of_each_app_stands_on_the_kernel():
    loader = MigrationLoader(connections["owner"])
    for key in (key for key in loader.graph.nodes if key[0] in OURS[1:] and key[1].startswith("0001")):
        assert ("ecosystem", "0001_initial") in loader.disk_migrations[key].dependencies, key


def test_no_two_migrations_have_the_same_number():
    loader = MigrationLoader(connections["owner"])
    numbers = [(app, name.split("_")[0]) for app, name in loader.disk_migrations if app in OURS]
    assert sorted(numbers) == sorted(set(numbers))
    assert loader.detect_conflicts() == {}
