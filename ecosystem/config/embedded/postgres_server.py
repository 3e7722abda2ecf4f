"""The embedded PostgreSQL: our own `initdb`, our own foreground child, built-in C.UTF-8, passwords throughout."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from ecosystem.config.embedded.accounts import Account
from ecosystem.config.embedded.places import CannotStart, write_private
from ecosystem.config.embedded.ports import LOOPBACK

DATABASE = "lampwalk"
SUPERUSER = "postgres"
MINIMUM_VERSION = 180_000
ROLES_SQL = Path(__file__).with_name("roles.sql")


@dataclass(frozen=True)
class PostgresServer:
    """One cluster: its programs, its files, its port and the user it runs as."""

    programs: Path
    files: Path
    port: int
    account: Account | None
    secrets: dict[str, str]
    for_tests: bool = False

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of the database for a role."""
        return f"postgres://{role}:{self.secrets[role]}@{LOOPBACK}:{self.port}/{database}"

    def environment(self) -> dict[str, str]:
        """What the server sees of ours: nothing but a path and a language."""
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}

    def has_cluster(self) -> bool:
        """Whether `initdb` has been here and finished."""
        return (self.files / "PG_VERSION").exists()

    def make_cluster(self) -> None:
        """Create the files of an empty server whose superuser has a random password.

        They get their name when they are complete: a start that was cut off leaves nothing that looks like a server.
        """
        draft = self.files.with_name(f"{self.files.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self.account:
            self.account.own(draft)
        password = self.files.with_name(f"{self.files.name}.password")
        write_private(password, self.secrets["superuser"], owner=self._owner())
        command = [
            str(self.programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *(["--no-sync"] if self.for_tests else []),
        ]
        popen = self.account.popen if self.account else {}
        try:
            done = subprocess.run(
                command, cwd="/", env=self.environment(), capture_output=True, text=True, check=False, **popen
            )
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its files in {draft}: {done.stderr.strip()[-500:]}")
        draft.rename(self.files)

    def _owner(self) -> tuple[int, int] | None:
        return (self.account.uid, self.account.gid) if self.account else None

    def command(self) -> list[str]:
        """The server in the foreground."""
        options = {**_settings(), "port": str(self.port)}
        if self.for_tests:
            # A test database may be lost with the machine; waiting for the disk is then all cost.
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # Several tests at once, of which each may ask by fifty threads.
            options |= {"max_connections": "250"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.files), *arguments]

    def is_ready(self) -> bool:
        """Whether it takes connections; refuses a server older than our schema needs."""
        try:
            connection = psycopg2.connect(
                host=LOOPBACK,
                port=self.port,
                user=SUPERUSER,
                password=self.secrets["superuser"],
                dbname="postgres",
                connect_timeout=2,
            )
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise CannotStart(f"The passwords in {self.files.parent} do not belong to its database.") from None
            return False
        version = connection.server_version
        connection.close()
        if version < MINIMUM_VERSION:
            raise CannotStart(f"PostgreSQL 18 or newer is needed, but this one says {version}.")
        return True

    @staticmethod
    def roles_version() -> str:
        """Changes when the roles do, so that they are made anew."""
        return hashlib.sha256(ROLES_SQL.read_bytes()).hexdigest()[:16]

    def make_roles(self) -> None:
        """Create or repair roles, passwords, the database and its default privileges."""
        environment = {
            **self.environment(),
            "PGPASSWORD": self.secrets["superuser"],
            "CRM_OWNER_PASSWORD": self.secrets["crm_owner"],
            "CRM_APP_PASSWORD": self.secrets["crm_app"],
            "CRM_OPS_PASSWORD": self.secrets["crm_ops"],
            "CRM_OWNER_CREATEDB": "1" if self.for_tests else "0",
            "CRM_DATABASE": DATABASE,
        }
        address = ["-h", LOOPBACK, "-p", str(self.port), "-U", SUPERUSER, "-d", "postgres"]
        command = [str(self.programs / "psql"), "-X", "-q", *address]
        done = subprocess.run(
            command,
            input=ROLES_SQL.read_text(),
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise CannotStart(f"The database roles could not be made: {done.stderr.strip()[-500:]}")


def _memory_mb() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError):
        return 2048


def _settings() -> dict[str, str]:
    memory = _memory_mb()
    return {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": "80",
        "shared_buffers": f"{min(512, max(64, memory // 8))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        # This build has no LLVM.
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "pglz",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "autovacuum_naptime": "20s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "",
        # Statements and their details carry personal data: neither reaches the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
        "logging_collector": "off",
    }
