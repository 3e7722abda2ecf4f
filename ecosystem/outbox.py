"""Registry of promised work: what an outbox entry of each kind does."""

from collections.abc import Callable
from typing import Any

from ecosystem.base.registry import Registry

# Gets the entry's payload, inside the business and in one transaction with the entry's end.
OUTBOX: Registry[Callable[[dict[str, Any]], None]] = Registry("OUTBOX")
