"""Registry of what is reached without a membership: by the first word of an address, who opens it and why."""

from dataclasses import dataclass

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class OpenDoor:
    """Who comes in without being asked for a membership, and what they may do there. In English, for the reference."""

    who: str
    what: str


# By the first word of the address; "" is the first page.
OPEN_DOORS: Registry[OpenDoor] = Registry("OPEN_DOORS")
