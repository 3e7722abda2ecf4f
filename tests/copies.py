"""Real copies of a test's database: a dump that is restored, and a copy of the files that a server is started on."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from django.db import connections

from ecosystem.config.embedded.accounts import choose_account
from ecosystem.config.embedded.binaries import find_postgres
from ecosystem.config.embedded.places import read_json
from ecosystem.config.embedded.ports import LOOPBACK, any_free_port
from ecosystem.config.embedded.postgres_server import PostgresServer
from tests.database import APPLICATION, OWNER, _admin, _drop, _point_to


def dump(folder: Path) -> Path:
    """`pg_dump` of the current test's database, by the role that reads across businesses."""
    file = folder / "copy.dump"
    url = urlsplit(os.environ["OPS_DATABASE_URL"])._replace(path=f"/{_name()}").geturl()
    _run("pg_dump", "--format=custom", f"--file={file}", url)
    return file


@contextlib.contextmanager
def restored(file: Path) -> Iterator[str]:
    """Another database into which the dump was restored; both aliases lead there meanwhile. Yields its name."""
    former, copy = _name(), f"{_name()}r"
    _admin("CREATE DATABASE {}", copy)
    url = urlsplit(os.environ["MIGRATION_DATABASE_URL"])._replace(path=f"/{copy}").geturl()
    # The function of a database without its extension's comment; the roles are there.
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", str(file))
    _point_to(dict.fromkeys((OWNER, APPLICATION), copy))
    try:
        yield copy
    finally:
        _point_to(dict.fromkeys((OWNER, APPLICATION), former))
        _drop(copy)


@contextlib.contextmanager
def base_copy() -> Iterator["BaseCopy"]:
    """A copy of the files of the whole server, as they are now; `start` lets a server run on it."""
    account = choose_account(Path(os.environ["DATA_DIR"]) / "postgres")
    folder = Path(tempfile.mkdtemp(prefix="lampwalk-copy-"))
    copy = BaseCopy(folder, account)
    try:
        copy.take()
        yield copy
    finally:
        copy.stop()
        shutil.rmtree(folder, ignore_errors=True)


class BaseCopy:
    """The files, and the server on them once it was started."""

    def __init__(self, folder: Path, account) -> None:
        folder.chmod(0o711)
        self._account, self._process = account, None
        self._secrets = read_json(Path(os.environ["DATA_DIR"]) / "secrets.json")
        self._server = PostgresServer(
            find_postgres(account), folder / "files", any_free_port(), account, self._secrets, for_tests=False
        )

    def take(self) -> None:
        """`pg_basebackup` of the running server."""
        port = str(connections[OWNER].settings_dict["PORT"])
        words = [
            "-h",
            LOOPBACK,
            "-p",
            port,
            "-U",
            "postgres",
            "-D",
            str(self._server.files),
            "-X",
            "stream",
            "-c",
            "fast",
        ]
        _run("pg_basebackup", *words, PGPASSWORD=self._secrets["superuser"])
        if self._account:
            for path in (self._server.files, *self._server.files.rglob("*")):
                os.chown(path, self._account.uid, self._account.gid, follow_symlinks=False)

    def start(self) -> int:
        """Let a server run on it, and lead both aliases there; its port."""
        popen = self._account.popen if self._account else {}
        is_first = self._process is None
        self._process = subprocess.Popen(
            self._server.command(), cwd="/", env=self._server.environment(), stderr=subprocess.DEVNULL, **popen
        )
        deadline = time.monotonic() + 30
        while not self._server.is_ready():
            assert time.monotonic() < deadline, "the server on the copy did not start"
            time.sleep(0.1)
        if is_first:
            self._former = connections[OWNER].settings_dict["PORT"]
        _lead_to(self._server.port)
        return self._server.port

    def kill(self) -> None:
        """Kill the server and all that it started, as a fault of the machine does."""
        self._process.kill()
        self._process.wait()
        time.sleep(0.5)

    def stop(self) -> None:
        """End the server, and lead the aliases back."""
        if self._process is not None:
            _lead_to(self._former)
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self._process.kill()


def _lead_to(port: object) -> None:
    for alias in (OWNER, APPLICATION):
        connections[alias].close()
        connections[alias].settings_dict["PORT"] = port


def _name() -> str:
    return str(connections[APPLICATION].settings_dict["NAME"])


def _run(program: str, *arguments: str, **environment: str) -> None:
    command = [str(find_postgres(None) / program), *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def cut_connections(name: str) -> None:
    """Cut everybody's connections to a database, as a restore in its place does."""
    server = connections[OWNER].settings_dict
    with (
        psycopg2.connect(
            dbname="postgres",
            user=server["USER"],
            password=server["PASSWORD"],
            host=server["HOST"],
            port=server["PORT"],
        ) as session,
        session.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
