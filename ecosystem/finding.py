"""What the palette finds and does: searches and deeds, lent by every app. Places are those of the menu."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class Found:
    """One line of what was found, and where it leads. `kind` colours it where it is a person of one."""

    label: str | Promise
    url: str
    icon: str = ""
    beside: str = ""
    kind: str = ""


@dataclass(frozen=True)
class FoundGroup:
    """Lines under one heading."""

    title: str | Promise
    items: list[Found]


@dataclass(frozen=True)
class Finder:
    """A search of an app, for members who may do `action`: `find(request, text)`, where an empty text asks for what
    is worth showing before anything is typed. One statement a group."""

    action: Action
    find: Callable[[HttpRequest, str], list[FoundGroup]]


@dataclass(frozen=True)
class Deed:
    """Something to do: it begins at a page of its own."""

    label: str | Promise
    icon: str
    url_name: str
    action: Action


FINDERS: Registry[Finder] = Registry("finders")
DEEDS: Registry[Deed] = Registry("deeds")
