"""The schema editor: every tenant table gets its wall without a line in the migration.

A model with a BusinessField becomes a table with primary key (business_id, id), forced row-level security, grants,
and a key to its business, its own or that of a row it always points to; a TenantForeignKey becomes a composite
constraint. Statements that wait for other tables are `Statement` objects, so that Django renames and drops them
with those tables.
"""

from collections.abc import Iterable
from typing import Any

from django.db import NotSupportedError, models
from django.db.backends.ddl_references import Columns, ForeignKeyName, Statement, Table
from django.db.backends.postgresql import schema

from ecosystem.base.fields import BusinessField, TenantForeignKey, business_field_of

APP_ROLE, OPS_ROLE = "crm_app", "crm_ops"
BUSINESS_TABLE = "ecosystem_business"
BUSINESS = f'"{BUSINESS_TABLE}"'
# What the application only looks at.
READ_ONLY_TABLES = {"django_migrations"}


class Tie(Statement):
    """The statement that ties a column to another table; kept apart from Django's own deferred ones."""


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Django's editor for PostgreSQL, with the wall."""

    sql_business_key = "ALTER TABLE %(table)s ADD PRIMARY KEY (business_id, %(id)s)"
    sql_secure = "ALTER TABLE %(table)s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
    sql_wall = (
        "CREATE POLICY business_wall ON %(table)s "
        "USING (business_id = nullif(current_setting('app.business_id', true), '')::bigint) "
        "WITH CHECK (business_id = nullif(current_setting('app.business_id', true), '')::bigint)"
    )
    sql_own_rows = (
        "CREATE POLICY own_rows ON %(table)s FOR SELECT "
        "USING (%(column)s = nullif(current_setting('app.user_id', true), '')::bigint)"
    )
    sql_drop_own_rows = "DROP POLICY IF EXISTS own_rows ON %(table)s"
    sql_revoke = "REVOKE ALL ON %(table)s FROM %(role)s"
    sql_grant = "GRANT %(rights)s ON %(table)s TO %(role)s"
    sql_tie = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(columns)s) "
        "REFERENCES %(to_table)s (%(to_columns)s)%(on_delete)s%(deferrable)s"
    )

    def create_model(self, model: Any) -> None:
        super().create_model(model)
        business = business_field_of(model)
        self._grant(model)
        if business is None:
            return
        if not isinstance(model._meta.pk, models.CompositePrimaryKey):
            self._run(self.sql_business_key, model, id=self.quote_name(model._meta.pk.column))
        self._run(self.sql_secure, model)
        self._run(self.sql_wall, model)
        self._open_own_rows(model, business)
        if not (business.proven_by or _hangs_on_another(model, model._meta.local_fields)):
            self._tie(model, business)
        for field in model._meta.local_fields:
            if isinstance(field, TenantForeignKey):
                self._tie(model, field)

    def add_field(self, model: Any, field: Any) -> None:
        if isinstance(field, BusinessField):
            raise NotSupportedError(f"{model._meta.label} cannot become a tenant table later: make a new one.")
        super().add_field(model, field)
        if isinstance(field, TenantForeignKey):
            self._tie(model, field)

    def remove_field(self, model: Any, field: Any) -> None:
        if isinstance(field, BusinessField):
            raise NotSupportedError(f"{model._meta.label} cannot stop being a tenant table: make a new one.")
        super().remove_field(model, field)
        self._keep_business(model, field, None)

    def alter_field(self, model: Any, old_field: Any, new_field: Any, strict: bool = False) -> None:
        if isinstance(old_field, BusinessField) != isinstance(new_field, BusinessField):
            raise NotSupportedError(f"{model._meta.label} cannot change sides of the wall: make a new table.")
        old_tie, new_tie = self._tie_of(old_field), self._tie_of(new_field)
        if old_tie and old_tie != new_tie:
            self._untie(model, old_field)
        super().alter_field(model, old_field, new_field, strict)
        if new_tie and old_tie != new_tie:
            self._tie(model, new_field)
        if isinstance(new_field, BusinessField):
            self._alter_business(model, old_field, new_field)
        self._keep_business(model, old_field, new_field)

    def _iter_column_sql(self, column_db_type: Any, params: Any, model: Any, *args: Any) -> Any:
        """Leave PRIMARY KEY out of a tenant table's id: the key has two columns."""
        is_tenant = business_field_of(model) is not None
        for part in super()._iter_column_sql(column_db_type, params, model, *args):
            if not (is_tenant and part == "PRIMARY KEY"):
                yield part

    def _keep_business(self, model: Any, old_field: Any, new_field: Any) -> None:
        """Give a table its own key to its business where the key that proved it goes or may be empty from now on."""
        business = business_field_of(model)
        before = model._meta.local_fields
        after = [new_field if field.name == old_field.name else field for field in before]
        if business is None or not _hangs_on_another(model, before) or _hangs_on_another(model, after):
            return
        waiting = (sql for sql in self.deferred_sql if isinstance(sql, Tie) and str(sql.parts["to_table"]) == BUSINESS)
        is_tied = any(sql.parts["table"].references_table(model._meta.db_table) for sql in waiting)
        if not is_tied and not self._constraint_names(model, ["business_id"], foreign_key=True):
            self._tie(model, business)

    def _alter_business(self, model: Any, old_field: BusinessField, new_field: BusinessField) -> None:
        """Follow a changed `append_only` or `also_readable_by`."""
        if old_field.also_readable_by != new_field.also_readable_by:
            self._open_own_rows(model, new_field)
        if old_field.append_only != new_field.append_only:
            self._grant(model, new_field)
            for field in model._meta.local_fields:
                if isinstance(field, TenantForeignKey):
                    self._untie(model, field)
                    self._tie(model, field, new_field)

    def _open_own_rows(self, model: Any, business: BusinessField) -> None:
        self._run(self.sql_drop_own_rows, model)
        if business.also_readable_by:
            self._run(self.sql_own_rows, model, column=self.quote_name(business.also_readable_by))

    def _grant(self, model: Any, business: BusinessField | None = None) -> None:
        """Give the application what the table allows, and the operators a look."""
        business = business or business_field_of(model)
        rights = "SELECT, INSERT, UPDATE, DELETE"
        if business is not None and business.append_only:
            rights = "SELECT, INSERT"
        if model._meta.db_table in READ_ONLY_TABLES:
            rights = "SELECT"
        self._run(self.sql_revoke, model, role=APP_ROLE)
        self._run(self.sql_grant, model, role=APP_ROLE, rights=rights)
        self._run(self.sql_grant, model, role=OPS_ROLE, rights="SELECT")

    def _run(self, sql: str, model: Any, **parts: str) -> None:
        self.execute(sql % {"table": self.quote_name(model._meta.db_table), **parts}, None)

    def _tie_of(self, field: Any) -> tuple[Any, ...] | None:
        """What the constraint of a field depends on, or None where it has none."""
        if not isinstance(field, TenantForeignKey):
            return None
        return field.remote_field.model._meta.db_table, field.remote_field.on_delete

    def _tie(self, model: Any, field: Any, business: BusinessField | None = None) -> None:
        """Queue the constraint of a field for the end of the migration, when all tables are there."""
        table = model._meta.db_table
        to_table, to_columns, columns = BUSINESS_TABLE, ["id"], [field.column]
        on_delete: Any = ""
        deferrable = ""
        if isinstance(field, TenantForeignKey):
            target = field.remote_field.model
            to_table, to_columns = target._meta.db_table, ["business_id", str(target._meta.pk.column)]
            columns.insert(0, "business_id")
            on_delete = self._on_delete(table, field, business or business_field_of(model))
            deferrable = " DEFERRABLE INITIALLY IMMEDIATE" if _closes_a_cycle(model, target) else ""
        self.deferred_sql.append(
            Tie(
                self.sql_tie,
                table=Table(table, self.quote_name),
                name=ForeignKeyName(table, columns[-1:], to_table, ["id"], "_wall_%(to_table)s", self._tie_name),
                columns=Columns(table, columns, self.quote_name),
                to_table=Table(to_table, self.quote_name),
                to_columns=Columns(to_table, to_columns, self.quote_name),
                on_delete=on_delete,
                deferrable=deferrable,
            )
        )

    def _tie_name(self, *parts: Any) -> str:
        return self.quote_name(self._create_index_name(*parts))

    def _on_delete(self, table: str, field: Any, business: BusinessField | None) -> Any:
        """What PostgreSQL does itself. Never for a ledger: it would change it as the table's owner."""
        on_delete = field.remote_field.on_delete
        if business is None or business.append_only:
            return ""
        if on_delete is models.CASCADE:
            return " ON DELETE CASCADE"
        if on_delete is models.SET_NULL:
            column = Columns(table, [field.column], self.quote_name)
            return Statement(" ON DELETE SET NULL (%(column)s)", column=column)
        return ""

    def _untie(self, model: Any, field: Any) -> None:
        """Drop the constraint of a field, where it stands and where it still waits."""
        table = model._meta.db_table
        self.deferred_sql = [
            sql
            for sql in self.deferred_sql
            if not (
                isinstance(sql, Tie)
                and sql.parts["table"].references_table(table)
                and sql.parts["columns"].references_column(table, field.column)
            )
        ]
        for name in self._constraint_names(model, ["business_id", field.column], foreign_key=True):
            self.execute(self._delete_fk_sql(model, name))


def _hangs_on_another(model: Any, fields: Iterable[Any]) -> bool:
    """Whether every row points to another row of its business, which proves the business without a key of its own.

    A list of 20,000 people would otherwise ask for the same business half a dozen times a person.
    """
    keys = (field for field in fields if isinstance(field, TenantForeignKey) and not field.null)
    return any(not _leads_back(model, key.remote_field.model) for key in keys)


def _leads_back(model: Any, target: Any) -> bool:
    return target._meta.label_lower == model._meta.label_lower or _closes_a_cycle(model, target)


def _closes_a_cycle(model: Any, target: Any) -> bool:
    """Whether a key from model to target makes a circle of more than one table."""
    goal = model._meta.label_lower
    if target._meta.label_lower == goal:
        return False
    seen: set[str] = set()
    waiting = [target]
    while waiting:
        current = waiting.pop()
        if current._meta.label_lower == goal:
            return True
        if current._meta.label_lower in seen:
            continue
        seen.add(current._meta.label_lower)
        keys = (field for field in current._meta.local_fields if isinstance(field, TenantForeignKey))
        waiting.extend(key.remote_field.model for key in keys)
    return False
