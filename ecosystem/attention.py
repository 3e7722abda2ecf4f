"""Registry of what Today points out until somebody has taken note of it."""

from collections.abc import Callable
from dataclasses import dataclass

from ecosystem.base.access import Action
from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class Notice:
    """One sentence with the page where it is dealt with; for those who may do `action`."""

    sentence: str
    url: str
    action: Action


# By the key under which the business's profile keeps how many there are: the notice for a slug and that number. Today
# asks the database nothing for it.
ATTENTION: Registry[Callable[[str, int], Notice]] = Registry("attention")
