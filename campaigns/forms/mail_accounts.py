"""How a mail provider is reached, as its own page words it."""

import base64
import binascii
import ipaddress
import re
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaigns.gateways.mail_address import (
    SES_REGIONS,
    SMTP_PORTS,
    KeyAddress,
    key_address,
    ses_address,
    smtp_address,
)
from campaigns.gateways.smtp_line import SmtpAddress

HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?")
DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
KEY = re.compile(r"[\x21-\x7e]+")


class MailAccountForm(forms.Form):
    """What all have: how fast we may go."""

    intro: Any = ""

    per_second = forms.IntegerField(
        label=_("At most so many letters a second"), required=False, min_value=1, max_value=10_000
    )
    per_day = forms.IntegerField(
        label=_("At most so many letters a day"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("Both stand in your contract with the provider. Empty: as fast as they take them."),
    )

    def __init__(self, *args: Any, address: SmtpAddress | KeyAddress | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {**(self.known_of(address) if address else {}), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.order_fields([*(name for name in self.fields if not name.startswith("per_")), "per_second", "per_day"])

    @staticmethod
    def known_of(address: Any) -> dict[str, Any]:
        """What is shown again of an account that is known: never a secret."""
        return {}

    def address(self) -> str:
        """The account as one address."""
        raise NotImplementedError


def _secret(label: Any, help_text: Any = "") -> forms.CharField:
    """What nobody looking over a shoulder reads, and what is never shown again."""
    widget = forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, help_text=help_text, max_length=500, strip=True, widget=widget)


class SmtpAccountForm(MailAccountForm):
    """A mail server."""

    intro = _("Your provider names these under “SMTP”, “outgoing mail” or “mail program”.")

    host = forms.CharField(
        label=_("Server"), max_length=253, widget=forms.TextInput({"placeholder": "smtp.example.com"})
    )
    security = forms.ChoiceField(
        label=_("Encryption"),
        choices=[("starttls", _("STARTTLS, mostly port 587")), ("tls", _("TLS from the start, mostly port 465"))],
        initial="starttls",
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=587)
    user = forms.CharField(label=_("User"), max_length=200, widget=forms.TextInput({"autocomplete": "off"}))
    password = _secret(_("Password"), _("Many providers want an app password here, not the one you sign in with."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if settings.MAY_REACH_THIS_MACHINE:
            security: Any = self.fields["security"]
            security.choices = [*security.choices, ("plain", _("None: only for a server on this machine"))]
            self.fields["user"].required = self.fields["password"].required = False

    @staticmethod
    def known_of(address: Any) -> dict[str, Any]:
        return {name: getattr(address, name) for name in ("host", "port", "security", "user")}

    def clean_host(self) -> str:
        host = self.cleaned_data["host"].lower()
        try:
            ipaddress.ip_address(host)
        except ValueError:
            try:
                host = host if host.isascii() else host.encode("idna").decode()
            except UnicodeError:
                host = ""
            if not HOST.fullmatch(host):
                sentence = _("That is no name of a server. It looks like smtp.example.com, without https:// or spaces.")
                raise forms.ValidationError(sentence) from None
        return str(host)

    def clean_port(self) -> int:
        port: int = self.cleaned_data["port"]
        if port not in SMTP_PORTS and not settings.MAY_REACH_THIS_MACHINE:
            raise forms.ValidationError(_("Mail servers listen at 587, 465, 25, 2525, 2465 or 2587."))
        return port

    def address(self) -> str:
        given = self.cleaned_data
        login = {"user": given["user"], "password": given["password"]}
        return smtp_address(given["host"], given["port"], given["security"], **login)


class SesAccountForm(MailAccountForm):
    """Amazon SES."""

    intro = _("Make an access key in IAM that may do ses:SendRawEmail and nothing else.")

    region = forms.ChoiceField(label=_("Region"), choices=[(name, name) for name in SES_REGIONS])
    key_id = forms.RegexField(r"\A[A-Z0-9]{16,128}\Z", label=_("Access key ID"), max_length=128)
    secret = _secret(_("Secret access key"))

    def address(self) -> str:
        given = self.cleaned_data
        return ses_address(given["key_id"], given["secret"], given["region"])


class KeyAccountForm(MailAccountForm):
    """A provider that wants nothing but a key."""

    provider = ""

    key = _secret(_("Key"))

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if not KEY.fullmatch(key):
            raise forms.ValidationError(_("A key has no spaces and no accents. Copy it once more, whole."))
        return key

    def address(self) -> str:
        return key_address(self.provider, self.cleaned_data["key"])


class PostmarkAccountForm(KeyAccountForm):
    """Postmark."""

    provider = "postmark"
    intro = _("Postmark shows the server token under Servers, your server, API Tokens.")

    key = _secret(_("Server API token"))
    stream = forms.RegexField(
        r"\A[a-z0-9-]{1,30}\Z",
        label=_("Message stream"),
        initial="broadcast",
        help_text=_("News and offers must go by a broadcast stream there."),
    )

    @staticmethod
    def known_of(address: Any) -> dict[str, Any]:
        return {"stream": address.place}

    def address(self) -> str:
        return key_address(self.provider, self.cleaned_data["key"], place=self.cleaned_data["stream"])


class MailgunAccountForm(KeyAccountForm):
    """Mailgun."""

    provider = "mailgun"
    intro = _("Mailgun shows sending keys under Send, Sending, Domain settings.")

    key = _secret(_("Sending key"))
    region = forms.ChoiceField(label=_("Region"), choices=[("us", _("United States")), ("eu", _("Europe"))])
    domain = forms.CharField(
        label=_("Domain at Mailgun"), max_length=253, widget=forms.TextInput({"placeholder": "mg.example.com"})
    )

    @staticmethod
    def known_of(address: Any) -> dict[str, Any]:
        return {"region": address.region, "domain": address.place}

    def clean_domain(self) -> str:
        domain = str(self.cleaned_data["domain"].lower().rstrip("."))
        if not DOMAIN.fullmatch(domain):
            raise forms.ValidationError(_("That is no domain. It looks like mg.example.com."))
        return domain

    def address(self) -> str:
        given = self.cleaned_data
        return key_address(self.provider, given["key"], region=given["region"], place=given["domain"])


class BrevoAccountForm(KeyAccountForm):
    """Brevo."""

    provider = "brevo"
    intro = _("Brevo shows API keys under your name, SMTP & API, API keys.")


class ResendAccountForm(KeyAccountForm):
    """Resend."""

    provider = "resend"
    intro = _("Resend shows them under API Keys. One that may only send is enough.")


FORMS: dict[str, type[MailAccountForm]] = {
    "smtp": SmtpAccountForm,
    "ses": SesAccountForm,
    "postmark": PostmarkAccountForm,
    "mailgun": MailgunAccountForm,
    "brevo": BrevoAccountForm,
    "resend": ResendAccountForm,
}


class MailgunEventsForm(forms.Form):
    """What Mailgun signs its events with."""

    secret = _secret(_("HTTP webhook signing key"), _("Mailgun shows it under Settings, API security."))


class ResendEventsForm(forms.Form):
    """What Resend signs its events with."""

    secret = _secret(_("Signing secret"), _("Resend shows it beside the webhook; it begins with whsec_."))

    def clean_secret(self) -> str:
        secret: str = self.cleaned_data["secret"]
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = b""
        if not secret.startswith("whsec_") or len(key) < 16:
            raise forms.ValidationError(_("It begins with whsec_. Copy it once more, whole."))
        return secret


# The providers whose proof somebody has to copy here. To the others we name it, or they need none.
EVENT_FORMS: dict[str, type[forms.Form]] = {"mailgun": MailgunEventsForm, "resend": ResendEventsForm}
