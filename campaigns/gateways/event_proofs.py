"""How providers prove that an event is theirs, where Anymail leaves that to libraries of their own.

Amazon signs what SNS posts with a certificate that stands at one of its own hosts; Resend signs as Standard Webhooks
describes. Nothing that is older than five minutes is believed of the latter. Mailgun and Amazon sign the moment at
which they first spoke, and when nobody took it they say the same again with the same signature until they give up:
Mailgun for eight hours, Amazon for one. With five minutes for all, what they tell while we are away for six minutes
would be lost for ever, and with it complaints and bounces. So of each what is five minutes older than its last try is
not believed; and what is said again within that time is the same event, which counts once.
"""

import base64
import binascii
import hmac
import json
import re
import time
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import urllib3
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings
from django.http import HttpRequest

TOLERANCE_SECONDS = 300
# For so long they try again what nobody took. Mailgun: six times within eight hours. Amazon SNS over HTTP: 3,600
# seconds in all, a limit that no delivery policy can raise.
MAILGUN_REPEATS_SECONDS = 8 * 3600
AMAZON_REPEATS_SECONDS = 3600
FETCH_SECONDS = 3.0
LARGEST_CERTIFICATE = 65_536
SNS_HOST = re.compile(r"sns\.[a-z0-9-]{2,30}\.amazonaws\.com(?:\.cn)?")
CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z-]{1,80}\.pem")
# What of a message is signed, in this order (its Subject only where it has one).
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class NoProof(Exception):
    """The request does not carry the proof of its provider."""


def check_svix(secret: str, request: HttpRequest) -> None:
    """Raise NoProof unless the body was signed with the secret (`whsec_...`) within the last five minutes."""
    message_id, stamp = request.headers.get("svix-id", ""), request.headers.get("svix-timestamp", "")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age = abs(time.time() - int(stamp))
    except (ValueError, binascii.Error) as error:
        raise NoProof from error
    signed = f"{message_id}.{stamp}.".encode() + request.body
    made = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    given = [word.partition(",") for word in request.headers.get("svix-signature", "").split()]
    known = [hmac.compare_digest(made.encode(), one.encode()) for version, _, one in given if version == "v1"]
    if age > TOLERANCE_SECONDS or not message_id or not any(known):
        raise NoProof


def check_mailgun_age(request: HttpRequest) -> None:
    """Raise NoProof unless a request of Mailgun was first signed within the time in which it is said again.

    Looks where Anymail looks for what is signed. That the signature is right is for Anymail to say.
    """
    try:
        if request.content_type == "application/json":
            stamp = json.loads(request.body)["signature"]["timestamp"]
        else:
            stamp = request.POST["timestamp"]
        _check_age(int(stamp), MAILGUN_REPEATS_SECONDS)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise NoProof from error


def _check_age(signed_at: float, repeats_seconds: int) -> None:
    age = time.time() - signed_at
    if not -TOLERANCE_SECONDS <= age <= repeats_seconds + TOLERANCE_SECONDS:
        raise NoProof


def read_sns(request: HttpRequest) -> dict[str, Any]:
    """The message that SNS posted. Raises NoProof unless Amazon signed it, and not long ago."""
    try:
        told = json.loads(request.body)
        kind, names = told["Type"], _SIGNED[told["Type"]]
        signature = base64.b64decode(told["Signature"], validate=True)
        algorithm = {"1": hashes.SHA1, "2": hashes.SHA256}[told["SignatureVersion"]]()
        lines = [f"{name}\n{told[name]}\n" for name in names if name != "Subject" or told.get("Subject")]
        _check_age(datetime.fromisoformat(told["Timestamp"]).timestamp(), AMAZON_REPEATS_SECONDS)
        key = _certificate(certificate_url(told["SigningCertURL"])).public_key()
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise NoProof from error
    if request.headers.get("x-amz-sns-message-type", kind) != kind or not isinstance(key, rsa.RSAPublicKey):
        raise NoProof
    try:
        key.verify(signature, "".join(lines).encode(), padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise NoProof from error
    return dict(told)


def certificate_url(url: str) -> str:
    """The address of a certificate, where it stands at Amazon; ValueError anywhere else."""
    parts = urlsplit(url)
    if not _is_amazons(url) or not CERTIFICATE_PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        raise ValueError("This certificate does not stand at Amazon.")
    return url


def confirm_subscription(url: str) -> bool:
    """Tell SNS that its events are welcome, by the address that it named; False where that is no address of Amazon's.

    Blocks for up to three seconds: for workers.
    """
    if not _is_amazons(url):
        return False
    return 200 <= int(_fetch(url).status) < 300


def _is_amazons(url: str) -> bool:
    parts = urlsplit(url)
    try:
        is_plain = parts.port is None and parts.username is None
    except ValueError:
        return False
    return parts.scheme == "https" and is_plain and bool(SNS_HOST.fullmatch(parts.hostname or ""))


@lru_cache(maxsize=64)
def _certificate(url: str) -> x509.Certificate:
    """A certificate, fetched once by each process: Amazon changes them about once a year."""
    answer = _fetch(url)
    if answer.status != 200:
        raise ValueError("The certificate is not there.")
    return x509.load_pem_x509_certificate(answer.data[:LARGEST_CERTIFICATE])


def _fetch(url: str) -> Any:
    """One GET without following where it leads; ValueError where nobody answers."""
    other = settings.MAIL_PROVIDER_URLS.get("sns")
    parts = urlsplit(url)
    if other:
        url = other.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        return urllib3.request("GET", url, redirect=False, retries=False, timeout=FETCH_SECONDS)
    except urllib3.exceptions.HTTPError as error:
        raise ValueError("Amazon did not answer.") from error


def forget_certificates() -> None:
    """This process knows no certificate any more."""
    _certificate.cache_clear()
