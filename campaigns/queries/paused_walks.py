"""Who was paused one by one on the way through a sequence, and how many they are."""

from dataclasses import dataclass

from django.db.models import IntegerField, Model, Q, Subquery

from campaigns.models import Enrollment, Sequence

# What is more is told as more than that.
MOST_COUNTED = 1_000
PAUSED = Q(state=Enrollment.State.ACTIVE, paused_at__isnull=False)


class _Counted(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS part)"
    output_field = IntegerField()


@dataclass(frozen=True)
class PausedPeople:
    """How many people are paused, counted up to a thousand."""

    number: int = 0
    is_more: bool = False


def paused_count(sequence: Sequence) -> Subquery:
    """How many people of a sequence are paused, as a value beside something else: no statement more."""
    paused = Enrollment.objects.filter(PAUSED, sequence=sequence).order_by().values("id")
    return _Counted(paused[: MOST_COUNTED + 1])


def paused_beside(row: Model | None) -> PausedPeople:
    """What a row tells beside which they were counted as `people_paused`; nobody where there is no row."""
    found: int = getattr(row, "people_paused", 0)
    return PausedPeople(min(found, MOST_COUNTED), found > MOST_COUNTED)
