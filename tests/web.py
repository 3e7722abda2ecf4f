"""The web server as `bin/up` starts it, for tests that ask it from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from ecosystem.config.embedded.ports import LOOPBACK, any_free_port

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def web(**environment: str) -> Iterator[str]:
    """A running server with an environment of its own; its address."""
    port = any_free_port()
    given = {**os.environ, "PROCESS_KIND": "web", "LOG_LEVEL": "ERROR", **environment}
    given.pop("MIGRATION_DATABASE_URL", None)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port)]
    command += ["--no-ws", "--workers", "1", "--blocking-threads", "2", "--log-level", "warning"]
    command += ["ecosystem.config.wsgi:application"]
    process = subprocess.Popen(command, env=given, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://{LOOPBACK}:{port}"
    try:
        _wait_for(f"{address}/healthz")
        yield address
    finally:
        process.terminate()
        process.wait(20)


def status_of(address: str, **given: object) -> int:
    """What a page answers; 0 where nobody does."""
    try:
        return requests.get(address, timeout=20, allow_redirects=False, **given).status_code
    except requests.ConnectionError:
        return 0


def _wait_for(address: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while status_of(address) != 200:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{address} never answered")
        time.sleep(0.05)
