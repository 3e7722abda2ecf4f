"""What goes wrong, by a seeded hand: with what is handed over, and with what is told of it later."""

import random
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

SLOW_SECONDS = 2.0
LATEST_SECONDS = 2.0
# Of one sender: with a third complaint, or an eighth dead address, it would be stopped as it must be.
MOST_OF_A_SENDER = 2
GRAVE = ("complained", "bounced")


@dataclass(frozen=True)
class Word:
    """What is told of a letter, and how many seconds after it was taken."""

    kind: str
    after: float


class Script:
    """The same seed gives the same trouble in the same order."""

    def __init__(self, seconds: float, seed: int, faults: str, told: str) -> None:
        self.seconds = seconds
        self._faults, self._told = _shares(faults), _shares(told)
        self._faults_by, self._told_by = random.Random(seed), random.Random(seed + 1)
        self._grave: Counter[tuple[str, str]] = Counter()

    def trouble(self, known: Container[str]) -> str:
        """What goes wrong with what is handed over next, mostly nothing."""
        point = self._faults_by.random()
        for name, share in self._faults.items():
            if point < share:
                return name if name in known else ""
            point -= share
        return ""

    def words_of(self, sender: str, *, is_text: bool) -> list[Word]:
        """What is told of something that was taken, in the order in which it is told."""
        if not self._told:
            return []
        kinds = ["accepted", "delivered"]
        grave = "" if is_text else next((kind for kind in GRAVE if self._happens(kind)), "")
        if grave and self._grave[sender, grave] < MOST_OF_A_SENDER:
            self._grave[sender, grave] += 1
            kinds.append(grave)
        if self._happens("twice"):
            kinds += kinds
        if self._happens("shuffled"):
            self._told_by.shuffle(kinds)
        late = self._happens("late")
        after = sorted(self._told_by.uniform(0, LATEST_SECONDS) if late else 0.0 for _ in kinds)
        return [Word(kind, seconds) for kind, seconds in zip(kinds, after, strict=True)]

    def _happens(self, name: str) -> bool:
        return self._told_by.random() < self._told.get(name, 0.0)


def _shares(text: str) -> dict[str, float]:
    return {name: float(share) for name, _is, share in (one.partition("=") for one in text.split(",") if one)}
