"""The databases of a test run: a template per set of migrations, and a copy of it per process.

The template is made once and kept: a copy takes about 0.3 s where migrating takes many. Names tell who uses what:
`tpl_<hash>` and `test_<hash>_<pid>_<worker>`.
"""

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import django
import psycopg2
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from psycopg2 import sql

OWNER, APPLICATION = "owner", "default"
# So many templates stay, newest last: a branch back and forth costs nothing.
KEPT_TEMPLATES = 4
# What decides how the schema comes out, beside the migrations.
BUILDERS = ("ecosystem.base.postgres.schema", "ecosystem.base.fields", "ecosystem.base.models")


@contextlib.contextmanager
def fresh_databases(worker: str) -> Iterator[str]:
    """A fresh copy of the schema under both aliases; dropped at the end. Yields its name."""
    digest = _schema_hash()
    template, copy = f"tpl_{digest}", f"test_{digest}_{os.getpid()}_{worker}"
    with _one_at_a_time():
        _drop_those_of_the_dead()
        _make_sure_of(template)
        _admin("CREATE DATABASE {} TEMPLATE {}", copy, template)
    former = {alias: connections[alias].settings_dict["NAME"] for alias in (OWNER, APPLICATION)}
    _point_to(dict.fromkeys(former, copy))
    try:
        yield copy
    finally:
        _point_to(former)
        _drop(copy)


def make_template() -> None:
    """Make the template where there is none: beside other checks, while no test waits for it yet."""
    with _one_at_a_time():
        _make_sure_of(f"tpl_{_schema_hash()}")


def _make_sure_of(template: str) -> None:
    if not _exists(template):
        _make_template(template)


def _schema_hash() -> str:
    """A short name for everything that the schema is made from."""
    files = [Path(find_spec(name).origin) for name in BUILDERS]
    for config in apps.get_app_configs():
        files += sorted((Path(config.path) / "migrations").glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _make_template(name: str) -> None:
    """Migrate an empty database under another name first: a broken attempt is never taken for a template."""
    attempt = f"{name}_attempt"
    _drop(attempt)
    _admin("CREATE DATABASE {}", attempt)
    former = connections[OWNER].settings_dict["NAME"]
    _point_to({OWNER: attempt})
    try:
        call_command("migrate", database=OWNER, verbosity=0, interactive=False)
    finally:
        _point_to({OWNER: former})
    _admin("ALTER DATABASE {} RENAME TO {}", attempt, name)
    for old in _names("tpl_%")[:-KEPT_TEMPLATES]:
        _drop(old)


def _drop_those_of_the_dead() -> None:
    """Drop the copies whose process is gone, and attempts that were left behind."""
    for name in _names("test_%") + _names("tpl_%_attempt"):
        parts = name.split("_")
        if parts[0] == "tpl" or (len(parts) > 2 and parts[2].isdigit() and not _is_alive(int(parts[2]))):
            _drop(name, seconds=0)


def _drop(name: str, *, seconds: float = 10) -> None:
    """Drop a database. Where PostgreSQL itself is at work there (a vacuum), wait; at last the next run tries again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return _admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        except psycopg2.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.2)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one process of this machine prepare databases at a time."""
    server = connections[OWNER].settings_dict
    path = Path(tempfile.gettempdir()) / f"lampwalk-tests-{os.getuid()}-{server['PORT'] or 5432}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _point_to(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _exists(name: str) -> bool:
    return name in _names("tpl_%")


def _names(pattern: str) -> list[str]:
    with _administrator() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid", [pattern])
        return [row[0] for row in cursor.fetchall()]


def _admin(statement: str, *names: str) -> None:
    with _administrator() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def _administrator() -> Iterator["psycopg2.extensions.cursor"]:
    """A cursor of the owner outside all of our databases."""
    server = connections[OWNER].settings_dict
    session = psycopg2.connect(
        dbname="postgres",
        user=server["USER"],
        password=server["PASSWORD"],
        host=server["HOST"] or None,
        port=server["PORT"] or None,
    )
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            yield cursor
    finally:
        session.close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    make_template()
