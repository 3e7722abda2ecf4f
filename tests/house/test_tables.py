"""The wall in the tables, read from PostgreSQL's catalogue and from the app registry, never from a hand list."""

# ruff: noqa: S608 - table names come from the catalogue

import pytest
from django.apps import apps
from django.db import connection, connections, models, transaction
from django.db.utils import ProgrammingError

from ecosystem.base.fields import TenantForeignKey, TenantUniqueConstraint, business_field_of
from ecosystem.base.postgres.schema import APP_ROLE
from ecosystem.global_tables import BARE_TABLES, GLOBAL_TABLES
from tests.house.conftest import tenant_models

pytestmark = pytest.mark.django_db

WALL = "(business_id = (NULLIF(current_setting('app.business_id'::text, true), ''::text))::bigint)"
OWN = "({column} = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::bigint)"
# Unique indexes of tenant tables that do not begin with the business, each with its reason.
UNLED_INDEXES: dict[str, str] = {}
# Tables whose rows are their own key, and those that triggers alone write, from rows whose business is proven.
OWN_KEYS = {"contacts_searchtoken": "business_id, place, token, holder_id"}
PROVEN_BY_TRIGGERS = {"contacts_searchtoken": ("contacts_contact", "contacts_organization", "contacts_contactpoint")}
# Functions that run with their owner's rights, and views, each with its reason.
POWERFUL_FUNCTIONS: dict[str, str] = {}
VIEWS: dict[str, str] = {}
DUMMIES = {
    "uuid": "gen_random_uuid()",
    "int8": "0",
    "int4": "0",
    "int2": "0",
    "float8": "0",
    "bool": "false",
    "timestamptz": "now()",
    "date": "current_date",
    "time": "'12:00'",
    "interval": "'0'",
    "jsonb": "'{}'",
    "inet": "'127.0.0.1'",
    "bytea": "''",
    "text": "''",
    "varchar": "''",
}


@pytest.fixture(autouse=True)
def _with_every_case(tenantapp):
    """The tables of the test app are under the same rules."""


def tenant_tables() -> set[str]:
    return {model._meta.db_table for model in tenant_models()}


def test_sec_02_every_model_is_either_a_tenant_model_or_listed_as_global_with_a_reason():
    every = apps.get_models(include_auto_created=True)
    unknown = {m._meta.label for m in every if business_field_of(m) is None and not m._meta.proxy} - set(GLOBAL_TABLES)
    both = {m._meta.label for m in tenant_models()} & set(GLOBAL_TABLES)
    gone = set(GLOBAL_TABLES) - {m._meta.label for m in every}
    assert (unknown, both, gone) == (set(), set(), set())
    assert all(GLOBAL_TABLES.values())


def test_sec_02_every_table_belongs_to_a_model_or_is_listed(catalogue):
    tables = {row[0] for row in catalogue("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert tables - known == set(BARE_TABLES)


def test_sec_02_every_tenant_table_has_a_business_that_is_not_null_and_exists(catalogue):
    columns = catalogue(
        "SELECT c.relname, format_type(a.atttypid, a.atttypmod) FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'p')"
        " AND a.attname = 'business_id' AND a.attnotnull"
    )
    own = catalogue(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND convalidated"
        " AND pg_get_constraintdef(oid) LIKE 'FOREIGN KEY (business_id) REFERENCES ecosystem_business(id)%%'"
    )
    # A row that must point to a row of a proven business is proven by it.
    pointing = catalogue(
        "SELECT k.conrelid::regclass::text, k.confrelid::regclass::text FROM pg_constraint k"
        " JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[2] AND a.attnotnull"
        " WHERE k.contype = 'f' AND k.convalidated AND cardinality(k.conkey) = 2"
    )
    typed = {table for table, kind in columns if kind == "bigint"}
    assert tenant_tables() - typed == set()
    proven = {row[0] for row in own}
    while more := {table for table, target in pointing if target in proven} - proven:
        proven |= more
    assert all(set(sources) <= proven for sources in PROVEN_BY_TRIGGERS.values())
    assert tenant_tables() - proven == set(PROVEN_BY_TRIGGERS)
    assert {m._meta.db_table for m in tenant_models() if business_field_of(m).proven_by} == set(PROVEN_BY_TRIGGERS)


def test_sec_02_every_tenant_table_has_row_security_enabled_and_forced(catalogue):
    secured = catalogue("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {row[0] for row in secured} == tenant_tables()


def test_sec_02_every_tenant_table_has_the_one_policy_with_using_and_with_check(catalogue):
    policies = catalogue(
        "SELECT polrelid::regclass::text, polname, polcmd, polpermissive, polroles::text,"
        " pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) FROM pg_policy"
    )
    wanted = set()
    for model in tenant_models():
        table, column = model._meta.db_table, business_field_of(model).also_readable_by
        wanted.add((table, "business_wall", "*", True, "{0}", WALL, WALL))
        if column:
            wanted.add((table, "own_rows", "r", True, "{0}", OWN.format(column=column), None))
    assert set(policies) == wanted


def test_only_memberships_are_also_readable_before_a_business_is_entered():
    assert [m._meta.label for m in tenant_models() if business_field_of(m).also_readable_by] == ["ecosystem.Membership"]


def test_sec_07_every_primary_key_of_a_tenant_table_is_business_and_id(catalogue):
    keys = catalogue(
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p'"
    )
    found = {table: definition for table, definition in keys if table in tenant_tables()}
    wanted = {table: f"PRIMARY KEY ({OWN_KEYS.get(table, 'business_id, id')})" for table in tenant_tables()}
    assert found == wanted
    assert all(columns.startswith("business_id, ") for columns in OWN_KEYS.values())


def test_sec_07_every_key_between_tenant_tables_names_the_business_on_both_sides(catalogue):
    keys = catalogue(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE contype = 'f'"
    )
    tenants = tenant_tables()
    for table, target, definition in keys:
        if table in tenants and target in tenants:
            assert definition.startswith("FOREIGN KEY (business_id, "), (table, definition)
            assert f"REFERENCES {target}(business_id, id)" in definition, (table, definition)
        assert not (target in tenants and table not in tenants), f"{table} is global and points into {target}"


def test_sec_07_every_relation_of_a_model_has_its_constraint(catalogue):
    found = {
        (table, definition.split("(")[1].split(")")[0])
        for table, definition in catalogue(
            "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        )
    }
    wanted = {
        (m._meta.db_table, f"business_id, {field.column}")
        for m in tenant_models()
        for field in m._meta.local_fields
        if isinstance(field, TenantForeignKey)
    }
    assert wanted - found == set()


def test_sec_07_every_unique_index_of_a_tenant_table_begins_with_the_business(catalogue):
    indexes = catalogue(
        "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname FROM pg_index i"
        " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indisunique"
    )
    tenants = tenant_tables()
    unled = {name for table, name, first in indexes if table in tenants and first != "business_id"}
    assert unled == set(UNLED_INDEXES)


def test_the_keys_of_ledgers_change_nothing_when_a_row_goes(catalogue):
    ledgers = {m._meta.db_table for m in tenant_models() if business_field_of(m).append_only}
    keys = catalogue("SELECT conrelid::regclass::text, confdeltype FROM pg_constraint WHERE contype = 'f'")
    assert {kind for table, kind in keys if table in ledgers} == {"a"}


def test_tenant_models_have_no_field_that_breaks_the_wall():
    for model in tenant_models():
        assert not model._meta.local_many_to_many, f"{model._meta.label}: write the table between them yourself"
        for field in model._meta.local_fields:
            where = f"{model._meta.label}.{field.name}"
            assert not isinstance(field, models.OneToOneField), where
            assert not field.unique or field.primary_key, f"{where}: use TenantUniqueConstraint"
            if isinstance(field, models.ForeignKey) and business_field_of(field.related_model):
                assert isinstance(field, TenantForeignKey), where
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                assert isinstance(constraint, TenantUniqueConstraint), f"{model._meta.label}: {constraint.name}"
        assert not model._meta.unique_together, model._meta.label


def test_global_models_do_not_point_into_a_business():
    for model in apps.get_models(include_auto_created=True):
        if business_field_of(model) is None:
            targets = {f.related_model for f in model._meta.local_fields if f.remote_field}
            assert not targets & set(tenant_models()), model._meta.label


def test_tenant_models_answer_through_the_tenant_manager_only():
    for model in tenant_models():
        managers = {type(manager).__name__ for manager in model._meta.managers}
        base = type(model._base_manager).__name__
        assert {base, *managers} == {"TenantManager"}, model._meta.label


def test_tenant_models_are_not_in_the_admin():
    assert not apps.is_installed("django.contrib.admin")


def test_sec_13_the_application_has_the_rights_of_each_table_and_not_one_more(catalogue):
    rights = catalogue(
        "SELECT c.relname, string_agg(p, ',' ORDER BY p) FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT',"
        " 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN']) p WHERE c.relkind IN ('r', 'p')"
        " AND c.relnamespace = 'public'::regnamespace AND has_table_privilege(%s, c.oid, p) GROUP BY 1",
        [APP_ROLE],
    )
    every, ledger = "DELETE,INSERT,SELECT,UPDATE", "INSERT,SELECT"
    for table, found in rights:
        model = next((m for m in apps.get_models(include_auto_created=True) if m._meta.db_table == table), None)
        business = business_field_of(model) if model else None
        wanted = "SELECT" if table in BARE_TABLES else ledger if business and business.append_only else every
        assert found == wanted, table


def _dummy_insert(catalogue, table: str) -> str:
    """An INSERT that gives every column without a default some value of its type."""
    columns = catalogue(
        "SELECT quote_ident(attname), CASE WHEN t.typcategory = 'A' THEN 'array' ELSE typname END FROM pg_attribute a"
        " JOIN pg_type t ON t.oid = atttypid WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attnotnull AND NOT atthasdef AND attidentity = '' AND attname <> 'business_id'",
        [table],
    )
    values = {name: "'{}'" if kind == "array" else DUMMIES[kind] for name, kind in columns}
    names, given = ", ".join(["business_id", *values]), ", ".join(["%s", *values.values()])
    return f"INSERT INTO {table} ({names}) VALUES ({given})"


def _enter(cursor, business_id: int | str) -> None:
    cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business_id)])


def test_sec_14_without_a_business_no_tenant_table_shows_or_takes_a_row(catalogue, two_businesses):
    for table in sorted(tenant_tables()):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
            with pytest.raises(ProgrammingError, match="row-level security policy"), transaction.atomic():
                cursor.execute(_dummy_insert(catalogue, table), [two_businesses[0].pk])


def test_sec_14_a_row_is_seen_in_its_business_only_and_cannot_be_given_to_another(catalogue):
    """Rows as the owner, whom the forced policies bind too, with keys, checks and triggers out of the way."""
    for table in sorted(tenant_tables()):
        with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
            for (name,) in catalogue(
                "SELECT quote_ident(conname) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype IN ('f', 'c')",
                [table],
            ):
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            insert = _dummy_insert(catalogue, table)
            _enter(cursor, 1)
            cursor.execute(insert, [1])
            seen = []
            for business in (1, 2, ""):
                _enter(cursor, business)
                cursor.execute(f"SELECT count(*) FROM {table}")
                seen.append(cursor.fetchone()[0])
                cursor.execute(f"UPDATE {table} SET business_id = business_id")
                seen.append(cursor.rowcount)
                cursor.execute(f"DELETE FROM {table} WHERE false OR business_id <> %s", [business or 0])
                assert cursor.rowcount == 0, table
            assert seen == [1, 1, 0, 0, 0, 0], table
            _enter(cursor, 1)
            with pytest.raises(ProgrammingError, match="row-level security policy"), transaction.atomic("owner"):
                cursor.execute(f"UPDATE {table} SET business_id = 2")
            with pytest.raises(ProgrammingError, match="row-level security policy"), transaction.atomic("owner"):
                cursor.execute(insert, [2])
            transaction.set_rollback(True, "owner")


def test_sec_18_functions_with_their_owners_rights_and_views_are_those_we_know(catalogue):
    functions = catalogue(
        "SELECT p.proname, r.rolname, coalesce(array_to_string(p.proconfig, ','), '') FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    )
    views = catalogue(
        "SELECT c.relname, coalesce(array_to_string(c.reloptions, ','), '') FROM pg_class c"
        " WHERE c.relkind IN ('v', 'm') AND c.relnamespace = 'public'::regnamespace"
    )
    assert {name for name, _, _ in functions} == set(POWERFUL_FUNCTIONS)
    for name, owner, config in functions:
        assert (owner, config) == ("crm_lookup", "search_path=pg_catalog, public"), name
    assert {name for name, _ in views} == set(VIEWS)
    assert all("security_invoker=true" in options for _, options in views)
