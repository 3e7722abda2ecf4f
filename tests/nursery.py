"""Processes that are at work within milliseconds: a nursery has loaded the product once and forks one for each request.

`python -m tests.nursery` reads a request a line, as JSON: a program's module, its arguments, its environment,
the folder for what it says and how it ended. The environment is read by the settings as in a process that starts anew.
"""

import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
# What a program reads from its settings each time that it needs it. With anything else given, it starts anew.
READ_WHEN_NEEDED = {
    "EMAIL_URL",
    "SMS_URL",
    "MAIL_PROVIDER_URLS",
    "RUNNING_MARKS_DIR",
    "SENDS_PER_SECOND",
    "SERVE_SECONDS",
    "DEADLY_ADDRESS",
    "FAULT_PLAN",
    "FAULT_DIR",
}
_RUNNING: dict[tuple[tuple[str, str], ...], "subprocess.Popen[str]"] = {}


class Forked:
    """A process of a nursery, with what a test asks of one that it started itself."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid, self._folder = pid, folder
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        ended = self._folder / "ended"
        if self.returncode is None and ended.exists():
            self.returncode = int(ended.read_text())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        deadline = time.monotonic() + (timeout or 600)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 600)
            time.sleep(0.005)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[bytes, None]:
        self.wait(timeout)
        return (self._folder / "said").read_bytes(), None

    def send_signal(self, what: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, what)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def fork(module: str, *arguments: str, environment: dict[str, str]) -> Forked:
    """A process that runs a module's `main` with the arguments, in an environment beside what nurseries have."""
    rest = {name: value for name, value in environment.items() if name not in READ_WHEN_NEEDED}
    rest.pop("PYTEST_CURRENT_TEST", None)
    nursery = _nursery(tuple(sorted(rest.items())))
    folder = Path(tempfile.mkdtemp(dir=_folders().name))
    request = {"module": module, "arguments": arguments, "environment": environment, "folder": str(folder)}
    nursery.stdin.write(json.dumps(request) + "\n")
    nursery.stdin.flush()
    return Forked(int(nursery.stdout.readline()), folder)


@functools.cache
def _folders() -> "tempfile.TemporaryDirectory[str]":
    """Where the forked say what they have to say; gone at the end of this process."""
    return tempfile.TemporaryDirectory(prefix="lampwalk-forked-", ignore_cleanup_errors=True)


def _nursery(environment: tuple[tuple[str, str], ...]) -> "subprocess.Popen[str]":
    """The nursery with such an environment; one at a time, which ends with whoever started it."""
    if environment not in _RUNNING:
        for nursery in _RUNNING.values():
            nursery.kill()
            nursery.wait()
        _RUNNING.clear()
        command = [sys.executable, "-m", "tests.nursery"]
        _RUNNING[environment] = subprocess.Popen(
            command, env=dict(environment), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    return _RUNNING[environment]


def main() -> None:
    """Fork for each request; who waits for the forked one, and says how it ended, is a process of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    importlib.import_module("ecosystem.services.agenda")
    # Those who wait are nobody's children.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _wait_for_one(json.loads(line))
            os._exit(0)


def _wait_for_one(request: dict) -> None:
    folder = Path(request["folder"])
    number = os.fork()
    if number == 0:
        os._exit(_run(request, folder))
    print(number, flush=True)  # noqa: T201 - its starter reads it
    code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    (folder / "ends").write_text(str(code))
    (folder / "ends").rename(folder / "ended")


def _run(request: dict, folder: Path) -> int:
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for place, target in enumerate((nothing, said, said)):
        os.dup2(target, place)
    try:
        os.environ.clear()
        os.environ.update(request["environment"])
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
        read = importlib.reload(importlib.import_module("ecosystem.config.settings"))
        for name, value in vars(read).items():
            if name in READ_WHEN_NEEDED or name.startswith("EMAIL_"):
                setattr(settings, name, value)
        program = importlib.import_module(request["module"])
        sys.argv = [request["module"], *request["arguments"]]
        program.main()
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    main()
