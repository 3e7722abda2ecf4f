"""Workers that are at work within milliseconds: a nursery that has loaded everything forks one for each line it reads.

Writes the number of each process. A worker serves what is needed now, sequences, and what providers tell; on TERM it
ends after the turn that is running.
"""

import os
import signal
import sys
import time

import django

LANES = ("transactional", "sequence", "webhooks")


def main() -> None:
    """Fork a worker for each line of the input."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    # The dead are nobody's children: the number of a killed one is free at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        number = os.fork()
        if number == 0:
            _work()
            os._exit(0)
        print(number, flush=True)  # noqa: T201 - its starter reads it


def _work() -> None:
    from ecosystem.services.agenda import sweep_agenda, work_lane

    stopped: list[int] = []
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    while not stopped:
        sweep_agenda()
        if not sum(work_lane(lane, seconds=2) for lane in LANES):
            time.sleep(0.05)


if __name__ == "__main__":
    main()
