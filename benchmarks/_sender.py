"""A worker of send.scale and send.fair: `python -m benchmarks._sender LANE SECONDS IDLE` waits for a line and works."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import django

from benchmarks._http import database_url

IDLE_SECONDS = 0.1


@contextlib.contextmanager
def senders(
    count: int, lane: str, *, port: int, seconds: float, idle_seconds: float = IDLE_SECONDS
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """So many worker processes on the database that this process uses, ready to begin at a word."""
    given = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "SENDS_FIRST_DAYS": "0",
        "LOG_LEVEL": "ERROR",
        "PROCESS_KIND": "worker",
    }
    given.pop("MIGRATION_DATABASE_URL", None)
    command = [sys.executable, "-m", "benchmarks._sender", lane, str(seconds), str(idle_seconds)]
    started = [
        subprocess.Popen(command, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)
    ]
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n", "a worker did not start"
        yield started
    finally:
        for one in started:
            one.kill()
            one.wait()


def begin(started: list["subprocess.Popen[bytes]"]) -> None:
    """Give the word."""
    for one in started:
        assert one.stdin is not None
        one.stdin.write(b"\n")
        one.stdin.flush()


def wait_for(started: list["subprocess.Popen[bytes]"]) -> None:
    """Until each has found nothing more to do, or its time was over."""
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == b"done\n"


def main() -> None:
    """Work until nothing was due for some time: while others have the last business in hand, nothing is due either."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from ecosystem.services.agenda import work_lane

    lane, seconds, idle_seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    work_lane(lane, seconds=0.01)
    print("ready", flush=True)
    sys.stdin.readline()
    deadline, busy_at = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < min(deadline, busy_at + idle_seconds):
        if work_lane(lane, seconds=min(10.0, deadline - time.monotonic())):
            busy_at = time.monotonic()
            continue
        time.sleep(0.02)
    print("done", flush=True)


if __name__ == "__main__":
    main()
