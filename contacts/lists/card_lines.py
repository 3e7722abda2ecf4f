"""The lines of a file of cards (vCard 2.1, 3.0, 4.0), put together where they were folded, and read one by one.

Works on bytes: a fold may part the bytes of one letter, and each value may be in an encoding of its own.
https://www.rfc-editor.org/rfc/rfc6350#section-3
"""

import binascii
import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

BEGIN, END = b"BEGIN:VCARD", b"END:VCARD"
# More of one card than this, its pictures aside, is nobody's address. No cell made of it is too long for a list.
MAX_CARD = 32 * 1024
SHORT_HEAD = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_SPACES = (b" ", b"\t")
_HEAD = re.compile(rb'((?:[^":]|"[^"]*")*):(.*)', re.DOTALL)
_PARAMETERS = re.compile(r';((?:[^";]|"[^"]*")*)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CHARSET = re.compile(r"[A-Za-z0-9_-]{2,20}")
# Encodings of letters; the others that Python knows are not for files of strangers.
_CHARSETS = re.compile(
    r"utf-8|utf-16(-[lb]e)?|ascii|iso8859-\d+|cp(125\d|437|85\d|866|874|932|949|950)|mac-roman|koi8-[ru]|"
    r"shift_jis|euc_(jp|kr)|iso2022_(jp|kr)|gb2312|gbk|gb18030|big5"
)


class Unreadable(ValueError):
    """A line that says nothing of what it is, or whose value does not read."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the value of a line: its name, its kinds (home, cell, fax), and how its letters are written.

    `rank` is how much it is preferred: 1 the most, 101 where nothing is said.
    """

    name: str
    types: frozenset[str] = frozenset()
    rank: int = 101
    coding: str = ""
    charset: str = ""


@dataclass(slots=True)
class Property:
    """One line of a card: what it is, and its value as it came."""

    head: Head
    value: bytes
    encoding: str

    def parts(self, sign: str = ";") -> list[str]:
        """Its value, parted at this sign where that is not escaped, in plain letters. Raises Unreadable."""
        raw = self.value
        if self.head.coding == "quoted-printable":
            # Parted first: a sign that is written in code belongs to the text.
            return [_plain(self._letters(binascii.a2b_qp(part))) for part in raw.split(sign.encode())]
        if self.head.coding in ("b", "base64"):
            try:
                raw = binascii.a2b_base64(raw)
            except binascii.Error as error:
                raise Unreadable from error
        text = self._letters(raw)
        if "\\" in text:
            return [_plain(part) for part in _parted(text, sign)]
        return [part.strip() for part in text.split(sign)]

    def text(self) -> str:
        """Its whole value in plain letters. Raises Unreadable."""
        return " ".join(self.parts("\n"))

    def _letters(self, raw: bytes) -> str:
        for charset in (self.head.charset or self.encoding, self.encoding):
            try:
                return raw.decode(charset)
            except UnicodeDecodeError:
                continue
        return raw.decode("cp1252", errors="replace")


def joined_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line with its number, those that were folded put together. Of one that is too long only the beginning.

    In 2.1 a line is folded at a space, which stays; later ones put a space there, which goes.
    """
    parts: list[bytes] = []
    size, begun, is_soft, keeps_space = 0, 0, False, False
    for number, written in enumerate(io.BytesIO(content), start=1):
        line = written.rstrip(b"\r\n")
        is_cut = is_soft and parts[-1][-1:] == b"=" and not _is_edge(line)
        if parts and (is_cut or (line[:1] in _SPACES and line.strip())):
            if is_cut:
                parts[-1] = parts[-1][:-1]
            elif not keeps_space:
                line = line[1:]
            if size <= MAX_CARD:
                parts.append(line)
            size += len(line)
            continue
        if parts:
            yield begun, b"".join(parts) if len(parts) > 1 else parts[0]
        parts, size, begun = [line], len(line), number
        if line[:8].upper() == b"VERSION:":
            keeps_space = line[8:].strip() == b"2.1"
        is_soft = line[-1:] == b"=" and b"QUOTED-PRINTABLE" in line.partition(b":")[0].upper()
    if parts:
        yield begun, b"".join(parts)


def _is_edge(line: bytes) -> bool:
    return line.strip().upper() in (BEGIN, END)


def read_line(line: bytes, encoding: str) -> Property:
    """The property in a line. Raises Unreadable."""
    written, colon, value = line.partition(b":")
    if b'"' in written:
        match = _HEAD.fullmatch(line)
        if match is None:
            raise Unreadable
        written, value = match.groups()
    if not colon:
        raise Unreadable
    return Property(_known_head(written) if len(written) < SHORT_HEAD else _read_head(written), value, encoding)


def _read_head(written: bytes) -> Head:
    name, _sign, said = written.decode("latin-1").partition(";")
    # Groups, as in item1.EMAIL, tell only which lines belong together.
    name = name.strip().rpartition(".")[2]
    if not _NAME.fullmatch(name):
        raise Unreadable
    if not said:
        return Head(name.upper())
    found = _parameters(said)
    types = frozenset(found.get("type", ()))
    pref = found.get("pref", [""])[0]
    return Head(
        name=name.upper(),
        types=types,
        rank=int(pref) if pref.isdecimal() and len(pref) < 4 else 1 if "pref" in types else 101,
        coding=found.get("encoding", [""])[0],
        charset=_known_charset(found.get("charset", [""])[0]),
    )


# The same few stand in every card of a file.
_known_head = lru_cache(maxsize=512)(_read_head)


def _parameters(said: str) -> dict[str, list[str]]:
    """By name in small letters: what stands there, in small letters. Bare words, as in TEL;CELL, are types."""
    found: dict[str, list[str]] = {}
    for one in _PARAMETERS.findall(f";{said}"):
        name, sign, words = one.replace('"', "").lower().partition("=")
        if not sign:
            name, words = "encoding" if name in ("quoted-printable", "base64") else "type", name
        found.setdefault(name.strip(), []).extend(word.strip() for word in words.split(","))
    return found


def _known_charset(name: str) -> str:
    if not _CHARSET.fullmatch(name):
        return ""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return ""
    return known if _CHARSETS.fullmatch(known) else ""


def _parted(text: str, sign: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    for token in re.split(rf"(\\.|{sign})", text):
        if token == sign:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return ["".join(piece) for piece in pieces]


def _plain(text: str) -> str:
    text = _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], text) if "\\" in text else text
    return text.strip()
