"""A web server whose connections are kept, each with a database connection of its own, as behind a proxy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

Address = tuple[str, int]


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open and says nothing."""

    # Head and body leave as they come: otherwise the body waits 40 ms for the other side to say that it has the head.
    disable_nagle_algorithm = True
    # A connection that nobody uses any more ends, so that closing the server never waits for ever.
    timeout = 30

    def log_message(self, *args) -> None:
        """No line per request."""


class Server(ThreadedWSGIServer):
    """A thread per connection; closing the server waits for the last of them."""

    daemon_threads = False


@contextmanager
def web_server() -> Iterator[Address]:
    """The product on a port of this machine. Afterwards every request has come to its end."""
    server = Server(("127.0.0.1", 0), QuietHandler)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
