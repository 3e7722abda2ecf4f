"""Registry of what the help panel of each page says, by the start of the page's address below its business."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class Help:
    """What a page is for, in one sentence, and what one can do there, a sentence each."""

    purpose: str | Promise
    lines: Sequence[str | Promise]


HELP: Registry[Help] = Registry("help")

# The page at the very address of a business.
TODAY = "today"


def help_for(path: str) -> Help | None:
    """The help of a page by its address below the business (`contacts/new/`): the longest start that has one."""
    if not path:
        return HELP.get(TODAY) if TODAY in HELP else None
    starts = [key for key in HELP.keys() if path == key or path.startswith(f"{key}/")]  # noqa: SIM118 - no mapping
    return HELP.get(max(starts, key=len)) if starts else None
