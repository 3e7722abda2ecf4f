"""A real provider of texts on a real socket, that can be told to fail; its accepted texts are the truth of a test.

`server.script("+12025550123", 429, headers={"Retry-After": "30"})` answers that to her once. DROP hangs up once the
request is read; DROP_EARLY before it is. A tuple waits so many seconds first.
"""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

DROP, DROP_AFTER = "drop", "drop after"
SECRET = "a secret of this test alone"


@dataclass(frozen=True)
class Sent:
    """A text that the provider took."""

    to: str
    sender: str
    text: str
    key: str
    reply_url: str


@dataclass
class Answer:
    """What the next texts to a number get."""

    status: int | str
    words: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0


class SmsServer:
    """Listens on a free port until `stop`. Knows both dialects by what it is sent."""

    def __init__(self, dialect: str = "sms+http") -> None:
        self.accepted: list[Sent] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self._scripts: dict[str, list[Answer]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        host, port = self._server.server_address[:2]
        self.url = f"{dialect}://acc:{SECRET.replace(' ', '%20')}@{host}:{port}/texts?from=+12025550100"

    def script(self, to: str, status: int | str, *, times: int = 1, wait: float = 0.0, **given: dict) -> None:
        answer = Answer(status, given.get("words", {}), given.get("headers", {}), wait)
        self._scripts.setdefault(to, []).extend([answer] * times)

    def texts_to(self, number: str) -> list[str]:
        return [sent.text for sent in self.accepted if sent.to == number]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave as they come, without waiting 40 ms for the other side.
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append((self.path, dict(self.headers)))
                if self.headers["Content-Type"] == "application/json":
                    given = json.loads(raw)
                    names = ("to", "from", "text", "reply_url")
                else:
                    given = {name: values[0] for name, values in parse_qs(raw).items()}
                    names = ("To", "From", "Body", "StatusCallback")
                to, sender, text, reply_url = (given.get(name, "") for name in names)
                queue = outer._scripts.get(to)
                answer = queue.pop(0) if queue else Answer(201, {"id": f"p{len(outer.accepted) + 1}"})
                time.sleep(answer.wait)
                sent = Sent(to, sender, text, self.headers.get("Idempotency-Key", ""), reply_url)
                if answer.status in (DROP, DROP_AFTER):
                    if answer.status == DROP_AFTER:
                        outer.accepted.append(sent)
                    self.close_connection = True
                    return
                if answer.status < 300:
                    outer.accepted.append(sent)
                body = json.dumps(answer.words).encode()
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                # Who did not wait for the answer has hung up.
                with contextlib.suppress(OSError):
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler
