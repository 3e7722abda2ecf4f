"""What is done to the workers in one run."""

import random
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Plan:
    """What is done to the workers. The same seed gives the same plan; where it hits is up to the machine."""

    kills: int = 0
    freezes: int = 0
    postgres_kills: int = 0
    redis_flushes: int = 0
    cuts: int = 0
    leaves: int = 0
    workers: int = 2
    seed: int = 1
    mail_seconds: float = 0.004
    faults: str = ""
    told: str = ""
    loses_stops: bool = False  # who leaves is forgotten, which the judge must see
    provider: str = "smtp"
    pause: tuple[float, float] = (0.2, 0.5)
    code: Path = ROOT
    log_level: str = "ERROR"

    def blows(self) -> list[str]:
        """What happens, in its order."""
        counts = {
            "kill": self.kills,
            "freeze": self.freezes,
            "kill postgres": self.postgres_kills,
            "flush redis": self.redis_flushes,
            "cut connections": self.cuts,
            "leave": self.leaves,
        }
        blows = [name for name, count in counts.items() for _ in range(count)]
        random.Random(self.seed).shuffle(blows)
        return blows
