"""What went wrong on the way to a mail provider, in plain sentences."""

from django.utils.translation import gettext as _

from campaigns.gateways.base import Trouble
from campaigns.gateways.mail_address import KeyAddress
from campaigns.gateways.smtp_line import SmtpAddress
from campaigns.models import ProviderAccount
from campaigns.queries.mail_accounts import address_in_use


def place_of(account: ProviderAccount) -> str:
    """Where an account is reached, in a few words without any secret."""
    address = address_in_use(account)
    if account.provider == ProviderAccount.Provider.SMTP and isinstance(address, SmtpAddress):
        return f"{address.host}:{address.port}"
    if isinstance(address, KeyAddress) and address.provider == "mailgun":
        return address.place
    return str(account.get_provider_display())


def trouble_sentence(account: ProviderAccount) -> str:
    """Why the test letter did not go, and what to do about it."""
    place, trouble = place_of(account), account.trial_trouble
    given = {"place": place, "host": place.rpartition(":")[0] or place}
    is_server = account.provider == ProviderAccount.Provider.SMTP
    sentences = {
        Trouble.NAME_UNKNOWN: _("The name %(host)s is unknown. Look whether it is written as your provider says."),
        Trouble.NOT_PUBLIC: _("%(host)s stands inside a private network. Name a server that the internet can reach."),
        Trouble.NOBODY_THERE: _("Nobody answers at %(place)s. Look at the port, and whether the server runs."),
        Trouble.TOO_SLOW: _("%(place)s did not answer in time. Try again, or another port."),
        Trouble.CERTIFICATE: _(
            "%(host)s shows a certificate that is not its own or has run out. We hand no password to such a server."
        ),
        Trouble.NO_ENCRYPTION: _("%(place)s offers no encryption. We hand no password to such a server."),
        Trouble.OTHER_ENCRYPTION: _(
            "%(place)s speaks another kind of encryption. Port 465 mostly wants TLS from the start, 587 wants STARTTLS."
        ),
        Trouble.OTHER_SPEECH: _("What answers at %(place)s is no mail server. Look at the name and the port."),
        Trouble.NO_SIGN_IN: _("%(place)s takes no sign-in with a password here. Look at the port and the encryption."),
        Trouble.SIGN_IN: _("The server refused the password. Look at the user and the password.")
        if is_server
        else _("The provider refused the key. Copy it once more, whole."),
        Trouble.HUNG_UP: _("%(place)s hung up in the middle. Try again in a minute."),
    }
    sentence = sentences.get(Trouble(trouble)) if trouble in set(Trouble) else None
    if sentence:
        return sentence % given
    if account.trial_words:
        return _("It was refused. The server's own words stand below.")
    return _("It did not work, and nobody said why. Try again in a minute.")
