"""A worker process of its own, for tests that kill it: serves the lanes that are its first argument."""

import os
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import django

from tests.nursery import Forked, fork


def start_worker(*lanes: str, database: str, fault_dir: Path, **environment: str) -> Forked:
    """Start a process that serves the lanes of a test's database once."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()
    given = {
        **os.environ,
        "DATABASE_URL": url,
        "FAULT_DIR": str(fault_dir),
        "LOG_LEVEL": "ERROR",
        "SENDS_FIRST_DAYS": "0",
    }
    given |= environment
    given.pop("MIGRATION_DATABASE_URL", None)
    return fork("tests.campaigns.worker", ",".join(lanes), environment=given)


def die_at(plan: str, *lanes: str, database: str, fault_dir: Path, **environment: str) -> None:
    """Let a worker serve the lanes until it is killed where the plan says (`point:n`); fails where it never is."""
    given = {**environment, "FAULT_PLAN": f"{plan}:kill"}
    worker = start_worker(*lanes, database=database, fault_dir=fault_dir / plan.replace(":", "-"), **given)
    words = worker.communicate(timeout=60)[0].decode()
    assert worker.returncode == -signal.SIGKILL, f"{plan} was never reached: {words}"


def main() -> None:
    """Serve each lane until nothing is due, again and again for so many SERVE_SECONDS."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from ecosystem.services.agenda import work_lane

    until = time.monotonic() + float(os.environ.get("SERVE_SECONDS", "0"))
    while True:
        for lane in sys.argv[1].split(","):
            work_lane(lane, seconds=30)
        if time.monotonic() >= until:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
