"""Free ports, kept from start to start, so that two installations on one machine do not meet."""

import socket
from pathlib import Path

from ecosystem.config.embedded.places import read_json, remember

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server of ours could listen on the port."""
    with socket.socket() as probe:
        # As servers do: an old connection in TIME_WAIT does not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def kept_port(state: Path, name: str) -> int:
    """The port of the last start if it is still free, else another one, remembered for next time."""
    ports: dict[str, int] = read_json(state).get("ports", {})
    port = ports.get(name)
    if port is None or not is_free(port):
        port = any_free_port()
        remember(state, ports={**ports, name: port})
    return port
