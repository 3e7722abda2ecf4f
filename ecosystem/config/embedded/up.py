"""The whole house on one machine: servers, schema, demo, web, workers, clock and mail sink."""

import http.client
import os
import secrets
import time

from ecosystem.config.embedded import fingerprints, options, programs
from ecosystem.config.embedded.log_stream import LogStream
from ecosystem.config.embedded.places import CHECKOUT, CannotStart, Places, read_json, remember, write_private
from ecosystem.config.embedded.ports import LOOPBACK, is_free, kept_port
from ecosystem.config.embedded.secrets import load_or_make, settings_secrets
from ecosystem.config.embedded.servers import Servers
from ecosystem.config.embedded.supervisor import StopRequested, Supervisor

PREFERRED_PORT = 8000
LOGIN_MARK = "login:"
SINK_NUMBER = "+12025550100"


def up(places: Places, *, servers_only: bool = False) -> int:
    """Start everything, look after it until somebody asks to stop, stop everything."""
    log = LogStream()
    try:
        places.make()
        lock = places.take_lock()
        port = None if servers_only else _web_port(log)
    except CannotStart as error:
        log.plain(str(error))
        return 1
    supervisor = Supervisor(log)
    house = _House(supervisor, places, port)
    code = 0
    try:
        house.start()
        supervisor.run()
    except StopRequested:
        places.leaving.touch(mode=0o600)
        log.plain("Stopping ...")
    except CannotStart as error:
        log.plain(f"Cannot start: {error}")
        code = 1
    finally:
        supervisor.stop(programs.STOP_TIERS)
        places.leaving.unlink(missing_ok=True)
        lock.close()
    log.plain("Stopped.")
    return code


class _House:
    """The order in which things come to life. `port` None: only the servers."""

    def __init__(self, supervisor: Supervisor, places: Places, port: int | None) -> None:
        self.supervisor = supervisor
        self.places = places
        self.port = port
        self.began = time.monotonic()
        self.patience = 1.0
        # Left behind by a house that was killed while it stopped.
        places.leaving.unlink(missing_ok=True)
        self.secrets = load_or_make(places.secrets)
        self.servers = Servers(places, self.secrets)

    def start(self) -> None:
        environment = {**settings_secrets(self.secrets), **os.environ, **self._ours()}
        if self.port is not None and not os.environ.get("EMAIL_URL"):
            environment |= self._start_mail_sink(environment)
        if self.port is not None and not os.environ.get("SMS_URL"):
            environment |= self._start_text_sink(environment)
        self.servers.start(self.supervisor)
        environment |= self.servers.app_environment()
        self._write_environment(environment)
        if self.port is None:
            self.supervisor.log.plain(
                f"Servers ready after {self._seconds()}; their addresses: {self.places.app_environment}"
            )
            return
        self._prepare(environment)
        owners_url = environment.pop("MIGRATION_DATABASE_URL", "")
        environment.pop("OPS_DATABASE_URL", None)
        self.supervisor.start(programs.web(environment, self.port))
        self.supervisor.wait_until("web", self._answers, seconds=120)
        for program in programs.workers(environment):
            self.supervisor.start(program)
        if url := self.servers.owner_environment().get("MIGRATION_DATABASE_URL", owners_url):
            self.supervisor.start(programs.closing({**environment, "MIGRATION_DATABASE_URL": url}))
        self._greet()

    def _seconds(self) -> str:
        return f"{time.monotonic() - self.began:.1f} s"

    def _ours(self) -> dict[str, str]:
        found = {
            "DATA_DIR": str(self.places.data),
            "LEAVING_FILE": str(self.places.leaving),
            "EMBEDDED": "1",
            "LOG_JSON": os.environ.get("LOG_JSON", "0"),
            "PYTHONUNBUFFERED": "1",
        }
        if self.port is not None and not os.environ.get("PUBLIC_URL"):
            found["PUBLIC_URL"] = f"http://{LOOPBACK}:{self.port}"
        return found

    def _start_mail_sink(self, environment: dict[str, str]) -> dict[str, str]:
        port = kept_port(self.places.state, "mail")
        self.places.mail.mkdir(mode=0o700, exist_ok=True)
        self.supervisor.start(programs.mail_sink(environment, str(self.places.mail), port))
        return {"EMAIL_URL": f"smtp://{LOOPBACK}:{port}", "MAIL_SINK_DIR": str(self.places.mail)}

    def _start_text_sink(self, environment: dict[str, str]) -> dict[str, str]:
        port = kept_port(self.places.state, "texts")
        self.places.texts.mkdir(mode=0o700, exist_ok=True)
        self.supervisor.start(programs.text_sink(environment, str(self.places.texts), port))
        # Nothing but this start knows the secret: it signs what comes in, and nothing comes in from a sink.
        account = f"sink:{secrets.token_hex(16)}@{LOOPBACK}:{port}"
        return {
            "SMS_URL": f"sms+http://{account}/texts?from={SINK_NUMBER}",
            "TEXT_SINK_DIR": str(self.places.texts),
        }

    def _write_environment(self, environment: dict[str, str]) -> None:
        """Leave word for `manage.py`: how commands of this checkout reach the servers."""
        names = [
            *settings_secrets(self.secrets),
            *self.servers.app_environment(),
            *("EMBEDDED", "LOG_JSON", "PUBLIC_URL", "EMAIL_URL", "MAIL_SINK_DIR", "SMS_URL", "TEXT_SINK_DIR"),
        ]
        ours = "".join(f"{name}={environment[name]}\n" for name in names if name in environment)
        owner = "".join(f"{name}={value}\n" for name, value in self.servers.owner_environment().items())
        write_private(self.places.app_environment, ours)
        write_private(self.places.owner_environment, owner)

    def _prepare(self, environment: dict[str, str]) -> None:
        """Schema, static files and demo: each only when something has changed since the last start."""
        run, state = self.supervisor.run_to_end, self.places.state
        done = read_json(state)
        static, migrations = fingerprints.of_static_files(), fingerprints.of_migrations()
        collected = environment.get("STATIC_ROOT", str(CHECKOUT / "staticfiles"))
        if done.get("static") != static or not os.path.exists(os.path.join(collected, "staticfiles.json")):
            run(
                programs.manage("static", environment, "collectstatic", "--no-input", "--clear", "-v", "0"), seconds=300
            )
            remember(state, static=static)
        if done.get("migrated") != migrations:
            owner = {**environment, **self.servers.owner_environment()}
            if owner.get("MIGRATION_DATABASE_URL"):
                self.supervisor.log.line("migrate", "bringing the database up to date")
                run(programs.manage("migrate", owner, "migrate", "--no-input", "-v", "1"), seconds=600)
                remember(state, migrated=migrations)
            else:
                self.supervisor.log.line("migrate", "skipped: MIGRATION_DATABASE_URL is not set")
        wanted = options.SEED.lower() != "none"
        if wanted and not done.get("seeded") and fingerprints.has_command("seed_demo"):
            self.supervisor.log.line("seed", "making the demo business, once")
            said = run(programs.manage("seed", environment, "seed_demo"), seconds=900)
            logins = [
                line.strip()[len(LOGIN_MARK) :].strip() for line in said if line.strip().lower().startswith(LOGIN_MARK)
            ]
            remember(state, seeded=True, logins=logins)

    def _answers(self) -> bool:
        assert self.port is not None  # noqa: S101
        link = http.client.HTTPConnection(LOOPBACK, self.port, timeout=self.patience)
        try:
            link.request("GET", "/readyz")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException) as error:
            # Asked before anybody listened, a question may wait for ever; on a slow machine the answer takes its time.
            if isinstance(error, TimeoutError):
                self.patience = min(self.patience * 2, 10.0)
            return False
        finally:
            link.close()

    def _greet(self) -> None:
        url = f"http://{LOOPBACK}:{self.port}"
        say = self.supervisor.log.plain
        say(f"Ready: {url}")
        for login in read_json(self.places.state).get("logins", []):
            say(f"  Login: {login}")
        if "mail" in self.supervisor.children:
            say(f"  Mails: {url}/dev/mail/")
        if "texts" in self.supervisor.children:
            say(f"  Texts: {url}/dev/texts/")
        say(f"  Started in {self._seconds()}. Ctrl-C stops everything.")


def _web_port(log: LogStream) -> int:
    given = options.PORT
    if given:
        if not given.isdigit() or not 0 < int(given) < 65_536:
            raise CannotStart(f"PORT must be a number, not {given!r}.")
        # A house that was killed a moment ago may still be letting go of it.
        deadline = time.monotonic() + 3
        while not is_free(int(given)) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not is_free(int(given)):
            raise CannotStart(f"Port {given} is taken; choose another one: PORT={int(given) + 1} bin/up")
        return int(given)
    for port in range(PREFERRED_PORT, PREFERRED_PORT + 100):
        if is_free(port):
            if port != PREFERRED_PORT:
                log.plain(f"Port {PREFERRED_PORT} is taken; using {port}.")
            return port
    raise CannotStart("No free port near 8000; set PORT.")
