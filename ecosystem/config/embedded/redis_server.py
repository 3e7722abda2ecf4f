"""The embedded Redis: on loopback, with a password, everything written down, nothing evicted."""

import socket
from dataclasses import dataclass
from pathlib import Path

from ecosystem.config.embedded.accounts import Account
from ecosystem.config.embedded.places import write_private
from ecosystem.config.embedded.ports import LOOPBACK


@dataclass(frozen=True)
class RedisServer:
    """One Redis: its program, its files, its port and the user it runs as."""

    program: Path
    files: Path
    port: int
    account: Account | None
    password: str

    @property
    def url(self) -> str:
        """The broker's address; the cache takes the next database number."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def write_configuration(self) -> None:
        """The password stands in a file, since a command line can be read by everybody."""
        lines = {
            "bind": LOOPBACK,
            "port": self.port,
            "dir": f'"{self.files}"',
            "requirepass": self.password,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": '""',
            "loglevel": "warning",
            # Ours are two; each process of a test run has two of its own.
            "databases": 64,
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        owner = (self.account.uid, self.account.gid) if self.account else None
        write_private(self.files / "redis.conf", text, owner=owner)

    def command(self) -> list[str]:
        """The server in the foreground."""
        return [str(self.program), str(self.files / "redis.conf")]

    def is_ready(self) -> bool:
        """Whether it answers to its password and has read its file back."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2:
                    part = link.recv(256)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return b"+PONG" in answer
