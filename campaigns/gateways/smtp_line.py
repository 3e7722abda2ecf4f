"""One connection to an SMTP server: greeting, encryption, sign-in, and the reading of its answers (RFC 5321)."""

import contextlib
import ipaddress
import re
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from campaigns.gateways.base import Trouble
from ecosystem.base.public_hosts import NotPublic, connect_publicly

CONNECT_SECONDS = 10.0
LONGEST_LINE = 8_192
# Answers to our name and password (RFC 4954), and to what comes before them where they are wanted.
SIGN_IN_REFUSED = frozenset({530, 534, 535, 538})
WELCOME = re.compile(rb"250 [^\n]*\n25[01] [^\n]*\n354 [^\n]*\n")


class Reply(NamedTuple):
    """A server's answer: its code, and its words, line by line."""

    code: int
    text: str

    @property
    def is_yes(self) -> bool:
        return 200 <= self.code < 300


class LineDown(Exception):
    """The connection cannot be made or has been lost."""

    def __init__(self, reason: str, code: int | None = None, *, trouble: Trouble | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """Where a server stands and how to sign in, as EMAIL_URL says it.

    `is_typed` says that a business named the host: then only a public one will do, and never without encryption.
    """

    host: str
    port: int
    security: str  # "plain": encrypt unless the server is on a private network; "starttls"; "tls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str | None = None
    is_typed: bool = False


def read_smtp_url(url: str) -> SmtpAddress:
    """`smtp://`, `smtp+tls://` (STARTTLS) or `smtp+ssl://` (TLS from the first byte), `user:password@host:port`.

    `?ca=FILE` names the certificate authority of a private server; `?typed=1` says that a business named the host.
    ValueError when the URL says something else.
    """
    parts = urlsplit(url)
    securities = {"smtp": "plain", "smtp+tls": "starttls", "smtp+ssl": "tls", "smtps": "tls"}
    if parts.scheme not in securities or not parts.hostname:
        raise ValueError("EMAIL_URL must be smtp://, smtp+tls:// or smtp+ssl:// with a host.")
    security = "starttls" if parts.scheme == "smtps" and parts.port == 587 else securities[parts.scheme]
    port = parts.port or {"plain": 25, "starttls": 587, "tls": 465}[security]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    given = parse_qs(parts.query)
    ca_file, is_typed = given.get("ca", [None])[0], given.get("typed") == ["1"]
    return SmtpAddress(parts.hostname, port, security, user, password, ca_file, is_typed)


def trouble_of(error: Exception) -> Trouble:
    """What is wrong where a connection could not be made or made safe."""
    kinds: list[tuple[type[Exception] | tuple[type[Exception], ...], Trouble]] = [
        (NotPublic, Trouble.NOT_PUBLIC),
        (socket.gaierror, Trouble.NAME_UNKNOWN),
        (TimeoutError, Trouble.TOO_SLOW),
        (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
        (ssl.SSLError, Trouble.OTHER_ENCRYPTION),
        (ConnectionResetError, Trouble.HUNG_UP),
    ]
    return next((trouble for kind, trouble in kinds if isinstance(error, kind)), Trouble.NOBODY_THERE)


class SmtpLine:
    """An open connection that has said hello. LineDown from any method means that it is of no more use."""

    def __init__(self, address: SmtpAddress, *, own_name: str, timeout: float) -> None:
        self.address = address
        self.own_name = own_name
        self.sent = 0
        self.abilities: dict[str, str] = {}
        self.can_pipeline = self.takes_eight_bits = self.wants_size = False
        self._buffer = b""
        try:
            connect = connect_publicly if address.is_typed else _connect
            self._socket = connect(address.host, address.port, timeout=CONNECT_SECONDS)
        except OSError as error:
            raise LineDown(f"No connection to the mail server: {error}", trouble=trouble_of(error)) from error
        try:
            self._socket.settimeout(timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open()
        except BaseException:
            self.close()
            raise

    def write(self, content: bytes) -> int:
        """Send the bytes and answer how many the system took: fewer than given when the line broke."""
        taken = 0
        try:
            taken = self._socket.send(content)
            while taken < len(content):
                taken += self._socket.send(memoryview(content)[taken:])
        except OSError:
            return taken
        return taken

    def command(self, line: bytes) -> Reply:
        """Send one line and read its answer."""
        if self.write(line + b"\r\n") < len(line) + 2:
            raise LineDown("The mail server hung up.")
        return self.reply()

    def reply(self) -> Reply:
        """The next answer, with all its lines."""
        words: list[bytes] = []
        while True:
            line = self._read_line()
            words.append(line[4:])
            if line[3:4] != b"-":
                break
        if not line[:3].isdigit():
            raise LineDown("The mail server does not speak SMTP.", trouble=Trouble.OTHER_SPEECH)
        return Reply(int(line[:3]), b"\n".join(words).decode("utf-8", "replace"))

    def take_go_ahead(self) -> bool:
        """Whether an envelope was welcomed and the content is awaited, told from what has arrived already.

        A quick look: False means only that the answers must be read one by one.
        """
        welcome = WELCOME.match(self._buffer)
        if welcome is None:
            return False
        self._buffer = self._buffer[welcome.end() :]
        return True

    def last_words(self) -> Reply | None:
        """What the server said before the line broke, if it said anything."""
        try:
            self._socket.settimeout(1.0)
            return self.reply()
        except (OSError, LineDown):
            return None

    def close(self, *, politely: bool = False) -> None:
        """Hang up; `politely` says QUIT first and does not wait long for the answer."""
        with contextlib.suppress(OSError, LineDown):
            if politely:
                self._socket.settimeout(1.0)
                self.command(b"QUIT")
        with contextlib.suppress(OSError):
            self._socket.close()

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            try:
                more = self._socket.recv(65_536)
            except OSError as error:
                told = Trouble.TOO_SLOW if isinstance(error, TimeoutError) else Trouble.HUNG_UP
                raise LineDown(f"No answer from the mail server: {error}", trouble=told) from error
            if len(self._buffer) > LONGEST_LINE:
                raise LineDown("The mail server does not speak SMTP.", trouble=Trouble.OTHER_SPEECH)
            if not more:
                raise LineDown("The mail server hung up.", trouble=Trouble.HUNG_UP)
            self._buffer += more
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.rstrip(b"\r")

    def _open(self) -> None:
        security = self.address.security
        if security == "plain" and not self._is_private():
            security = "starttls"
        if security == "tls":
            self._encrypt()
        self._expect(self.reply(), 220)
        self._hello()
        if security == "starttls":
            if "STARTTLS" not in self.abilities:
                words = "The mail server offers no encryption (STARTTLS), so nothing is sent to it."
                raise LineDown(words, trouble=Trouble.NO_ENCRYPTION)
            self._expect(self.command(b"STARTTLS"), 220)
            self._buffer = b""  # what came before the encryption began counts for nothing
            self._encrypt()
            self._hello()
        if self.address.user:
            self._sign_in()

    def _hello(self) -> None:
        answer = self.command(b"EHLO " + self.own_name.encode())
        self.abilities = {}
        if answer.is_yes:
            lines = (line.strip().upper().replace("=", " ", 1).partition(" ") for line in answer.text.split("\n")[1:])
            self.abilities = {name: rest for name, _space, rest in lines}
            self.can_pipeline = "PIPELINING" in self.abilities
            self.takes_eight_bits = "8BITMIME" in self.abilities
            self.wants_size = "SIZE" in self.abilities
        else:
            self._expect(self.command(b"HELO " + self.own_name.encode()), 250)

    def _sign_in(self) -> None:
        offered = self.abilities.get("AUTH", "").split()
        user, password = self.address.user.encode(), self.address.password.encode()
        if "PLAIN" in offered:
            answer = self.command(b"AUTH PLAIN " + b64encode(b"\0" + user + b"\0" + password))
        elif "LOGIN" in offered:
            self._expect(self.command(b"AUTH LOGIN"), 334)
            self._expect(self.command(b64encode(user)), 334)
            answer = self.command(b64encode(password))
        else:
            words = "The mail server offers no way to sign in that we know (PLAIN, LOGIN)."
            raise LineDown(words, trouble=Trouble.NO_SIGN_IN)
        if answer.code != 235 and answer.code in SIGN_IN_REFUSED:
            words = f"The mail server said: {answer.code} {answer.text[:200]}"
            raise LineDown(words, answer.code, trouble=Trouble.SIGN_IN)
        self._expect(answer, 235)

    def _encrypt(self) -> None:
        context = ssl.create_default_context(cafile=self.address.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=self.address.host)
        except (OSError, ValueError) as error:
            raise LineDown(f"No safe connection to the mail server: {error}", trouble=trouble_of(error)) from error

    def _is_private(self) -> bool:
        return ipaddress.ip_address(self._socket.getpeername()[0].partition("%")[0]).is_private

    @staticmethod
    def _expect(answer: Reply, code: int) -> None:
        if answer.code != code:
            raise LineDown(f"The mail server said: {answer.code} {answer.text[:200]}", answer.code)


def _connect(host: str, port: int, *, timeout: float) -> socket.socket:
    return socket.create_connection((host, port), timeout=timeout)
