"""An account for texts, as one address says it."""

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

OWN, TWILIO = "own", "twilio"
_DIALECTS = {
    "sms+https": (OWN, True),
    "sms+http": (OWN, False),
    "twilio": (TWILIO, True),
    "twilio+http": (TWILIO, False),
}
TWILIO_PATH = "/2010-04-01/Accounts/{user}/Messages.json"


@dataclass(frozen=True, slots=True)
class SmsAddress:
    """Where a provider stands, how to sign in, and from which number its texts come.

    `secret` also signs what the provider sends to us.
    """

    dialect: str
    is_safe: bool
    host: str
    port: int
    path: str
    user: str
    secret: str = field(repr=False)
    number: str = ""
    ca_file: str | None = None

    @property
    def account(self) -> str:
        """What tells one account from another without naming its secret."""
        return f"{self.dialect}:{self.user}@{self.host}:{self.port}"

    @property
    def authorization(self) -> str:
        """The header by which we sign in."""
        if self.dialect == OWN:
            return f"Bearer {self.secret}"
        return "Basic " + b64encode(f"{self.user}:{self.secret}".encode()).decode()


def read_sms_url(url: str) -> SmsAddress:
    """`sms+https://name:secret@host/path?from=+12025550100` or `twilio://ACCOUNT:TOKEN@api.twilio.com?from=+15550100`.

    `sms+http` and `twilio+http` are for a machine of one's own; `&ca=FILE` names the certificate authority of a private
    server. ValueError when the address says something else.
    """
    parts = urlsplit(url)
    if parts.scheme not in _DIALECTS or not parts.hostname or not parts.password:
        raise ValueError("SMS_URL must be sms+https:// or twilio:// with name:secret@host.")
    dialect, is_safe = _DIALECTS[parts.scheme]
    user = unquote(parts.username or "")
    # A plus in a query means a space to most programs, and a telephone number to everybody who writes one.
    query = parse_qs(parts.query.replace("+", "%2B"))
    path = TWILIO_PATH.format(user=user) if dialect == TWILIO else parts.path or "/"
    return SmsAddress(
        dialect=dialect,
        is_safe=is_safe,
        host=parts.hostname,
        port=parts.port or (443 if is_safe else 80),
        path=path,
        user=user,
        secret=unquote(parts.password),
        number=query.get("from", [""])[0],
        ca_file=query.get("ca", [None])[0],
    )
