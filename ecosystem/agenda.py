"""Registry of what workers do for a business: one queue of the agenda each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ecosystem.base.registry import Registry


@dataclass(frozen=True)
class NotServed:
    """A turn in which nothing could be done for the business, and when to come again: it keeps its place."""

    due_at: datetime


# Works one bounded slice for a business and says when it is due again; None when nothing waits.
Work = Callable[[int, datetime], datetime | NotServed | None]


@dataclass(frozen=True)
class AgendaQueue:
    """What is done for the businesses of a queue, and in which lane of workers.

    `work(business_id, now)` runs with the business bound, opens its own short scopes, takes at most a few seconds,
    and answers with the moment at which it is due again. `now` comes from the database clock.
    """

    lane: str
    work: Work


AGENDA_QUEUES: Registry[AgendaQueue] = Registry("AGENDA_QUEUES")
