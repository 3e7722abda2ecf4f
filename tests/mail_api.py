"""A real provider of letters over HTTP on a real socket, that can be told to fail; what it took is the truth of a test.

Speaks as Postmark, Mailgun, Brevo and Resend do, told apart by the path. As Resend it takes a letter with a key once.
`server.script("ana@example.com", Answer(429, headers={"Retry-After": "30"}))` answers that to her once; CUT_BEFORE
hangs up before the letter was taken, CUT_AFTER takes it and hangs up without a word. `wait` is in seconds before the
answer.

`tests/simulator` is a program that speaks so too, and by SMTP.
"""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.mail_dialects import Letter, events_of_mailgun, found_by_postmark, is_let_in, read_letter, yes_of

CUT_BEFORE, CUT_AFTER = "cut_before", "cut_after"
PROVIDERS = ("postmark", "mailgun", "brevo", "resend")
SECRET = "zz-canary-key"


@dataclass
class Answer:
    """What the next letter to somebody gets instead of a yes."""

    status: int | str
    words: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0


class MailApi:
    """Listens on a free port until `stop`."""

    def __init__(self) -> None:
        self.accepted: list[Letter] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.looked_up: list[str] = []
        self.lookups_fail = False
        self.connections = 0
        self.secret = SECRET
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
            self.accepted.append(letter)
        return 200, yes_of(letter.provider, number, letter.recipient)

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave as they come, without waiting 40 ms for the other side.
            disable_nagle_algorithm = True
            wbufsize = -1

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((self.path, dict(self.headers)))
                provider = urlsplit(self.path).path.strip("/").partition("/")[0]
                if not is_let_in(provider, self.headers, outer.secret):
                    return self.answer(401, {"message": "Invalid API key"})
                letter = read_letter(provider, body, self.headers)
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
                if not is_let_in(provider, self.headers, outer.secret):
                    return self.answer(401, {"message": "Invalid API key"})
                if outer.lookups_fail:
                    return self.answer(500, {})
                if provider == "mailgun" and place.path.endswith("/mg.example.com/events"):
                    return self.answer(200, {"items": events_of_mailgun(outer.accepted, parse_qs(place.query))})
                if place.path != "/postmark/messages/outbound":
                    return self.answer(404, {})
                return self.answer(200, found_by_postmark(outer.accepted, parse_qs(place.query)))

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
