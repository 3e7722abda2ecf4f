"""A provider of texts that keeps every text in a folder instead of sending it: `text_sink FOLDER PORT`.

Speaks the dialect of docs/texts.md: the same Idempotency-Key gets the same answer and is kept once.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KEEP = 5_000
PRUNE_EVERY = 500
LONGEST = 65_536


class TextFolder:
    """One file a text; its name sorts by arrival. Only the newest 5,000 stay."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}

    def keep(self, key: str, text: Mapping[str, object]) -> str:
        """Write a text down, once for each key; it shows under its name only when it is complete."""
        with self._lock:
            if key and key in self._names:
                return self._names[key]
            self._count += 1
            name = f"{time.time_ns():019d}-{os.getpid()}-{self._count}"
            draft = self.folder / f"{name}.new"
            draft.write_text(json.dumps(text))
            draft.rename(self.folder / f"{name}.json")
            if key:
                self._names[key] = name
            if self._count % PRUNE_EVERY == 0:
                self.prune()
            return name

    def prune(self) -> None:
        """Remove the oldest beyond what is kept."""
        for name in sorted(os.listdir(self.folder))[:-KEEP]:
            (self.folder / name).unlink(missing_ok=True)
        for key in list(self._names)[:-KEEP]:
            del self._names[key]


class TextServer(ThreadingHTTPServer):
    """Listens on this machine only."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.kept = TextFolder(folder)
        self.kept.prune()
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Takes every text that has a number and words."""

    protocol_version = "HTTP/1.1"
    # Head and body leave as they come, without waiting 40 ms for the other side.
    disable_nagle_algorithm = True
    server: TextServer
    timeout = 60

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LONGEST:
            self._answer(413, {"code": "too_large", "message": "A text is shorter than that."})
            self.close_connection = True
            return
        try:
            given = json.loads(self.rfile.read(length))
            text = {name: str(given[name]) for name in ("id", "from", "to", "text")}
            text["reply_url"] = str(given.get("reply_url", ""))
        except (ValueError, KeyError, TypeError):
            self._answer(400, {"code": "unreadable", "message": "Send JSON with id, from, to and text."})
            return
        name = self.server.kept.keep(self.headers.get("Idempotency-Key", ""), text)
        self._answer(201, {"id": name})

    def _answer(self, status: int, words: dict[str, str]) -> None:
        body = json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The texts themselves are the log."""


def serve(folder: Path, port: int) -> None:
    """Take texts until TERM."""
    server = TextServer(folder, port)

    def stop(*_: object) -> None:
        # From a thread of its own: shutdown waits for the loop that this signal has interrupted.
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with server:
        server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
