"""PostgreSQL and Redis of one installation: found, given a place, started, made ready."""

import os
import secrets as random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ecosystem.config.embedded.accounts import Account, account_of, choose_account
from ecosystem.config.embedded.binaries import find_postgres, find_redis
from ecosystem.config.embedded.child import Program
from ecosystem.config.embedded.places import SHARED, CannotStart, Places, read_json, remember
from ecosystem.config.embedded.ports import kept_port
from ecosystem.config.embedded.postgres_server import PostgresServer
from ecosystem.config.embedded.redis_server import RedisServer
from ecosystem.config.embedded.supervisor import Supervisor

POSTGRES_SECONDS = 60
REDIS_SECONDS = 30


@dataclass
class Servers:
    """What runs of ours, and the variables that lead to it. A server that the environment names is not started."""

    places: Places
    secrets: dict[str, str]
    for_tests: bool = False
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None

    def start(self, supervisor: Supervisor) -> None:
        """Start what is needed and wait until it answers."""
        if not os.environ.get("DATABASE_URL"):
            self.postgres = self._start_postgres(supervisor)
        if not os.environ.get("REDIS_URL"):
            self.redis = self._start_redis(supervisor)
        if self.postgres:
            supervisor.wait_until("postgres", self.postgres.is_ready, seconds=POSTGRES_SECONDS)
            if read_json(self.places.state).get("roles") != self.postgres.roles_version():
                self.postgres.make_roles()
                remember(self.places.state, roles=self.postgres.roles_version())
        if self.redis:
            supervisor.wait_until("redis", self.redis.is_ready, seconds=REDIS_SECONDS)

    def app_environment(self) -> dict[str, str]:
        """What web, workers and tests may know."""
        found = {}
        if self.postgres:
            found["DATABASE_URL"] = self.postgres.url("crm_app")
        if self.redis:
            found["REDIS_URL"] = self.redis.url
        return found

    def owner_environment(self) -> dict[str, str]:
        """What migrations and backups know besides."""
        if not self.postgres:
            return {}
        return {
            "MIGRATION_DATABASE_URL": self.postgres.url("crm_owner"),
            "OPS_DATABASE_URL": self.postgres.url("crm_ops"),
        }

    def _start_postgres(self, supervisor: Supervisor) -> PostgresServer:
        link = self.places.data / "postgres"
        account = choose_account(link)
        programs = find_postgres(account)
        files = _home(self.places.data, "postgres", account)
        server = PostgresServer(
            programs, files, kept_port(self.places.state, "postgres"), account, self.secrets, self.for_tests
        )
        if not server.has_cluster():
            supervisor.log.line("postgres", f"making an empty database in {files}, once")
            server.make_cluster()
            # Whatever was remembered belonged to another database.
            remember(self.places.state, roles="", migrated="", seeded=False, logins=[])
        _await_former(files)
        supervisor.start(
            Program(
                "postgres",
                server.command(),
                server.environment(),
                account,
                signal.SIGINT,
                stop_seconds=30,
                dull=("the database system is starting up", "logical replication launcher"),
            )
        )
        return server

    def _start_redis(self, supervisor: Supervisor) -> RedisServer:
        account = choose_account(self.places.data / "redis")
        program = find_redis(account)
        files = _home(self.places.data, "redis", account)
        port = kept_port(self.places.state, "redis")
        server = RedisServer(program, files, port, account, self.secrets["redis"])
        server.write_configuration()
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
        dull = ("oO0OoO0OoO0Oo", "Configuration loaded", "Memory overcommit", "scheduling shutdown")
        supervisor.start(
            Program("redis", server.command(), environment, account, signal.SIGTERM, stop_seconds=20, dull=dull)
        )
        return server


def _home(data: Path, name: str, account: Account | None) -> Path:
    """The folder of a server's files: in DATA_DIR, or (as root) a link there to where the account reaches it."""
    folder = data / name
    if folder.is_symlink() and not folder.exists():
        raise CannotStart(f"{folder} points to {os.readlink(folder)}, which is gone; remove the link to begin anew.")
    if not folder.exists() and account is not None and not account.enters(data):
        target = SHARED / "data" / random.token_hex(8) / name
        target.parent.mkdir(parents=True)
        for parent in (SHARED, SHARED / "data", target.parent):
            parent.chmod(0o711)
        (target.parent / "made-for").write_text(f"{folder}\n")
        folder.symlink_to(target)
    files = folder.resolve()
    if not files.exists():
        files.mkdir(mode=0o700)
        if account is not None:
            account.own(files)
    owner = account_of(files)
    if account is None and files.stat().st_uid != os.geteuid():
        raise CannotStart(f"{folder} belongs to {owner.name if owner else 'root'}; start as that user or set DATA_DIR.")
    if account is not None and not account.enters(files):
        raise CannotStart(f"User {account.name} cannot reach {files}; set DATA_DIR to a folder that it can reach.")
    return files


def _await_former(files: Path) -> None:
    """Wait for a server whose supervisor was killed a moment ago; it is stopping by itself."""
    try:
        pid = int((files / "postmaster.pid").read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return
    if str(files).encode() not in command:
        return
    deadline = time.monotonic() + POSTGRES_SECONDS
    try:
        os.kill(pid, signal.SIGINT)
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
    except ProcessLookupError:
        return
    raise CannotStart(f"A former database process ({pid}) still runs in {files}; stop it first.")
