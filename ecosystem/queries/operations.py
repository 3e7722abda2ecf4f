"""What waits to be worked, over all businesses and without a word about any of them."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min

from ecosystem.base.clock import now
from ecosystem.models import Agenda, AgendaNote


@dataclass(frozen=True)
class WaitingQueue:
    """One queue: how many businesses have something due, and for how long the first of them has waited."""

    name: str
    businesses: int
    oldest_seconds: float


def waiting_work() -> list[WaitingQueue]:
    """Every queue that was ever used, by name."""
    moment = now()
    names = set(Agenda.objects.values_list("queue", flat=True).distinct())
    due = {
        row["queue"]: row
        for row in Agenda.objects.filter(due_at__lte=moment)
        .values("queue")
        .annotate(businesses=Count("id"), oldest=Min("due_at"))
    }
    noted = {
        row["queue"]: row["oldest"]
        for row in AgendaNote.objects.filter(due_at__lte=moment).values("queue").annotate(oldest=Min("due_at"))
    }
    found = []
    for name in sorted(names | set(noted)):
        row = due.get(name)
        times = [time for time in (row["oldest"] if row else None, noted.get(name)) if time is not None]
        waited = moment - min(times) if times else timedelta(0)
        found.append(WaitingQueue(name, row["businesses"] if row else 0, waited.total_seconds()))
    return found
