"""A server of granian on this machine, and a client that costs next to nothing: one connection kept open."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import connections

STARTS_WITHIN = 60


@contextlib.contextmanager
def granian(application: str) -> Iterator[int]:
    """An application on one worker with one thread, on the database that this process uses. Yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
            "--no-ws", "--workers", "1", "--blocking-threads", "1", "--log-level", "warning", application,
        ],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url(), "PROCESS_KIND": "web", "LOG_LEVEL": "WARNING"},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


class Connection:
    """HTTP/1.1 over one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._rest = b""

    def get(self, path: str, key: str) -> tuple[int, bytes]:
        """Status and body."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nAccept: */*\r\n\r\n"
        self._socket.sendall(request.encode())
        head = self._until(b"\r\n\r\n").decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        while len(self._rest) < length:
            self._rest += self._socket.recv(256 * 1024)
        body, self._rest = self._rest[:length], self._rest[length:]
        return int(head.split(" ", 2)[1]), body

    def close(self) -> None:
        self._socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._rest:
            received = self._socket.recv(256 * 1024)
            if not received:
                raise ConnectionError("The server closed the connection.")
            self._rest += received
        head, _, self._rest = self._rest.partition(end)
        return head


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError("granian did not start.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("granian did not answer in time.")


def database_url() -> str:
    """The address of the database that this process uses."""
    at = connections["default"].settings_dict
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
