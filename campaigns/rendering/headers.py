"""What may stand in a mail's header: one line, no hidden characters, one recipient."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from campaigns.rendering.sanitising import CONTROLS, LINE_BREAKS
from ecosystem.base.errors import Invalid

ONE_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x20\x7f-\uffff]{1,64}@[A-Za-z0-9.-]{1,253}")
PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


def check_header_text(text: str, *, place: str) -> str:
    """The text, when it is fit for a header; Invalid when it holds a line break, a NUL or another control."""
    if LINE_BREAKS.search(text) or CONTROLS.search(text) or "\t" in text:
        sentence = _("This must be one line, without line breaks or hidden characters.")
        raise Invalid("header_line_break", sentence, field=place)
    return text.strip()


def check_address(address: str, *, place: str) -> str:
    """The address, when it is exactly one plain mail address; Invalid otherwise."""
    if not ONE_ADDRESS.fullmatch(address):
        raise Invalid("address_invalid", _("This is not one plain email address."), field=place)
    return address


def header_text(text: str) -> bytes:
    """Words as they stand in a header: as they are when ASCII, otherwise as encoded words (RFC 2047), folded."""
    if text.isascii() and "=?" not in text:
        return text.encode()
    widest = max(text)
    step = 21 if widest <= "\u07ff" else 14 if widest <= "\uffff" else 10  # 42 bytes of UTF-8 at most
    pieces = [text[start : start + step].encode() for start in range(0, len(text), step)]
    return b"\r\n ".join(b"=?utf-8?b?%b?=" % b64encode(piece) for piece in pieces)


def mailbox(name: str, address: str) -> bytes:
    """`Name <address>`, quoted or encoded as the name needs it."""
    if not name:
        return address.encode()
    if PLAIN_NAME.fullmatch(name) and "=?" not in name:
        shown = name.encode()
    elif name.isascii() and "=?" not in name:
        shown = b'"%b"' % re.sub(r'(["\\])', r"\\\1", name).encode()
    else:
        shown = header_text(name)
    return b"%b <%b>" % (shown, address.encode())


def date_header(moment: datetime) -> bytes:
    """The moment as RFC 5322 writes it, in UTC, to the second."""
    return _date_header(int(moment.timestamp()))


@lru_cache(maxsize=8)
def _date_header(second: int) -> bytes:
    return format_datetime(datetime.fromtimestamp(second, UTC)).encode()
