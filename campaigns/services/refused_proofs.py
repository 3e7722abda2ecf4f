"""How often somebody told something of letters or texts without the proof of the provider: counted, and nothing else.

What they said is not kept, nor who they are. An owner sees the number: after a secret was changed at one end alone it
grows with every word of the real provider.
"""

from uuid import UUID

from django.db.models import Sum

from ecosystem.models import Tally
from ecosystem.services.tallies import count, fold_tallies_when_many

NAME = "proof.refused"
TEXTS = "texts"


def count_refused(whose: UUID | str) -> None:
    """One more was turned away, at the door of an account or of texts. Many of them stay a few rows."""
    count(NAME, str(whose))
    fold_tallies_when_many()


def refused_so_far(whose: UUID | str) -> int:
    """How many were turned away there."""
    found = Tally.objects.filter(name=NAME, key=str(whose))
    return int(found.aggregate(total=Sum("amount"))["total"] or 0)
