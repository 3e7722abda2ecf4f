"""Real Celery processes for tests: a worker as `bin/up` starts it, and the clock that wakes workers."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

from tests.nursery import ROOT


def start_celery(
    redis_url: str, email_url: str, *lanes: str, database: str, processes: int = 1
) -> "subprocess.Popen[bytes]":
    """A worker of one process, or more, for some lanes of a test's database."""
    options = [
        "-Q",
        ",".join(lanes),
        "-c",
        str(processes),
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    return _celery("worker", *options, redis_url=redis_url, email_url=email_url, database=database)


def start_beat(redis_url: str, *, database: str) -> "subprocess.Popen[bytes]":
    """The clock."""
    options = ["-S", "celery.beat:Scheduler", "--pidfile="]
    return _celery("beat", *options, redis_url=redis_url, email_url="", database=database)


def _celery(*words: str, redis_url: str, email_url: str, database: str) -> "subprocess.Popen[bytes]":
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    given = {**os.environ, "DATABASE_URL": url, "REDIS_URL": redis_url, "LOG_LEVEL": "ERROR", "SENDS_FIRST_DAYS": "0"}
    given |= {"EMAIL_URL": email_url} if email_url else {}
    given.pop("MIGRATION_DATABASE_URL", None)
    command = [sys.executable, "-m", "celery", "-q", "-A", "ecosystem.config", "--skip-checks", *words]
    return subprocess.Popen(command, env=given, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
