"""A real provider of letters over HTTP on a real socket, that can be told to fail; what it took is the truth of a test.

Speaks as Postmark, Mailgun, Brevo and Resend do, told apart by the path. As Resend it takes a letter with a key once.
`server.script("ana@example.com", Answer(429, headers={"Retry-After": "30"}))` answers that to her once; CUT_BEFORE
hangs up before the letter was taken, CUT_AFTER takes it and hangs up without a word. `wait` is in seconds before the
answer.

A program as well: `python -m tests.mail_api LOG SECONDS SEED FAULTS` prints its port. Each letter that it takes is a
line of LOG, `message-id recipient`, written before the sender hears of it. FAULTS are shares of letters, such as
`429=0.01,503=0.01,500=0.01,422=0.01,cut_before=0.005,cut_after=0.005,slow=0.01`.
"""

import contextlib
import json
import os
import random
import sys
import threading
import time
from base64 import b64decode
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CUT_BEFORE, CUT_AFTER = "cut_before", "cut_after"
PROVIDERS = ("postmark", "mailgun", "brevo", "resend")
SECRET = "zz-canary-key"
SLOW_SECONDS = 2.0
STATUSES = ("429", "503", "500", "422")


@dataclass(frozen=True)
class Letter:
    """A letter that the provider took."""

    provider: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    metadata: dict[str, str]
    key: str = ""

    @property
    def message_id(self) -> str:
        return self.headers.get("message-id", "")


@dataclass
class Answer:
    """What the next letter to somebody gets instead of a yes."""

    status: int | str
    words: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0


class MailApi:
    """Listens on a free port until `stop`."""

    def __init__(self, *, log: str = "", seconds: float = 0.0, seed: int = 1) -> None:
        self.accepted: list[Letter] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.looked_up: list[str] = []
        self.lookups_fail = False
        self.connections = 0
        self.secret = SECRET
        self.faults: list[tuple[str, float]] = []
        self._log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY) if log else None
        self._seconds = seconds
        self._random = random.Random(seed)
        self._scripts: dict[str, list[Answer]] = {}
        self._known: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_of: None  # who asked was killed
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.port = self._server.server_address[1]

    def url(self, provider: str) -> str:
        """The setting that leads letters of a provider here."""
        return f"http://127.0.0.1:{self.port}/{provider}/"

    @property
    def urls(self) -> dict[str, str]:
        return {provider: self.url(provider) for provider in PROVIDERS}

    def script(self, recipient: str, answer: Answer, *, times: int = 1) -> None:
        """What a recipient's next letters get; `*` means everybody."""
        self._scripts.setdefault(recipient, []).extend([answer] * times)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def trouble(self, recipient: str) -> Answer | None:
        """What goes wrong with the next letter to somebody, mostly nothing; used up by asking."""
        with self._lock:
            for name in (recipient, "*"):
                if self._scripts.get(name):
                    return self._scripts[name].pop(0)
            point = self._random.random()
        for name, share in self.faults:
            if point < share:
                return _fault(name)
            point -= share
        return None

    def take(self, letter: Letter, body: bytes) -> tuple[int, dict[str, object]]:
        """Take a letter, or know it by its key; the answer to it."""
        with self._lock:
            number = len(self.accepted) + 1
            if letter.key:
                known = self._known.get(letter.key)
                if known is not None:
                    same = known == body
                    return (200, {"id": "known"}) if same else (409, {"name": "invalid_idempotent_request"})
                self._known[letter.key] = body
            if self._log is not None:
                os.write(self._log, f"{letter.message_id or '?'} {letter.recipient}\n".encode())
            self.accepted.append(letter)
        return 200, _yes(letter.provider, number, letter.recipient)

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((self.path, dict(self.headers)))
                provider = urlsplit(self.path).path.strip("/").partition("/")[0]
                if not outer.is_let_in(provider, self.headers):
                    return self.answer(401, {"message": "Invalid API key"})
                letter = read_letter(provider, body, self.headers)
                time.sleep(outer._seconds)
                found = outer.trouble(letter.recipient)
                if found is None or found.status == 200:
                    time.sleep(found.wait if found else 0)
                    return self.answer(*outer.take(letter, body))
                if found.status == CUT_AFTER:
                    outer.take(letter, body)
                if found.status in (CUT_AFTER, CUT_BEFORE):
                    self.close_connection = True
                    return None
                time.sleep(found.wait)
                return self.answer(int(found.status), found.words, found.headers)

            def do_GET(self) -> None:
                """As Postmark and Mailgun: which of their letters carry an id of ours, or went to an address."""
                outer.looked_up.append(self.path)
                place = urlsplit(self.path)
                provider = place.path.strip("/").partition("/")[0]
                if not outer.is_let_in(provider, self.headers):
                    return self.answer(401, {"message": "Invalid API key"})
                if outer.lookups_fail:
                    return self.answer(500, {})
                if provider == "mailgun" and place.path.endswith("/mg.example.com/events"):
                    return self.answer(200, {"items": outer.events_of_mailgun(parse_qs(place.query))})
                if place.path != "/postmark/messages/outbound":
                    return self.answer(404, {})
                [wanted] = parse_qs(place.query)["metadata_letter"]
                mine = [
                    {"MessageID": f"pm-{number}", "Status": "Sent", "Metadata": letter.metadata}
                    for number, letter in enumerate(outer.accepted, start=1)
                    if letter.metadata.get("letter") == wanted
                ]
                return self.answer(200, {"TotalCount": len(mine), "Messages": mine[:1]})

            def answer(self, status: int, words: dict[str, object], headers: dict[str, str] | None = None) -> None:
                raw = json.dumps(words).encode()
                # Who did not wait for the answer has hung up.
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in {**(headers or {}), "Content-Length": str(len(raw))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(raw)
                    self.wfile.flush()

            def log_message(self, *_: object) -> None: ...

        return Handler

    def events_of_mailgun(self, asked: dict[str, list[str]]) -> list[dict[str, object]]:
        """What it took for an address since a moment, each with what stood beside it."""
        assert float(asked["begin"][0]) < time.time()
        assert asked["event"] == ["accepted"]
        return [
            {
                "event": "accepted",
                "message": {"headers": {"message-id": f"mg-{number}@mg.example.com"}},
                "user-variables": letter.metadata,
            }
            for number, letter in enumerate(self.accepted, start=1)
            if [letter.recipient] == asked["recipient"]
        ]

    def is_let_in(self, provider: str, headers: object) -> bool:
        """Whether a request carries the key, where that provider wants it."""
        get = headers.get  # type: ignore[attr-defined]
        given = {
            "postmark": get("X-Postmark-Server-Token", ""),
            "mailgun": get("Authorization", ""),
            "brevo": get("api-key", ""),
            "resend": get("Authorization", "").removeprefix("Bearer "),
        }.get(provider, "")
        if provider == "mailgun":
            given = b64decode(given.removeprefix("Basic ")).decode().partition(":")[2]
        return given == self.secret


def read_letter(provider: str, body: bytes, headers: object) -> Letter:
    """A request in the words of its provider."""
    key = headers.get("Idempotency-Key", "")  # type: ignore[attr-defined]
    if provider == "mailgun":
        told = {name: values[0] for name, values in parse_qs(_form(body, headers)).items()}
        extra = {name[2:].lower(): value for name, value in told.items() if name.startswith("h:")}
        known = {name[2:]: value for name, value in told.items() if name.startswith("v:")}
        parts = (told["from"], told["to"], told["subject"], told.get("text", ""), told.get("html", ""))
        return Letter(provider, *parts, extra, known)
    told = json.loads(body)
    if provider == "postmark":
        extra = {one["Name"].lower(): one["Value"] for one in told.get("Headers", [])}
        parts = (told["From"], told["To"], told["Subject"], told.get("TextBody", ""), told.get("HtmlBody", ""))
        return Letter(provider, *parts, extra, told.get("Metadata", {}))
    extra = {name.lower(): value for name, value in told.get("headers", {}).items()}
    if provider == "brevo":
        known = json.loads(extra.get("x-mailin-custom", "{}"))
        parts = (told["sender"]["email"], told["to"][0]["email"], told["subject"])
        return Letter(provider, *parts, told.get("textContent", ""), told.get("htmlContent", ""), extra, known)
    known = json.loads(extra.get("x-metadata", "{}"))
    parts = (told["from"], told["to"][0], told["subject"], told.get("text", ""), told.get("html", ""))
    return Letter(provider, *parts, extra, known, key)


def _form(body: bytes, headers: object) -> str:
    """A form, whichever way it was packed."""
    kind = headers.get("Content-Type", "")  # type: ignore[attr-defined]
    if not kind.startswith("multipart/"):
        return body.decode()
    packed = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=policy.default)
    parts = packed.iter_parts()
    return urlencode([(part.get_param("name", header="content-disposition"), part.get_content()) for part in parts])


def _yes(provider: str, number: int, recipient: str) -> dict[str, object]:
    if provider == "postmark":
        return {"ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{number}", "To": recipient}
    if provider == "mailgun":
        return {"id": f"<mg-{number}@mg.example.com>", "message": "Queued. Thank you."}
    if provider == "brevo":
        return {"messageId": f"<bv-{number}@smtp.example.com>"}
    return {"id": f"re-{number}"}


def _fault(name: str) -> Answer:
    if name == "slow":
        return Answer(200, wait=SLOW_SECONDS)
    if name in STATUSES:
        headers = {"Retry-After": "1"} if name in ("429", "503") else {}
        return Answer(int(name), {"message": "on purpose"}, headers)
    return Answer(name)


def main() -> None:
    """Serve until killed."""
    log, seconds, seed, faults = sys.argv[1:5]
    server = MailApi(log=log, seconds=float(seconds), seed=int(seed))
    shares = [one.partition("=") for one in faults.split(",") if one]
    server.faults = [(name, float(share)) for name, _is, share in shares]
    print(server.port, flush=True)  # noqa: T201 - its starter reads it
    threading.Event().wait()


if __name__ == "__main__":
    main()
