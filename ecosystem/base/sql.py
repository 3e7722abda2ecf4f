"""The one module that executes SQL text; other code passes it constants with named parameters.

`%(business_id)s` needs no value: it is the current business, and raises BusinessNotSet where none is entered.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from ecosystem.base.tenancy import business_scope, current_business_id

_PARAMETER = re.compile(r"%\((\w+)\)s")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TO_ESCAPE = re.compile(r"[\\\t\n\r\x00]")
_PIECE = 64 * 1024
_ALONE = (
    "SELECT set_config('app.business_id', %(scope)s, true), set_config('synchronous_commit', %(commit)s, true),"
    " set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true);"
)
# A plan that is kept must not be one that reads a whole table because the table was empty when it was made.
_KEEP_PLAN = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;"
# Which statements each connection to PostgreSQL has a plan for.
_plans: WeakKeyDictionary[Any, dict[str, tuple[str, str]]] = WeakKeyDictionary()


def rows(
    sql: str,
    params: Mapping[str, Any] | None = None,
    *,
    using: str = DEFAULT_DB_ALIAS,
    prepared: str = "",
    keeps_plan: bool = False,
) -> list[dict[str, Any]]:
    """What a query returns, each row as a dict by column name.

    `prepared` names a long statement that runs very often: it is parsed once for each connection. `keeps_plan`, inside
    a transaction, says that one plan is right whatever is asked for, as where rows are named by id; left to itself
    PostgreSQL goes on planning for each list of ids.
    """
    given = _with_business(sql, params, using)
    with connections[using].cursor() as cursor:
        statement = _prepare(cursor, prepared, sql, using) if prepared else sql
        cursor.execute(_KEEP_PLAN + statement if prepared and keeps_plan else statement, given)
        return _as_dicts(cursor)


def execute(sql: str, params: Mapping[str, Any] | None = None, *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Run a statement and say how many rows it touched."""
    with connections[using].cursor() as cursor:
        cursor.execute(sql, _with_business(sql, params, using))
        return int(cursor.rowcount)


def execute_alone(
    sql: str, params: Mapping[str, Any], *, business_id: int, waits_for_disk: bool = True, prepared: str = ""
) -> int:
    """Run one statement for a business in a transaction of its own, in one round trip; how many rows it touched.

    For what is done for each of very many rows: PostgreSQL takes the setting and the statement as one transaction.
    Without `waits_for_disk` the commit may be lost where PostgreSQL itself dies. Inside a transaction it is a scope.
    """
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        with business_scope(business_id):
            return execute(sql, params)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        _run_alone(cursor, sql, params, business_id, prepared=prepared, waits_for_disk=waits_for_disk)
        return int(cursor.rowcount)


def rows_alone(sql: str, params: Mapping[str, Any], *, business_id: int, prepared: str = "") -> list[dict[str, Any]]:
    """What such a statement returns; it is committed then. A prepared one keeps its plan, as `rows` has it."""
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        with business_scope(business_id):
            return rows(sql, params, prepared=prepared, keeps_plan=True)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        _run_alone(cursor, sql, params, business_id, prepared=prepared, waits_for_disk=True)
        return _as_dicts(cursor)


def array_text(values: Sequence[str]) -> str:
    """Texts as PostgreSQL writes an array of them: one parameter, to be cast, instead of many to be quoted."""
    return '{"' + '","'.join([_in_array(value) for value in values]) + '"}' if values else "{}"


def _in_array(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"') if '"' in value or "\\" in value else value


def _run_alone(
    cursor: Any, sql: str, params: Mapping[str, Any], business_id: int, *, prepared: str, waits_for_disk: bool
) -> None:
    given = {
        **params,
        "business_id": business_id,
        "scope": str(business_id),
        "commit": "on" if waits_for_disk else "off",
    }
    cursor.execute(_ALONE + (_prepare(cursor, prepared, sql, DEFAULT_DB_ALIAS) if prepared else sql), given)


def _as_dicts(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _prepare(cursor: Any, name: str, sql: str, using: str) -> str:
    """The text that runs a statement by its plan, which is made now where this connection has none yet.

    Behind PgBouncer in transaction mode plans do not stay with us: the statement runs as it is.
    """
    if not settings.PREPARED_STATEMENTS:
        return sql
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no plain name.")
    known = _plans.setdefault(connections[using].connection, {})
    planned, call = known.get(name, ("", ""))
    if planned != sql:
        parameters = list(dict.fromkeys(_PARAMETER.findall(sql)))
        numbers = {parameter: f"${number}" for number, parameter in enumerate(parameters, 1)}
        text = _PARAMETER.sub(lambda match: numbers[match[1]], sql).replace("%%", "%")
        former = f"DEALLOCATE {name}; " if name in known else ""
        cursor.execute(f"{former}PREPARE {name} AS {text}")
        call = f"EXECUTE {name} ({', '.join(f'%({parameter})s' for parameter in parameters)})"
        known[name] = (sql, call)
    return call


def copy_rows(
    temp_table: str, columns: Sequence[str], values: Iterable[Sequence[Any]], *, using: str = DEFAULT_DB_ALIAS
) -> int:
    """Stream rows into a temporary table by COPY and say how many there were.

    Only into a temporary one, made ON COMMIT DROP: PostgreSQL refuses COPY where row-level security holds, and
    INSERT ... SELECT from there passes the policy. Values are text, numbers, dates, UUIDs, true, false or None.
    """
    for name in (temp_table, *columns):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no plain column or table name.")
    connection: Any = connections[using]
    statement = f"COPY pg_temp.{temp_table} ({', '.join(columns)}) FROM STDIN"
    stream = _Stream(values)
    with connection.cursor() as cursor:
        try:
            with connection.wrap_database_errors:
                cursor.cursor.copy_expert(statement, stream)
        except DatabaseError as error:
            # psycopg2 reports a failure of the rows themselves as a cancelled query.
            raise stream.error or error from None
        return int(cursor.rowcount)


def _with_business(sql: str, params: Mapping[str, Any] | None, using: str) -> dict[str, Any] | None:
    given = dict(params or {})
    if "%(business_id)s" in sql and "business_id" not in given:
        given["business_id"] = current_business_id(using)
    return given or None


class _Stream:
    """Rows as the file that COPY reads, made piece by piece."""

    def __init__(self, values: Iterable[Sequence[Any]]) -> None:
        self._pieces = self._in_pieces(values)

        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return next(self._pieces, b"")
        except Exception as error:
            self.error = error
            raise

    def _in_pieces(self, values: Iterable[Sequence[Any]]) -> Iterator[bytes]:
        # psycopg2 takes at most `size` bytes from one read(), which is 8 KB by default.
        waiting = bytearray()
        for value in values:
            waiting += ("\t".join(map(_as_text, value)) + "\n").encode()
            while len(waiting) >= _PIECE:
                yield bytes(waiting[:8192])
                del waiting[:8192]
        while waiting:
            yield bytes(waiting[:8192])
            del waiting[:8192]


def _as_text(value: Any) -> str:
    if isinstance(value, str) and not _TO_ESCAPE.search(value):
        return value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(value)
    if "\x00" in text:
        raise ValueError("PostgreSQL keeps no NUL in text.")
    return text.translate(_ESCAPES)
