"""What the end of a business takes from every app: what goes with it, and what its owner may take along first."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.registry import Registry

# Called inside the business, on the connection of that alias, before its tables are emptied.
Farewell = Callable[[int, str], object]


@dataclass(frozen=True)
class Copy:
    """Something that an owner may want to keep: what it is called, and the page that gives a copy of it."""

    label: str | Promise
    route: str


FAREWELLS: Registry[Farewell] = Registry("farewells")
COPIES: Registry[Copy] = Registry("copies")
