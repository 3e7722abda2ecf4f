"""The render plan: a letter compiled once, cut where a message differs from the next."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

FORMAT = 1

FIELD = "field"  # a value of the person; fallback when it is missing
CONSTANT = "constant"  # a value of the business, the sender or the topic: the same in a whole batch
LINK = "link"  # the address of the numbered link
LEAVE = "leave"  # the address of the unsubscribe page
PREFERENCES = "preferences"
LEGAL = "legal"  # links to the privacy notice and the terms, where they are published; the same in a whole batch
SIGN = "sign"  # the business's own picture, where it has one; the same in a whole batch
PIXEL = "pixel"  # the picture that tells of opening, where the business sees that; put in for a batch
LIQUID = "liquid"  # a text with conditions, worked out for each person


class Slot(NamedTuple):
    """A place in a plan that is filled later."""

    kind: str
    name: str = ""
    fallback: str = ""


Part = str | Slot
Parts = tuple[Part, ...]


@dataclass(frozen=True)
class RenderPlan:
    """A letter ready to be merged: subject, first line, HTML and text in parts, the targets of its numbered links."""

    subject: Parts
    preheader: Parts
    html: Parts
    text: Parts
    links: tuple[str, ...] = ()
    message_class: str = "marketing"
    language: str = "en"

    def as_json(self) -> dict[str, Any]:
        """The plan as plain lists and texts, for a jsonb column."""
        return {
            "format": FORMAT,
            "message_class": self.message_class,
            "language": self.language,
            "links": list(self.links),
            "subject": _plain(self.subject),
            "preheader": _plain(self.preheader),
            "html": _plain(self.html),
            "text": _plain(self.text),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RenderPlan":
        """The plan that `as_json` gave."""
        if stored.get("format") != FORMAT:
            raise ValueError("This plan was compiled by a version that is no longer read.")
        return cls(
            subject=_read(stored["subject"]),
            preheader=_read(stored["preheader"]),
            html=_read(stored["html"]),
            text=_read(stored["text"]),
            links=tuple(stored["links"]),
            message_class=stored["message_class"],
            language=stored["language"],
        )

    @property
    def hash(self) -> str:
        """The same for two plans that print the same."""
        return hashlib.sha256(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @property
    def has_logic(self) -> bool:
        """Whether something must be worked out for each person, beyond putting in values."""
        parts = [*self.subject, *self.preheader, *self.html, *self.text]
        return any(isinstance(part, Slot) and part.kind == LIQUID for part in parts)


class Marks:
    """Stand-ins for slots while a text passes through Markdown and MJML; no writer can guess them."""

    def __init__(self, secret: str) -> None:
        self._stem = f"slot{secret}x"
        self._pattern = re.compile(rf"{self._stem}(\d+)x")
        self._kept: list[Any] = []

    def put(self, thing: Any) -> str:
        """A word of letters and digits that stands for the thing."""
        self._kept.append(thing)
        return f"{self._stem}{len(self._kept) - 1}x"

    def is_in(self, text: str) -> bool:
        return self._stem in text

    def split(self, text: str) -> list[Any]:
        """The text cut at its marks: texts and things in turn."""
        pieces = self._pattern.split(text)
        return [self._kept[int(piece)] if index % 2 else piece for index, piece in enumerate(pieces)]

    def replace(self, text: str, name: Callable[[Any], str]) -> str:
        """The text with each mark replaced by what `name` says of its thing."""
        return self._pattern.sub(lambda match: name(self._kept[int(match[1])]), text)


def join_parts(parts: Iterable[Part]) -> Parts:
    """The parts with neighbouring texts joined and empty ones left out."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Slot):
            joined.append(part)
        elif joined and not isinstance(joined[-1], Slot):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def _plain(parts: Parts) -> list[str | list[str]]:
    return [list(part) if isinstance(part, Slot) else part for part in parts]


def _read(stored: Iterable[Any]) -> Parts:
    return tuple(part if isinstance(part, str) else Slot(*part) for part in stored)
