"""The current business: how it is entered, who may ask for it, and what refuses to answer without it.

It lives on the database connection, not in a context variable: threads and copied contexts lose or leak those.
`business_scope` tells PostgreSQL too, for the length of one transaction, so that the row-level policies agree.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

M = TypeVar("M", bound=models.Model)

_TELL = "SELECT set_config('app.business_id', %s, true), set_config('app.user_id', %s, true)"


class BusinessNotSet(RuntimeError):
    """Something asked for the rows of a business while none was entered."""


class OtherBusiness(RuntimeError):
    """A row of one business was about to be written while another was entered."""


class UserNotSet(RuntimeError):
    """Something asked for a user's own rows while no user was named."""


def find_current_business_id(using: str = DEFAULT_DB_ALIAS) -> int | None:
    """The id of the business that is entered on this connection, or None."""
    return business_of(connections[using])


def current_business_id(using: str = DEFAULT_DB_ALIAS) -> int:
    """The id of the business that is entered; raises BusinessNotSet where none is."""
    return require_business(connections[using])


def business_of(connection: BaseDatabaseWrapper) -> int | None:
    """The business that is entered on a connection, or None."""
    return getattr(connection, "business_id", None)


def require_business(connection: BaseDatabaseWrapper) -> int:
    """The business that is entered on a connection; raises BusinessNotSet where none is."""
    business_id = business_of(connection)
    if business_id is None:
        raise BusinessNotSet("No business is entered; wrap this in business_scope(business).")
    return business_id


@contextmanager
def business_scope(
    business: models.Model | int | None = None,
    user: models.Model | int | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
    savepoint: bool = True,
) -> Iterator[None]:
    """Enter a business for one transaction; the only door there is.

    Without `business` it is the one that `bind_business` named. The former business, if any, is current again
    afterwards. The business is left before the transaction commits, so that `on_commit` hooks enter it themselves.
    """
    connection: Any = connections[using]
    business_id = _id_of(business) or getattr(connection, "bound_business_id", None)
    if business_id is None:
        raise BusinessNotSet("business_scope() was given no business and none is bound.")
    user_id = _id_of(user) or getattr(connection, "user_id", None)
    with _told(connection, business_id, user_id, savepoint=savepoint):
        yield


@contextmanager
def user_scope(user_id: int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Open a transaction that knows the user but no business: enough to read the user's own rows."""
    with _told(connections[using], None, user_id, savepoint=True):
        yield


@contextmanager
def bind_business(business: models.Model | int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Name the business that a later `business_scope()` enters. Opens no transaction and no door."""
    connection: Any = connections[using]
    before = getattr(connection, "bound_business_id", None)
    connection.bound_business_id = _id_of(business)
    try:
        yield
    finally:
        connection.bound_business_id = before


def each_business(using: str = DEFAULT_DB_ALIAS) -> Iterator[models.Model]:
    """Every active business, each entered while it is yielded: the only loop over businesses.

    One transaction for each. Leaving the loop early takes back what was done in the last one.
    """
    business_model: Any = apps.get_model("ecosystem", "Business")
    for business in list(business_model._base_manager.using(using).filter(state="active").order_by("pk")):
        with business_scope(business, using=using):
            yield business


def own_rows(model: type[M]) -> models.QuerySet[M]:
    """The current user's rows of a model, whatever their business.

    For models whose BusinessField says `also_readable_by`: the second policy lets these rows through.
    """
    business_field: Any = model._meta.get_field("business_id")
    return models.QuerySet(model).filter(**{business_field.also_readable_by: CurrentUser()})


@contextmanager
def _told(connection: Any, business_id: int | None, user_id: int | None, *, savepoint: bool) -> Iterator[None]:
    """Hold business and user on the connection and in PostgreSQL, and put the former ones back."""
    before = (getattr(connection, "business_id", None), getattr(connection, "user_id", None))
    with transaction.atomic(using=connection.alias, savepoint=savepoint):
        is_nested = len(connection.atomic_blocks) > 1
        _tell(connection, business_id, user_id)
        connection.business_id, connection.user_id = business_id, user_id
        try:
            yield
        finally:
            connection.business_id, connection.user_id = before
        # Only after success: a rollback to the savepoint puts the old setting back by itself.
        if is_nested and not connection.needs_rollback:
            _tell(connection, *before)


def _tell(connection: Any, business_id: int | None, user_id: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELL, ["" if value is None else str(value) for value in (business_id, user_id)])


def _id_of(value: models.Model | int | None) -> int | None:
    return value.pk if isinstance(value, models.Model) else value


class CurrentBusiness(Expression):
    """The current business as a literal, read when the SQL is compiled and never before.

    An eager value would stay in a queryset that is built once at class level, and the next business would get nothing.
    """

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [require_business(connection)]


class CurrentUser(Expression):
    """The user of `user_scope` or `business_scope` as a literal, read when the SQL is compiled."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        user_id = getattr(connection, "user_id", None)
        if user_id is None:
            raise UserNotSet("No user is named; wrap this in user_scope(user_id).")
        return "%s", [user_id]


class TenantQuerySet(models.QuerySet[M]):
    """A queryset of a tenant model. Upserts name `unique_fields=["business_id", "id"]`."""


class TenantManager(models.Manager[M]):
    """Answers for the current business only, and raises BusinessNotSet when there is none.

    Data migrations get it too: they would change 0 rows in silence otherwise.
    """

    use_in_migrations = True
    _queryset_class = TenantQuerySet
    _walled: models.sql.Query | None = None

    def get_queryset(self) -> models.QuerySet[M]:
        # Built once for each model: it names no business, which is read when the SQL is compiled.
        walled = self._walled
        if walled is None or walled.model is not self.model:
            walled = self._walled = super().get_queryset().filter(business_id=CurrentBusiness()).query
        hints = self._hints  # type: ignore[attr-defined]
        return self._queryset_class(model=self.model, query=walled.clone(), using=self._db, hints=hints)
