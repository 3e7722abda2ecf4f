"""Compilers that never lose the business: deletes and updates name it as a literal.

The manager's filter is gone where Django builds such a query from bare keys (cascades, batches, updates over
joins). The policy would hold all the same; a database distributed by business_id routes by the literal.
"""

from typing import Any

from django.db.backends.postgresql import compiler
from django.db.backends.postgresql.compiler import SQLAggregateCompiler, SQLCompiler, SQLInsertCompiler
from django.db.models.lookups import Exact
from django.db.models.sql.where import AND

from ecosystem.base.fields import BusinessField, business_field_of
from ecosystem.base.tenancy import CurrentBusiness

__all__ = ["SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


class SQLDeleteCompiler(compiler.SQLDeleteCompiler):
    """DELETE with the business in its WHERE."""

    def _as_sql(self, query: Any) -> Any:
        _name_business(query)
        return super()._as_sql(query)


class SQLUpdateCompiler(compiler.SQLUpdateCompiler):
    """UPDATE with the business in its WHERE and never in its SET."""

    def pre_sql_setup(self, *args: Any, **kwargs: Any) -> Any:
        prepared = super().pre_sql_setup(*args, **kwargs)
        if self.query.values:
            _name_business(self.query)
        return prepared

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        kept = []
        for field, model, value in self.query.values:
            if isinstance(field, BusinessField):
                field.get_db_prep_save(value, self.connection)
            else:
                kept.append((field, model, value))
        self.query.values = kept
        return super().as_sql(*args, **kwargs)


def _name_business(query: Any) -> None:
    """Add `business_id = <current>` to a query's WHERE unless it stands there."""
    field = business_field_of(query.model)
    if field is None:
        return
    alias = query.get_initial_alias()
    where = query.where
    if where.connector == AND and not where.negated and any(_is_business(child, alias) for child in where.children):
        return
    where.add(Exact(field.get_col(alias), CurrentBusiness()), AND)


def _is_business(condition: Any, alias: str) -> bool:
    return (
        isinstance(condition, Exact)
        and isinstance(condition.rhs, CurrentBusiness)
        and isinstance(getattr(condition.lhs, "target", None), BusinessField)
        and condition.lhs.alias == alias
    )
