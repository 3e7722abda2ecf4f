"""A business's own account for letters, as one address says it; the whole address is kept sealed.

`smtp+tls://user:password@host:587?typed=1`, and for those that are reached by a key `ses://KEY_ID:SECRET@eu-west-1`,
`postmark://TOKEN@broadcast`, `mailgun://KEY@eu/mg.example.com`, `brevo://KEY@-`, `resend://KEY@-`.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

from campaigns.gateways.smtp_line import SmtpAddress, read_smtp_url

SMTP_PORTS = frozenset({25, 465, 587, 2465, 2525, 2587})
SES_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
    "me-south-1",
    "af-south-1",
    "il-central-1",
)
_SCHEMES = {"plain": "smtp", "starttls": "smtp+tls", "tls": "smtp+ssl"}
_HTTP_URLS = {
    "postmark": "https://api.postmarkapp.com/",
    "brevo": "https://api.brevo.com/v3/",
    "resend": "https://api.resend.com/",
}
_MAILGUN_URLS = {"us": "https://api.mailgun.net/v3/", "eu": "https://api.eu.mailgun.net/v3/"}


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """An account that is reached over HTTP by a key. `place` is what else the provider wants to know."""

    provider: str
    key: str = field(repr=False)
    region: str = ""
    place: str = ""

    @property
    def base_url(self) -> str:
        """Where the provider's interface begins."""
        usual = _MAILGUN_URLS[self.region or "us"] if self.provider == "mailgun" else _HTTP_URLS[self.provider]
        return settings.MAIL_PROVIDER_URLS.get(self.provider, usual)


def smtp_address(host: str, port: int, security: str, *, user: str = "", password: str = "") -> str:
    """The address of a server that a business named. `security` is `plain`, `starttls` or `tls`."""
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
    shown = f"[{host}]" if ":" in host else host
    return f"{_SCHEMES[security]}://{login}{shown}:{port}?typed=1"


def ses_address(key_id: str, secret: str, region: str) -> str:
    """The address of Amazon SES in a region, by an access key that may send."""
    return f"ses://{quote(key_id, safe='')}:{quote(secret, safe='')}@{region}"


def key_address(provider: str, key: str, *, region: str = "-", place: str = "") -> str:
    """The address of a provider that is reached over HTTP."""
    return f"{provider}://{quote(key, safe='')}@{region or '-'}/{quote(place, safe='')}"


def read_mail_address(url: str) -> SmtpAddress | KeyAddress:
    """What an address says. ValueError when it says something else."""
    parts = urlsplit(url)
    if parts.scheme == "ses":
        return _ses_server(unquote(parts.username or ""), unquote(parts.password or ""), parts.hostname or "")
    if parts.scheme == "mailgun" or parts.scheme in _HTTP_URLS:
        region = "" if parts.hostname in (None, "-") else parts.hostname
        return KeyAddress(parts.scheme, unquote(parts.username or ""), region or "", unquote(parts.path.strip("/")))
    return read_smtp_url(url)


def _ses_server(key_id: str, secret: str, region: str) -> SmtpAddress:
    """Amazon SES by SMTP, which is our quick way out; its password is derived from the secret key."""
    if region not in SES_REGIONS:
        raise ValueError("This is no region of Amazon SES.")
    password = ses_password(secret, region)
    if other := settings.MAIL_PROVIDER_URLS.get("ses"):
        found = urlsplit(other)
        return SmtpAddress(found.hostname or "", found.port or 25, "plain", key_id, password)
    return SmtpAddress(f"email-smtp.{region}.amazonaws.com", 587, "starttls", key_id, password)


def ses_password(secret: str, region: str) -> str:
    """The SMTP password that Amazon derives from a secret access key, by the algorithm of its handbook (version 4)."""
    key = f"AWS4{secret}".encode()
    for word in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.digest(key, word.encode(), "sha256")
    return b64encode(b"\x04" + key).decode()
