"""Signed links: what a customer may tap without signing in.

A token says which business it belongs to, what it is about and when it was made, and carries a tag that only we can
make. It is bound to one purpose. It can be read by whoever holds it, so it holds ids, never an address or a name.

    token = base64url(version, key id, business, issued at, payload) + base64url(tag of 144 bits)

The links of one message (click, unsubscribe, preferences) come from a single HMAC: its 64 bytes are cut into parts, one
per purpose. They name the message and take their time from its id (a uuid7), so a message that is built twice is the
same to the byte. The number of a tracked link stands outside the token, since its target is looked up in the database.
That HMAC has no byte left for a fourth purpose: the token of the picture that tells of opening is of a key of its own,
and is made for the few letters that hold one.
"""

import hashlib
import hmac
import re
import struct
import time
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from ecosystem.base.keyring import Key, keyring

SETTING = "PUBLIC_TOKEN_KEYS"
WITH_TIME, OF_MESSAGE = 1, 2  # the first byte of a token
BLOCK = 128  # bytes, of SHA-512
TAG = 24  # characters, 144 bits
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

CONFIRM = "confirm"
INVITATION = "invitation"
FORM_TIME = "form_time"
LINK = "link"
OPEN = "open"
UNSUBSCRIBE = "unsubscribe"
PREFERENCES = "preferences"
TEXTS = "texts"
EVENTS = "events"
DATA_COPY = "data_copy"
DATA_ERASURE = "data_erasure"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a token is for: whose key signs it, which part of the digest is its tag, how long it works."""

    family: str
    part: int
    max_age: timedelta | None


PURPOSES = {
    CONFIRM: Purpose("confirm", 0, timedelta(days=7)),
    INVITATION: Purpose("invitation", 0, timedelta(days=7)),
    FORM_TIME: Purpose("form_time", 0, timedelta(hours=4)),
    LINK: Purpose("message", 0, None),
    OPEN: Purpose("open", 0, None),
    UNSUBSCRIBE: Purpose("message", 1, None),
    PREFERENCES: Purpose("message", 2, timedelta(days=90)),
    TEXTS: Purpose("texts", 0, None),
    EVENTS: Purpose("events", 0, None),
    DATA_COPY: Purpose("data", 0, timedelta(days=7)),
    DATA_ERASURE: Purpose("data", 1, timedelta(days=7)),
}


class BadLink(Exception):
    """The token was not made by us for this purpose, or its time is over (`is_expired`)."""

    def __init__(self, reason: str, *, is_expired: bool = False) -> None:
        super().__init__(reason)
        self.is_expired = is_expired


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a token says once its tag has been checked."""

    business_id: int
    payload: bytes
    issued_at: datetime
    is_of_message: bool

    @property
    def text(self) -> str:
        return self.payload.decode()

    @property
    def uuid(self) -> UUID:
        """The payload as an id; BadLink when it is none."""
        if len(self.payload) != 16:
            raise BadLink("The token does not name a row.")
        return UUID(bytes=self.payload)


class MessageTokens(NamedTuple):
    """The tokens of one message, always the same; `mark` goes into its Message-ID, by which a twin is recognised."""

    link: str
    unsubscribe: str
    preferences: str
    mark: str


class TokenBytes(NamedTuple):
    """The same as they stand in a mail, where making texts of them would cost more than signing them."""

    link: bytes
    unsubscribe: bytes
    preferences: bytes
    mark: bytes


class MessageSigner:
    """Makes the tokens of many messages of one business, at one HMAC each."""

    __slots__ = ("_head", "_inner", "_key", "_outer")

    def __init__(self, business_id: int) -> None:
        key = self._key = keyring(SETTING).newest
        self._head = _head(OF_MESSAGE, key, business_id)
        self._inner, self._outer = _states("message", key)

    def tokens(self, message_id: UUID) -> MessageTokens:
        """The message's tokens. Its id must be a uuid7."""
        return MessageTokens(*[token.decode() for token in self.token_bytes(message_id)])

    def token_bytes(self, message_id: UUID) -> TokenBytes:
        """The message's tokens as bytes."""
        body = self._head + message_id.bytes
        inner = self._inner.copy()
        inner.update(body)
        outer = self._outer.copy()
        outer.update(inner.digest())
        text = _encode(body)
        tags = _base64(outer.digest()[:63])
        return TokenBytes(text + tags[:24], text + tags[24:48], text + tags[48:72], tags[72:84])

    def open_token(self, message_id: UUID) -> bytes:
        """The token of the picture that tells of opening, at one HMAC more. Its id must be a uuid7."""
        body = self._head + message_id.bytes
        return _encode(body) + _tag(PURPOSES[OPEN], self._key, body)


def sign_link(purpose: str, business_id: int, payload: bytes | str, *, issued_at: float | None = None) -> str:
    """A token for one purpose; `issued_at` in seconds since 1970, now if left out."""
    seconds = time.time() if issued_at is None else issued_at
    key = keyring(SETTING).newest
    body = _head(WITH_TIME, key, business_id) + struct.pack(">I", int(seconds))
    body += payload.encode() if isinstance(payload, str) else payload
    return (_encode(body) + _tag(PURPOSES[purpose], key, body)).decode()


def read_link(purpose: str, token: str, *, now: float | None = None) -> SignedLink:
    """What the token says, when it is ours, made for this purpose and still in time; BadLink otherwise."""
    rule = PURPOSES[purpose]
    body = _decode(token[:-TAG])
    key_id, business_id, rest = _read_head(body)
    key = keyring(SETTING).find(key_id)
    if key is None or not hmac.compare_digest(token[-TAG:].encode(), _tag(rule, key, body)):
        raise BadLink("The tag does not fit.")
    is_of_message = body[0] == OF_MESSAGE
    payload = rest if is_of_message else rest[4:]
    issued_at = int.from_bytes(rest[:6]) / 1000 if is_of_message else int.from_bytes(rest[:4])
    age = (time.time() if now is None else now) - issued_at
    if rule.max_age is not None and age > rule.max_age.total_seconds():
        raise BadLink("The time of this link is over.", is_expired=True)
    return SignedLink(business_id, payload, datetime.fromtimestamp(issued_at, UTC), is_of_message)


@lru_cache(maxsize=64)
def _states(family: str, key: Key) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """HMAC-SHA512 (RFC 2104) with the key already taken in; copying these two states is what makes one HMAC cheap."""
    secret = key.derive(f"link:{family}").ljust(BLOCK, b"\0")
    return hashlib.sha512(bytes(b ^ 0x36 for b in secret)), hashlib.sha512(bytes(b ^ 0x5C for b in secret))


def _tag(rule: Purpose, key: Key, body: bytes) -> bytes:
    inner, outer = (state.copy() for state in _states(rule.family, key))
    inner.update(body)
    outer.update(inner.digest())
    return _base64(outer.digest()[rule.part * 18 : rule.part * 18 + 18])


def _head(version: int, key: Key, business_id: int) -> bytes:
    if business_id < 0:
        raise ValueError("A business has a positive number.")
    number = bytearray()
    while business_id > 0x7F:
        number.append(business_id & 0x7F | 0x80)
        business_id >>= 7
    number.append(business_id)
    key_id = key.id.encode()
    return bytes((version, len(key_id))) + key_id + bytes(number)


def _read_head(body: bytes) -> tuple[str, int, bytes]:
    """Key id, business and the rest: claims only, until the tag has been checked."""
    start = 2 + body[1]
    key_id = body[2:start].decode("ascii", "replace")
    business_id = 0
    for place, byte in enumerate(body[start : start + 10]):
        business_id |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return key_id, business_id, body[start + place + 1 :]
    raise BadLink("The token is cut short.")


def _base64(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_URL_SAFE)


def _encode(body: bytes) -> bytes:
    return _base64(body).rstrip(b"=")


def _decode(text: str) -> bytes:
    """The bytes of a token's first part. One spelling only, so that a single-use token has no second face."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{10,2000}", text) or len(text) % 4 == 1:
        raise BadLink("This is not a token.")
    body = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(body) != text.encode() or body[0] not in {WITH_TIME, OF_MESSAGE}:
        raise BadLink("This is not a token of ours.")
    return body
