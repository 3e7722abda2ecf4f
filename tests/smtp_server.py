"""A real SMTP server on a real socket, that can be told to fail; its list of accepted mails is the truth of a test.

`server.script("ana@example.com", Trouble("rcpt", "450 4.2.0 later"))` answers that at RCPT for her. Stages are
`connect`, `mail`, `rcpt`, `data`, `dot`. An answer of DROP hangs up there and then; at `dot` DROP_AFTER takes the mail
first and then hangs up without a word. A number waits so many seconds and goes on.
"""

import contextlib
import socket
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

DROP, DROP_AFTER = "drop", "drop after"


@dataclass
class Trouble:
    """What goes wrong at one stage for one recipient, how often (`times`; for ever when None)."""

    stage: str
    answer: str | float
    times: int | None = None


@dataclass(frozen=True)
class Accepted:
    """A mail that the server took."""

    sender: str
    recipient: str
    body: bytes

    @property
    def message_id(self) -> str:
        return next(line[12:].decode() for line in self.body.split(b"\r\n") if line.lower().startswith(b"message-id: "))


@dataclass
class SmtpServer:
    """Listens on a free port until `stop`."""

    pipelining: bool = True
    eight_bits: bool = True
    size: int = 0
    starttls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    mechanisms: str = "PLAIN LOGIN"
    greeting: str = "220 test ready"
    knows_ehlo: bool = True
    accepted: list[Accepted] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    largest_read: int = 0
    connections: int = 0
    on_accepted: Callable[[], object] | None = None

    def __post_init__(self) -> None:
        self._troubles: dict[str, list[Trouble]] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        login = f"{self.login[0]}:{self.login[1]}@" if self.login else ""
        return f"smtp://{login}127.0.0.1:{self.port}"

    def script(self, recipient: str, *troubles: Trouble) -> None:
        """What goes wrong for a recipient; `*` means everybody."""
        self._troubles.setdefault(recipient, []).extend(troubles)

    def stop(self) -> None:
        self._listener.close()

    def trouble(self, stage: str, recipient: str) -> str | float | None:
        """What to do at this stage, used up by asking."""
        with self._lock:
            for found in [*self._troubles.get(recipient, []), *self._troubles.get("*", [])]:
                if found.stage == stage and found.times != 0:
                    if found.times is not None:
                        found.times -= 1
                    return found.answer
        return None

    def _serve(self) -> None:
        while True:
            try:
                peer, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            # Answers leave as they come: otherwise the next one waits 40 ms for the other side to say it has the first.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_Conversation(self, peer).run, daemon=True).start()


class _Hangup(Exception):
    """The server closes the connection."""


class _Conversation:
    """One connection."""

    def __init__(self, server: SmtpServer, peer: socket.socket) -> None:
        self.server = server
        self.peer = peer
        self.buffer = b""
        self.sender = self.recipient = ""
        self.refused = False

    def run(self) -> None:
        with contextlib.suppress(_Hangup, OSError):
            self.stage("connect", self.server.greeting)
            while True:
                line = self.line().decode()
                self.server.commands.append(line)
                verb, _space, rest = line.partition(" ")
                getattr(self, f"do_{verb.lower()}", self.unknown)(rest)
        with contextlib.suppress(OSError):
            self.peer.close()

    def stage(self, name: str, usual: str) -> bool:
        """Answer as the script says, or as usual; whether it was as usual."""
        answer = self.server.trouble(name, self.recipient)
        if answer in {DROP, DROP_AFTER}:
            raise _Hangup
        if isinstance(answer, float | int):
            time.sleep(answer)
            answer = None
        self.say(answer or usual)
        if str(answer).startswith("421"):
            raise _Hangup
        return answer is None

    def say(self, text: str) -> None:
        self.peer.sendall(text.encode() + b"\r\n")

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            more = self.peer.recv(65_536)
            if not more:
                raise _Hangup
            self.server.largest_read = max(self.server.largest_read, len(more))
            self.buffer += more
        line, _end, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def do_ehlo(self, _name: str) -> None:
        if not self.server.knows_ehlo:
            return self.say("502 what")
        words = ["PIPELINING"] * self.server.pipelining + ["8BITMIME"] * self.server.eight_bits
        words += [f"SIZE {self.server.size}"] * bool(self.server.size)
        words += ["STARTTLS"] * (self.server.starttls is not None and not isinstance(self.peer, ssl.SSLSocket))
        words += [f"AUTH {self.server.mechanisms}"] * bool(self.server.login)
        lines = ["test", *words]
        return self.say("\r\n".join([f"250-{word}" for word in lines[:-1]] + [f"250 {lines[-1]}"]))

    def do_helo(self, _name: str) -> None:
        self.say("250 test")

    def do_starttls(self, _rest: str) -> None:
        self.say("220 go")
        self.peer = self.server.starttls.wrap_socket(self.peer, server_side=True)

    def do_auth(self, rest: str) -> None:
        mechanism, _space, given = rest.partition(" ")
        if mechanism == "PLAIN":
            login = tuple(b64decode(given).decode().split("\0")[1:])
        else:
            self.say("334 VXNlcm5hbWU6")
            user = b64decode(self.line()).decode()
            self.say("334 UGFzc3dvcmQ6")
            login = (user, b64decode(self.line()).decode())
        self.say("235 welcome" if login == self.server.login else "535 no")

    def do_mail(self, rest: str) -> None:
        if self.sender:
            return self.say("503 nested MAIL")
        self.sender = rest.partition("<")[2].partition(">")[0]
        self.refused = not self.stage("mail", "250 sender ok")
        if self.refused:
            self.sender = ""
        return None

    def do_rcpt(self, rest: str) -> None:
        if not self.sender:
            return self.say("503 no MAIL")
        self.recipient = rest.partition("<")[2].partition(">")[0]
        if not self.stage("rcpt", "250 recipient ok"):
            self.recipient = ""
        return None

    def do_data(self, _rest: str) -> None:
        if not self.recipient:
            return self.say("503 no valid recipient")
        if not self.stage("data", "354 go on"):
            return None
        lines: list[bytes] = []
        while (line := self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        self._end_of_data(Accepted(self.sender, self.recipient, b"\r\n".join(lines) + b"\r\n"))
        self.sender = self.recipient = ""
        return None

    def _end_of_data(self, mail: Accepted) -> None:
        answer = self.server.trouble("dot", self.recipient)
        if answer == DROP:
            raise _Hangup
        if isinstance(answer, float | int):
            time.sleep(answer)
        elif answer not in {None, DROP_AFTER}:
            self.say(str(answer))
            if str(answer).startswith("421"):
                raise _Hangup
            return
        self.server.accepted.append(mail)
        if self.server.on_accepted is not None:
            self.server.on_accepted()
        if answer == DROP_AFTER:
            raise _Hangup
        self.say(f"250 2.0.0 queued as {len(self.server.accepted)}")

    def do_rset(self, _rest: str) -> None:
        self.sender = self.recipient = ""
        self.say("250 reset")

    def do_quit(self, _rest: str) -> None:
        self.say("221 bye")
        raise _Hangup

    def unknown(self, _rest: str) -> None:
        self.say("500 what")


@contextlib.contextmanager
def smtp_server(**values: object) -> Iterator[SmtpServer]:
    """A server for the length of a test."""
    server = SmtpServer(**values)
    try:
        yield server
    finally:
        server.stop()
