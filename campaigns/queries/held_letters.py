"""What is held because it was due while we were away, by sequence."""

from dataclasses import dataclass
from uuid import UUID

from ecosystem.base.sql import rows
from ecosystem.models import Absence

# What is more is told as more than that.
MOST_COUNTED = 10_000

_HELD = """
SELECT held.sequence_id, sequence.name, held.number, held.in_doubt
  FROM (SELECT sequence_id, count(*) AS number, count(*) FILTER (WHERE rare_state = 'unknown') AS in_doubt
          FROM (SELECT sequence_id, rare_state FROM campaigns_message
                 WHERE business_id = %(business_id)s AND rare_state IN ('planned', 'unknown')
                   AND reason = 'while_away' AND NOT is_test
                   AND (%(sequence_id)s::uuid IS NULL OR sequence_id = %(sequence_id)s)
                 LIMIT %(most)s) AS part
         GROUP BY sequence_id) AS held
  LEFT JOIN campaigns_sequence AS sequence
         ON sequence.business_id = %(business_id)s AND sequence.id = held.sequence_id
 ORDER BY sequence.name NULLS LAST"""


@dataclass(frozen=True, slots=True)
class HeldLetters:
    """Held letters of one sequence, or (None) all other held messages; of some nobody knows whether they left."""

    sequence_id: UUID | None
    name: str | None
    number: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class HeldAway:
    """What is held of the current business, and the absence that is to blame."""

    absence: Absence
    letters: tuple[HeldLetters, ...]

    @property
    def number(self) -> int:
        """How many in all."""
        return sum(held.number for held in self.letters)

    @property
    def is_restored(self) -> bool:
        """Whether letters may have left already, since the records are older than what happened."""
        return any(held.in_doubt for held in self.letters)


def held_letters(*, sequence_id: UUID | None = None) -> tuple[HeldLetters, ...]:
    """What is held, of all sequences or of one; counted up to ten thousand."""
    found = rows(_HELD, {"sequence_id": sequence_id, "most": MOST_COUNTED + 1})
    return tuple(HeldLetters(**row) for row in found)


def find_held_away(absence_held: int, *, sequence_id: UUID | None = None) -> HeldAway | None:
    """What is held since the absence of that number; None where there was none, or nothing is held any more."""
    absence = Absence.objects.filter(id=absence_held).first() if absence_held else None
    letters = held_letters(sequence_id=sequence_id) if absence else ()
    return HeldAway(absence, letters) if absence is not None and letters else None
