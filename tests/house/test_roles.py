"""As whom the application may connect, and what every connection is held to."""

import copy
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection, connections

from ecosystem.base.postgres.base import DatabaseWrapper, TooPowerful

pytestmark = pytest.mark.django_db


def application_as(**changes: str) -> DatabaseWrapper:
    """A fresh connection under the application's alias."""
    return DatabaseWrapper({**copy.deepcopy(connections["default"].settings_dict), **changes}, alias="default")


def test_sec_13_tests_and_application_connect_as_a_role_that_the_wall_binds():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
            " (SELECT count(*) FROM pg_class WHERE pg_has_role(relowner, 'MEMBER')),"
            " (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            "   AND has_table_privilege(oid, 'TRUNCATE')) FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("crm_app", False, False, False, False, 0, 0)


def test_sec_13_the_owner_of_the_tables_is_refused_as_the_application():
    owner = connections["owner"].settings_dict
    fresh = application_as(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
    with pytest.raises(TooPowerful) as refusal:
        fresh.ensure_connection()
    assert str(refusal.value) == (
        'DATABASE_URL connects as "crm_owner", which may bypass row security, owns tables, may truncate tables;'
        " use crm_app."
    )
    assert fresh.connection is None


def test_sec_13_a_right_given_by_mistake_is_refused():
    administrator = DatabaseWrapper(copy.deepcopy(connections["owner"].settings_dict), alias="owner")
    with administrator.cursor() as cursor:
        cursor.execute("GRANT TRUNCATE ON ecosystem_business TO crm_app")
        try:
            with pytest.raises(TooPowerful, match="may truncate tables"):
                application_as().ensure_connection()
        finally:
            cursor.execute("REVOKE TRUNCATE ON ecosystem_business FROM crm_app")
    administrator.close()
    fresh = application_as()
    fresh.ensure_connection()
    fresh.close()


def test_sec_13_a_process_refuses_to_start_with_one_clear_line():
    as_owner = os.environ | {"DATABASE_URL": os.environ["MIGRATION_DATABASE_URL"]}
    run = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=settings.BASE_DIR,
        env=as_owner,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode != 0
    assert 'DATABASE_URL connects as "crm_owner"' in run.stderr
    assert "Traceback" not in run.stderr


def test_migrating_without_an_owner_says_so_in_one_sentence():
    without = {name: value for name, value in os.environ.items() if name != "MIGRATION_DATABASE_URL"}
    run = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=settings.BASE_DIR,
        env=without | {"MIGRATION_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stderr.strip() == ("CommandError: Set MIGRATION_DATABASE_URL: only the owner of the tables may migrate.")


def test_every_connection_of_the_application_is_held_to_limits(settings):
    settings.STATEMENT_TIMEOUT = "1234ms"
    fresh = application_as()
    with fresh.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
            " current_setting('idle_in_transaction_session_timeout')"
        )
        assert cursor.fetchone() == ("1234ms", "2s", "15s")
    fresh.close()


def test_a_new_session_knows_no_business():
    fresh = application_as()
    fresh.business_id = 7
    fresh.ensure_connection()
    assert (fresh.business_id, fresh.user_id) == (None, None)
    fresh.close()
