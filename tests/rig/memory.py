"""How much memory a worker holds while it sends: `python -m tests.rig.memory --seconds 1800`.

A Celery worker of one process, as `bin/up` starts it, sends without a pause. Its memory is read from the kernel every
few seconds. Ends with 1 where a process held more than 150 MB, or more than a tenth more at the end than after its
first minute.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import django

MOST_MB = 150.0
MOST_GROWTH = 0.10
WARM_UP_SECONDS = 60.0
BUSINESSES, PEOPLE = 3, 2_000
HEAD = (
    "| Seconds | Letters | Process | After the first minute | In the middle | At the end | Most |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> int:
    """Measure on a database of its own, and print the rows of docs/reliability.md."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from tests.database import fresh_databases
    from tests.rig.plans import Plan
    from tests.rig.receivers import provider

    parser = argparse.ArgumentParser(prog="tests.rig.memory", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument("--mail-seconds", type=float, default=0.004, help="how long the provider takes for a letter")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, fresh_databases("memory"):
        folder = Path(name)
        with provider(Plan(mail_seconds=asked.mail_seconds), folder) as ways:
            seen = measure(asked.seconds, asked.every, ways.smtp)
            letters = ways.log.read_bytes().count(b"\n")
    return report(asked.seconds, letters, seen)


def measure(seconds: float, every: float, port: int) -> dict[str, list[tuple[float, float]]]:
    """The memory in MB of each process of the worker, by its part: (seconds since it began to send, MB)."""
    from django.db import connection

    from benchmarks._town import LANE, make_sender
    from campaigns.models import QueuedMessage
    from ecosystem.base.tenancy import business_scope
    from ecosystem.config.celery import app
    from ecosystem.services.agenda import TASK_NAME
    from tests.campaigns.celery_worker import start_celery

    shops = [make_sender(f"Shop {number}", PEOPLE) for number in range(BUSINESSES)]
    redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path="/3").geturl()
    worker = start_celery(redis_url, f"smtp://127.0.0.1:{port}", LANE, database=str(connection.settings_dict["NAME"]))
    seen: dict[str, list[tuple[float, float]]] = {"parent": [], "child": []}
    began = time.monotonic()
    try:
        with app.connection_for_write(redis_url) as broker:
            while time.monotonic() < began + seconds:
                app.send_task(TASK_NAME, args=[LANE], queue=LANE, connection=broker, ignore_result=True, expires=5)
                for shop in shops:
                    with business_scope(shop.business):
                        is_low = QueuedMessage.objects.count() < PEOPLE / 2
                    if is_low:
                        shop.queue_again()
                for part, numbers in (("parent", [worker.pid]), ("child", children_of(worker.pid))):
                    seen[part] += [
                        (time.monotonic() - began, size) for number in numbers if (size := megabytes_of(number))
                    ]
                time.sleep(every)
    finally:
        worker.terminate()
        worker.wait(40)
    return seen


def report(seconds: float, letters: int, seen: dict[str, list[tuple[float, float]]]) -> int:
    """Print a row for each process; 1 where one held too much or went on growing."""
    sys.stdout.write(f"{HEAD}\n")
    is_wrong = not letters
    for part, looks in seen.items():
        warm = [size for moment, size in looks if moment >= min(WARM_UP_SECONDS, seconds / 3)] or [0.0]
        first, middle, last, most = warm[0], warm[len(warm) // 2], warm[-1], max(size for _moment, size in looks)
        is_wrong |= most > MOST_MB or last > first * (1 + MOST_GROWTH)
        sizes = " | ".join(f"{size:.1f} MB" for size in (first, middle, last, most))
        sys.stdout.write(f"| {seconds:.0f} | {letters} | {part} | {sizes} |\n")
    return int(is_wrong)


def children_of(number: int) -> list[int]:
    """The processes that a process has forked."""
    try:
        return [int(child) for child in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except OSError:
        return []


def megabytes_of(number: int) -> float:
    """What a process holds of the memory; 0 once it is gone."""
    try:
        line = next(
            line for line in Path(f"/proc/{number}/status").read_text().splitlines() if line.startswith("VmRSS")
        )
    except (OSError, StopIteration):
        return 0.0
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
