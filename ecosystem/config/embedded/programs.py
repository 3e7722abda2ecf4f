"""What `bin/up` runs beside the servers: web, workers, beat, mail sink, and what is done before them."""

import signal
import sys

from ecosystem.config.embedded import options
from ecosystem.config.embedded.child import Program
from ecosystem.config.embedded.places import CHECKOUT
from ecosystem.config.embedded.ports import LOOPBACK

# Lanes that somebody waits for, apart from lanes that may take long: no broadcast holds up a confirmation mail.
WORKERS = {
    "worker-fast": "transactional,webhooks,maintenance",
    "worker-bulk": "sequence,broadcast,import",
}


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _celery(*arguments: str) -> list[str]:
    return _python("-m", "celery", "-q", "-A", "ecosystem.config", "--skip-checks", *arguments)


def manage(name: str, environment: dict[str, str], *arguments: str) -> Program:
    """A management command that ends by itself."""
    return Program(name, _python("manage.py", *arguments), environment, keep=False, folder=CHECKOUT)


def web(environment: dict[str, str], port: int) -> Program:
    """The web server, on this machine only."""
    command = _python(
        "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--no-ws",
        "--workers", str(options.WEB_WORKERS), "--blocking-threads", "4", "--respawn-failed-workers",
        "--log-level", "warning", "ecosystem.config.wsgi:application",
    )  # fmt: skip
    return Program("web", command, {**environment, "PROCESS_KIND": "web"}, stop_seconds=15, folder=CHECKOUT)


def workers(environment: dict[str, str]) -> list[Program]:
    """One Celery worker a group of lanes, and the clock that wakes them."""
    environment = {
        **environment,
        "PROCESS_KIND": "worker",
        # Containers often run as root; only JSON is accepted, which is what the warning is about.
        "PYTHONWARNINGS": "ignore:You're running the worker",
    }
    found = []
    for name, lanes in WORKERS.items():
        command = _celery(
            "worker", "-n", f"{name}@%h", "-Q", lanes, "-c", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO",
        )  # fmt: skip
        found.append(Program(name, command, environment, stop_seconds=30, folder=CHECKOUT))
    clock = _celery("beat", "-S", "celery.beat:Scheduler", "--pidfile=", "-l", "WARNING")
    # It remembers nothing and has nothing to finish; a polite signal in the middle of a write it can lose.
    found.append(Program("beat", clock, environment, stop_signal=signal.SIGKILL, folder=CHECKOUT))
    return found


def closing(environment: dict[str, str]) -> Program:
    """Who deletes what was closed thirty days ago, once a day; alone it knows the owner of the tables."""
    command = _python("manage.py", "delete_closed_businesses", "--daily")
    return Program("closing", command, environment, stop_seconds=10, folder=CHECKOUT)


def mail_sink(environment: dict[str, str], folder: str, port: int) -> Program:
    """The SMTP server that keeps every mail instead of sending it."""
    command = _python("-m", "ecosystem.config.embedded.mail_sink", folder, str(port))
    return Program("mail", command, environment, stop_seconds=5, folder=CHECKOUT)


def text_sink(environment: dict[str, str], folder: str, port: int) -> Program:
    """The provider of texts that keeps every text instead of sending it."""
    command = _python("-m", "ecosystem.config.embedded.text_sink", folder, str(port))
    return Program("texts", command, environment, stop_seconds=5, folder=CHECKOUT)


# Reverse of the start: first who makes work, then who does it, then who answers, last who remembers.
STOP_TIERS = [
    {"beat", "closing", "migrate", "static", "seed"},
    set(WORKERS),
    {"web"},
    {"mail", "texts"},
    {"postgres", "redis"},
]
