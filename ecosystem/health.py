"""The arithmetic of health: hunger, what one kind takes from another, and the whole. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

THRIVING_FROM, STARVING_BELOW = 70.0, 40.0
FED_STARVING_BELOW = 50.0
NEED_OF_FEEDER = 60.0
MOST_DRAG = 0.30
MOST_HUNGER = 4.0

# Which kind lives on which: (who feeds, who loses when that one starves) -> share. Assumptions, and said so.
DEPENDENCY: dict[tuple[str, str], float] = {
    ("associate", "client"): 0.15,
    ("associate", "prospect"): 0.05,
    ("associate", "advocate"): 0.05,
    ("associate", "partner"): 0.05,
    ("client", "advocate"): 0.15,
    ("client", "prospect"): 0.05,
    ("client", "associate"): 0.05,
    ("advocate", "prospect"): 0.10,
    ("advocate", "suspect"): 0.05,
    ("partner", "prospect"): 0.10,
    ("partner", "client"): 0.05,
    ("partner", "advocate"): 0.05,
    ("vendor", "client"): 0.10,
    ("vendor", "associate"): 0.05,
    ("online_user", "prospect"): 0.05,
    ("suspect", "online_user"): 0.10,
    ("suspect", "prospect"): 0.05,
}


class Band(StrEnum):
    """How a kind is doing, in one word."""

    THRIVING = "thriving"
    MANAGING = "managing"
    STARVING = "starving"
    EMPTY = "empty"


@dataclass(frozen=True)
class Lost:
    """Points that a kind loses because another one goes without."""

    by: str
    points: float


@dataclass(frozen=True)
class Scored:
    """The health of one kind: by itself, and after what others take from it, with the biggest loss first."""

    health: float
    effective: float
    lost: tuple[Lost, ...]


def fed_share(hunger: float) -> float:
    """How fed somebody is: whole until the cadence is over, nothing from twice the cadence on."""
    return max(0.0, min(1.0, 2.0 - hunger))


def fed_score(hungers: Iterable[float]) -> float | None:
    """Fed F of a kind: the mean of its people in points, or None where there is nobody."""
    shares = [fed_share(hunger) for hunger in hungers]
    return 100.0 * sum(shares) / len(shares) if shares else None


def effective_health(health: Mapping[str, float | None]) -> dict[str, Scored]:
    """The health of every scored kind after one step of dependency; whoever has no score takes nothing."""
    scored = {kind: value for kind, value in health.items() if value is not None}
    found = {}
    for kind, value in scored.items():
        shares = {
            by: share * max(0.0, (NEED_OF_FEEDER - scored[by]) / NEED_OF_FEEDER)
            for (by, of), share in DEPENDENCY.items()
            if of == kind and by in scored
        }
        whole = sum(shares.values())
        scale = min(1.0, MOST_DRAG / whole) if whole else 0.0
        lost = [Lost(by, value * share * scale) for by, share in shares.items() if share > 0]
        lost.sort(key=lambda one: -one.points)
        found[kind] = Scored(value, value - sum(one.points for one in lost), tuple(lost))
    return found


def whole_health(scored: Mapping[str, Scored]) -> float | None:
    """The health of the whole: the mean, held down by the weakest; None where nothing has a score."""
    values = [one.effective for one in scored.values()]
    return 0.7 * sum(values) / len(values) + 0.3 * min(values) if values else None


def held_back_by(scored: Mapping[str, Scored]) -> str | None:
    """The kind that takes most points from the others, if any takes one point at least."""
    taken: dict[str, float] = {}
    for lost in chain.from_iterable(one.lost for one in scored.values()):
        taken[lost.by] = taken.get(lost.by, 0.0) + lost.points
    worst = max(taken, key=lambda kind: taken[kind], default=None)
    return worst if worst is not None and taken[worst] >= 1.0 else None


def band_of(fed: float | None, effective: float | None) -> Band:
    """The word for a kind. Starving already when half of its people go without, whatever else is well."""
    if fed is None or effective is None:
        return Band.EMPTY
    if fed < FED_STARVING_BELOW or effective < STARVING_BELOW:
        return Band.STARVING
    return Band.THRIVING if effective >= THRIVING_FROM else Band.MANAGING


def priority(hunger: float, *, value: float = 0.5, may_act: bool) -> float:
    """Who to feed first: hunger, worth to the business (0 to 1), and whether anything may be done about it."""
    return min(hunger, MOST_HUNGER) * (1.0 + value) * (1.0 if may_act else 0.5)
