"""Registries of what Today shows: the figures of each kind, who is hungry, and who may be written to.

This floor knows no people; whoever keeps them lends the counting here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from ecosystem.base.registry import Registry
from ecosystem.days import first_midnight

# The longest period that Today looks back on: a season.
SEASON_DAYS = 91
# Permission is shown week by week for so many weeks.
REACH_WEEKS = 8


@dataclass(frozen=True)
class GaugeQuestion:
    """What is asked: for which kinds (with days between feedings), up to which midnight, over which period."""

    now: datetime
    midnight: datetime
    today: date
    timezone: str
    cadences: Mapping[str, int]
    days: int

    @property
    def first_midnight(self) -> datetime:
        """When the period begins; today is its last day."""
        return first_midnight(self.midnight, self.days)


@dataclass(frozen=True)
class KindCount:
    """One kind counted: its people by hunger, its score, feedings by day, and how many rose from it in the period."""

    people: int = 0
    fed: int = 0
    hungry: int = 0
    starving: int = 0
    fed_score: float | None = None
    last_fed_at: datetime | None = None
    feedings: Mapping[date, int] = field(default_factory=dict)
    risen: int = 0


@dataclass(frozen=True)
class KindsCounted:
    """The counts by kind, or None where there are too many people to look at; who rose is known in either case."""

    counts: Mapping[str, KindCount] | None
    risen: Mapping[str, int]


@dataclass(frozen=True)
class KindGauge:
    """Counts kinds, and knows where their people are shown.

    `steps_template` shows what is due (`today.due`). `how_many` people are of a kind comes from a kept count. `count`
    looks at `at_most` people; where there are more, stored figures are shown. Where it is known that there are more,
    `risen` alone is asked, which a short index answers. Addresses are for a business's slug.
    """

    count: Callable[[GaugeQuestion, int | None], KindsCounted]
    risen: Callable[[GaugeQuestion], Mapping[str, int]]
    people_url: Callable[[str, str], str]
    adding_url: Callable[[str, str], str]
    person_url: Callable[[str, "HungryPerson"], str]
    quiet_url: Callable[[str], str]
    steps_template: str
    how_many: Callable[[str], int]


@dataclass(frozen=True)
class HungryPerson:
    """Somebody who has waited too long for a word: `name` is a firm's where they stand for one, `person` whom to call.

    `days` since they were last fed, or, while they never were, since they are known as what they are.
    """

    contact_id: UUID
    name: str
    person: str
    kind: str
    hunger: float
    days: int
    was_ever_fed: bool
    may_act: bool
    value: float


@dataclass(frozen=True)
class PermissionCount:
    """How many people may be reached on a channel, how many more than 30 days ago, and week by week."""

    channel: str
    people: int
    gained: int
    weeks: Sequence[int]


@dataclass(frozen=True)
class PermissionCounts:
    """The channels, and how many left or complained in 30 days; `on_date` where it was counted on an earlier day."""

    channels: Sequence[PermissionCount]
    left: int
    complained: int
    on_date: date | None = None


@dataclass(frozen=True)
class DueStep:
    """What was to be done for somebody by today; `user_id` is whose it is, None for whoever has time."""

    id: UUID
    contact_id: UUID
    name: str
    what: str
    due_on: date
    days_late: int
    user_id: int | None


@dataclass(frozen=True)
class WhoWaits:
    """Who waits for us: the hungriest people, and those for whom something is due."""

    hungry: Sequence[HungryPerson]
    steps: Sequence[DueStep]


Waiting = Callable[[GaugeQuestion], WhoWaits]
Permissions = Callable[[GaugeQuestion, int | None], PermissionCounts | None]

GAUGES: Registry[KindGauge] = Registry("gauges")
WAITING: Registry[Waiting] = Registry("who waits")
PERMISSIONS: Registry[Permissions] = Registry("permission figures")
