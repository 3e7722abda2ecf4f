"""Registry of what a privacy notice or terms may begin with, from what a business really does; lent by every app."""

from collections.abc import Callable, Sequence

from ecosystem.base.registry import Registry
from ecosystem.models import BusinessProfile

# Of a kind of text and the business's name and profile: sections in Markdown, in their order.
Starter = Callable[[str, str, BusinessProfile], Sequence[str]]

LEGAL_STARTERS: Registry[Starter] = Registry("legal starters")
