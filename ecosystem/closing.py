"""Registry of what of a business stands outside of its own tables, and goes with it; lent by every app."""

from collections.abc import Callable

from ecosystem.base.registry import Registry

# Called inside the business, on the connection of that alias, before its tables are emptied.
Farewell = Callable[[int, str], object]

FAREWELLS: Registry[Farewell] = Registry("farewells")
