"""Amazon's stream of events, at the wire: signs what it posts, shows its certificate, hears who confirms."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.test import Client

TOPIC = "arn:aws:sns:eu-west-1:123456789012:letters"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
_ORDER = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Amazon:
    """Listens on a free port until `stop`; `confirmed` are the addresses by which it was told to go on."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.shown = 0
        self._key = rsa.generate_private_key(65_537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        until = now + timedelta(days=1)
        made = x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number(), now, until)
        self._pem = made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def message(self, kind: str = "Notification", *, version: str = "2", **values: str) -> dict[str, str]:
        """A signed message of SNS."""
        told = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": "",
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": CERTIFICATE,
        } | values
        lines = "".join(f"{name}\n{told[name]}\n" for name in _ORDER[kind] if name in told)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as Amazon does
        signature = self._key.sign(lines.encode(), padding.PKCS1v15(), algorithm)
        return told | {"Signature": base64.b64encode(signature).decode()}

    def subscription(self, **values: str) -> dict[str, str]:
        return self.message("SubscriptionConfirmation", **({"SubscribeURL": SUBSCRIBE, "Token": "abc"} | values))

    def event(self, kind: str, letter: object, address: str, *, number: int = 1, **more: object) -> dict[str, str]:
        """What SES tells of a letter, in a message."""
        inner = {
            "Delivery": {"recipients": [address]},
            "Bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [{"emailAddress": address}],
            },
            "Complaint": {"complainedRecipients": [{"emailAddress": address}]},
            "DeliveryDelay": {"delayedRecipients": [{"emailAddress": address}]},
        }[kind]
        mail = {
            "messageId": "0102019abc-163e3910-53eb-4c8e-a04a-f29debf88a84-000000",
            "destination": [address],
            "tags": {"letter": [str(letter)]},
            "headers": [{"name": "Message-ID", "value": "<0102019abc@eu-west-1.amazonses.com>"}],
        }
        told = {"eventType": kind, "mail": mail, kind[:1].lower() + kind[1:]: {**inner, **more}}
        told[kind.lower()] = told[kind[:1].lower() + kind[1:]]
        return self.message(Message=json.dumps(told), MessageId=f"{number:08d}-fdea-4c2c-8f9d-bdfb0c7bf324")

    def _handler(outer) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            # Head and body leave as they come, without waiting 40 ms for the other side.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                body = b""
                if self.path.endswith(".pem"):
                    outer.shown += 1
                    body = outer._pem
                else:
                    outer.confirmed.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler


def post_sns(path: str, told: dict[str, str]) -> int:
    """Post as SNS does; the status that came back."""
    headers = {"x-amz-sns-message-type": told["Type"], "x-amz-sns-message-id": told["MessageId"]}
    client = Client(enforce_csrf_checks=True)
    return client.post(path, json.dumps(told), content_type="text/plain; charset=UTF-8", headers=headers).status_code
