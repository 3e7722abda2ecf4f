"""Broken rules, as the reader of a page or an API answer gets to know them."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise


class DomainError(Exception):
    """A rule of the business was broken.

    `code` is stable and for programs, `message` is a sentence for the reader, `field` names the input it is about.
    `extra` is what else a program gets to know (RFC 9457 section 3.2), such as how the thing stands now.
    """

    status = 400
    extra: Mapping[str, Any] = {}

    def __init__(self, code: str, message: "str | Promise", field: str | None = None) -> None:
        super().__init__(code, message, field)
        self.code = code
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class Invalid(DomainError):
    """What was given cannot be taken."""


class NotAllowed(DomainError):
    """The person may not do this."""

    status = 403


class NotFound(DomainError):
    """There is no such thing, or it belongs to another business: nobody can tell which."""

    status = 404


class Moved(NotFound):
    """It stands under another id now: a page or a program that asks for `old_id` is led to `new_id`."""

    status = 301

    def __init__(self, code: str, message: "str | Promise", *, old_id: object, new_id: object) -> None:
        super().__init__(code, message)
        self.old_id = str(old_id)
        self.new_id = str(new_id)
        self.extra = {"new_id": self.new_id}


class Conflict(DomainError):
    """Somebody else was first, or it exists already."""

    status = 409


class LimitReached(DomainError):
    """Too many, too often or too large."""

    status = 429
