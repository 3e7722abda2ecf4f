"""Addresses in one spelling, and the keyed hashes by which we remember them without keeping them."""

import difflib
import hmac
import re
import unicodedata
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from ecosystem.base.errors import Invalid
from ecosystem.base.keyring import Key, keyring

SETTING = "ADDRESS_HASH_KEYS"
LONGEST_EMAIL = 254

# Most addresses look like this and need no library: letters, digits and single dots, a plain domain.
PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}$)(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?!xn--)(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:com|net|org|info|biz|[a-z]{2})"
)
COMMON_DOMAINS = [
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "yahoo.com",
    "icloud.com",
    "live.com",
    "aol.com",
    "gmx.net",
]
COMMON_DOMAINS += ["gmx.de", "web.de", "proton.me", "googlemail.com", "msn.com", "mail.com", "comcast.net"]
# Letters that Unicode does not take apart into a base letter and an accent.
WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe"}
    | {"þ": "th", "Þ": "th", "ð": "d", "Ð": "d", "ı": "i", "ħ": "h", "Ħ": "h"}
)


def normalise_email(text: str) -> str:
    """The address in lower case with its domain in ASCII; Invalid with a kind sentence when it cannot be one.

    Asks no name server. Two spellings of one mailbox (capitals, spaces around) become the same text.
    """
    stripped = text.strip()
    lowered = stripped.lower()
    if lowered.isascii() and PLAIN_EMAIL.fullmatch(lowered):
        return lowered
    try:
        found = validate_email(stripped, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as reason:
        raise Invalid("email_invalid", _email_sentence(stripped), field="email") from reason
    return f"{found.local_part.lower()}@{found.ascii_domain}"


def normalise_phone(text: str, region: str) -> str:
    """The number as E.164 (`+15550100123`); `region` is the country whose habits count when no + is written."""
    try:
        number = phonenumbers.parse(text.strip(), region.upper() or None)
    except phonenumbers.NumberParseException as reason:
        raise Invalid("phone_invalid", _("That does not look like a phone number."), field="phone") from reason
    problem = phonenumbers.is_possible_number_with_reason(number)
    if problem in {phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
        raise Invalid("phone_short", _("That number looks cut short. Add the area code."), field="phone")
    if problem == phonenumbers.ValidationResult.TOO_LONG:
        raise Invalid("phone_long", _("That number has too many digits."), field="phone")
    if not phonenumbers.is_valid_number(number):
        sentence = _("No such number is in use. Start with + and the country code if it is from abroad.")
        raise Invalid("phone_invalid", sentence, field="phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def address_hash(channel: str, address: str) -> str:
    """What stands for a normalised address once it must not be kept: `key id:64 hex digits`."""
    return _hash(keyring(SETTING).newest, channel, address)


def address_hashes(channel: str, address: str) -> list[str]:
    """The address's hash by every key that still counts, newest first: look-ups ask for any of these."""
    return [_hash(key, channel, address) for key in keyring(SETTING).keys]


def fold(text: str) -> str:
    """Text for sorting and searching: accents off, case off, single spaces (`Ångström  Ltd` -> `angstrom ltd`)."""
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", text.translate(WHOLE_LETTERS))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
    return " ".join(unicodedata.normalize("NFC", bare).split())


def _hash(key: Key, channel: str, address: str) -> str:
    return f"{key.id}:{hmac.digest(_key_of(key, channel), address.encode(), 'sha256').hex()}"


@lru_cache(maxsize=32)
def _key_of(key: Key, channel: str) -> bytes:
    return key.derive(f"address:{channel}")


def _email_sentence(text: str) -> str:
    """Why this cannot be an address, and what may have been meant."""
    if not text:
        return _("Write an email address.")
    local, at, domain = text.rpartition("@")
    if not at:
        return _("An email address has an @ in it, like name@example.com.")
    if len(text) > LONGEST_EMAIL:
        return _("That address is too long to be one.")
    guess = _nearest_domain(domain.lower())
    if guess and local:
        return _("That address looks cut short. Did you mean %(address)s?") % {"address": f"{local}@{guess}"}
    if "." not in domain:
        return _("That address looks cut short. After the @ comes a name with a dot, like example.com.")
    if not text.isprintable() or " " in text:
        return _("An email address has no spaces in it. Check it and try again.")
    return _("That email address does not look right. Check it for a slip of the finger.")


def _nearest_domain(domain: str) -> str | None:
    begun = [known for known in COMMON_DOMAINS if len(domain) > 2 and known.startswith(domain.rstrip("."))]
    near = begun or difflib.get_close_matches(domain, COMMON_DOMAINS, n=1, cutoff=0.8)
    return near[0] if near else None
