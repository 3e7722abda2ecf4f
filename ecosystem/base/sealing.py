"""What is stored encrypted: sealed with the newest of FIELD_KEYS, opened with any of them."""

from base64 import urlsafe_b64encode
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.signals import setting_changed

from ecosystem.base.keyring import keyring

SETTING = "FIELD_KEYS"


class BrokenSeal(ValueError):
    """The sealed bytes were changed, or none of the keys that are left has made them."""


def seal(plain: bytes) -> bytes:
    """The bytes encrypted and authenticated."""
    return _cipher().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """The bytes that were sealed; raises BrokenSeal where no key fits."""
    try:
        return _cipher().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise BrokenSeal("No key opens this.") from error


def reseal(sealed: bytes) -> bytes:
    """The same plain bytes sealed with the newest key; raises BrokenSeal where no key opens them."""
    try:
        return _cipher().rotate(bytes(sealed))
    except InvalidToken as error:
        raise BrokenSeal("No key opens this.") from error


@cache
def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key.derive("seal"))) for key in keyring(SETTING).keys])


def _read_again(**_: object) -> None:
    _cipher.cache_clear()


setting_changed.connect(_read_again)
