"""Registry of what must be true of every business at any quiet moment, whatever has happened before."""

from collections.abc import Callable

from ecosystem.base.registry import Registry

# Asked inside a business; answers with a sentence for each thing that is not as it must be, and with nothing if all is.
INVARIANTS: Registry[Callable[[], list[str]]] = Registry("INVARIANTS")
