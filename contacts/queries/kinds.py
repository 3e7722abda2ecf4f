"""Which kinds a business works with: the rungs of its ladder and what stands beside it."""

from collections.abc import Mapping

from ecosystem.models import LADDER, SIDE_KINDS
from ecosystem.queries.stakeholders import KindWords


def height(stage: str) -> int:
    """How far up the ladder a rung is; the lowest is 0."""
    return [rung.value for rung in LADDER].index(stage)


def rungs_in_use(words: Mapping[str, KindWords]) -> list[KindWords]:
    """The rungs of the ladder, lowest first, without those that are switched off."""
    return [words[kind] for kind in LADDER if kind in words and words[kind].is_on]


def side_kinds_in_use(words: Mapping[str, KindWords]) -> list[KindWords]:
    """What people can be beside the ladder, without what is switched off."""
    return [words[kind] for kind in SIDE_KINDS if kind in words and words[kind].is_on]


def next_rung(words: Mapping[str, KindWords], stage: str | None) -> KindWords | None:
    """The rung above; the lowest for somebody who stands beside the ladder, None above the highest."""
    rungs = rungs_in_use(words)
    if stage is None:
        return rungs[0] if rungs else None
    above = [rung for rung in rungs if height(rung.kind) > height(stage)]
    return above[0] if above else None
