"""Transfer encodings that can be spliced: prepared once, then joined with values that are encoded alone.

Quoted-printable is the rule: seven bits on every hop, lines of 76, and a soft line break on both sides of a slot lets a
value be put in without looking at its neighbours. Texts mostly outside ASCII would triple in size and take base64,
which is worked out for each message as a whole.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import escape

from campaigns.rendering.plan import Part, Slot

SAFE_VALUE = re.compile(r"(?!\.)[A-Za-z0-9 ',./:;?!()@#$%&*+_-]{0,70}")
SAFE_IN_HTML = re.compile(r"(?!\.)[A-Za-z0-9 ,./:;?!()@#$%*+_-]{0,70}")
LONGEST_LINE = 76
SOFT_BREAK = b"=\r\n"
# First names and towns come again and again; so many are remembered as they were written.
REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one body part of a mail is written."""

    name: bytes
    is_html: bool
    static: Callable[[str], bytes]
    value: Callable[[str], bytes]
    gap: bytes = b""
    finish: Callable[[bytes], bytes] | None = None


def quoted_printable(text: str) -> bytes:
    """The text in quoted-printable, lines ended by CRLF, no line begun by a dot (which SMTP would have to double).

    The last line leaves room for the soft break that joins it to what follows.
    """
    lines = b2a_qp(text.replace("\r\n", "\n").encode(), istext=True).replace(b"\r\n", b"\n").split(b"\n")
    lines = [b"=2E" + line[1:] if line.startswith(b".") else line for line in lines]
    *before, last = [line if len(line) <= LONGEST_LINE else _broken(line) for line in lines]
    if len(last.rpartition(b"\n")[2]) == LONGEST_LINE:
        last = _broken(last)
    return b"\r\n".join([*before, last])


def _broken(line: bytes) -> bytes:
    """The same line, broken softly where it gets too long, never inside an encoded byte or before a dot."""
    cut = LONGEST_LINE - 1
    while b"=" in line[cut - 2 : cut] or line[cut : cut + 1] == b".":
        cut -= 1
    return line[:cut] + SOFT_BREAK + line[cut:]


def base64_lines(body: bytes) -> bytes:
    """The bytes in base64, 76 characters a line."""
    encoded = b2a_base64(body, newline=False)
    return b"\r\n".join([encoded[start : start + 76] for start in range(0, len(encoded), 76)])


@lru_cache(maxsize=REMEMBERED)
def _text_value(value: str) -> bytes:
    return value.encode() if SAFE_VALUE.fullmatch(value) else quoted_printable(value)


@lru_cache(maxsize=REMEMBERED)
def _html_value(value: str) -> bytes:
    return value.encode() if SAFE_IN_HTML.fullmatch(value) else quoted_printable(str(escape(value)))


def _escaped(value: str) -> bytes:
    return str(escape(value)).replace("\n", "\r\n").encode()


def _crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


QP_TEXT = Encoding(b"quoted-printable", False, quoted_printable, _text_value, SOFT_BREAK)
QP_HTML = Encoding(b"quoted-printable", True, quoted_printable, _html_value, SOFT_BREAK)
BASE64_TEXT = Encoding(b"base64", False, _crlf, _crlf, finish=base64_lines)
BASE64_HTML = Encoding(b"base64", True, _crlf, _escaped, finish=base64_lines)


def choose_encoding(parts: tuple[Part, ...], *, is_html: bool) -> Encoding:
    """Quoted-printable, or base64 where more than a fifth of the text is outside ASCII."""
    text = "".join(part for part in parts if not isinstance(part, Slot))
    outside = sum(1 for letter in text if letter > "\x7f")
    if outside * 5 > len(text):
        return BASE64_HTML if is_html else BASE64_TEXT
    return QP_HTML if is_html else QP_TEXT
