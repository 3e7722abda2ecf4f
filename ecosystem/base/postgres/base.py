"""The connection: what it may be, what it is held to, and which business is entered on it."""

from typing import Any, ClassVar

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.validation import BaseDatabaseValidation
from django.db.backends.postgresql import base, features

from ecosystem.base.postgres.operations import DatabaseOperations
from ecosystem.base.postgres.schema import DatabaseSchemaEditor

_OURS = "n.nspname NOT IN ('information_schema') AND n.nspname NOT LIKE 'pg\\_%'"
_POWERS = f"""
    SELECT bool_or(r.rolsuper), bool_or(r.rolbypassrls), bool_or(r.rolcreaterole),
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} AND pg_has_role(c.relowner, 'MEMBER')),
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'p') AND {_OURS} AND has_table_privilege(c.oid, 'TRUNCATE')),
           current_user
      FROM pg_roles r WHERE pg_has_role(r.oid, 'MEMBER')"""  # noqa: S608 - constants only
_NAMES = ("is a superuser", "may bypass row security", "may create roles", "owns tables", "may truncate tables")
_LIMITS = """
    SELECT set_config('lock_timeout', '2s', false),
           set_config('idle_in_transaction_session_timeout', '15s', false),
           set_config('statement_timeout', %s, false)"""


class TooPowerful(ImproperlyConfigured):
    """The role of the application could walk through the wall, so the process refuses to go on."""


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL 18 or newer, without the shortcut of GROUP BY id: the key is (business_id, id)."""

    minimum_database_version = (18,)
    allows_group_by_selected_pks = False


class DatabaseValidation(BaseDatabaseValidation):
    """Lets `manage.py check --database default` refuse a role that is too powerful before anything is served."""

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        try:
            self.connection.ensure_connection()
        except TooPowerful as error:
            return [checks.Error(str(error), id="tenancy.E003")]
        return []


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows the business entered on it.

    `business_id` and `user_id` are set by `tenancy` alone. `bound_business_id` opens nothing.
    """

    SchemaEditorClass: ClassVar[Any] = DatabaseSchemaEditor
    features_class: ClassVar[Any] = DatabaseFeatures
    ops_class: ClassVar[Any] = DatabaseOperations
    validation_class: ClassVar[Any] = DatabaseValidation

    business_id: int | None = None
    user_id: int | None = None
    bound_business_id: int | None = None

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self.business_id = self.user_id = None
        if self.alias == DEFAULT_DB_ALIAS:
            self._refuse_power()
            self._set_limits()

    def _refuse_power(self) -> None:
        """Close the connection and raise TooPowerful where row-level policies would not bind this role."""
        with self.connection.cursor() as cursor:
            cursor.execute(_POWERS)
            *powers, role = cursor.fetchone()
        found = [name for has_it, name in zip(powers, _NAMES, strict=True) if has_it]
        if found:
            self.connection.close()
            self.connection = None
            raise TooPowerful(f'DATABASE_URL connects as "{role}", which {", ".join(found)}; use crm_app.')

    def _set_limits(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(_LIMITS, [getattr(settings, "STATEMENT_TIMEOUT", "5s")])
