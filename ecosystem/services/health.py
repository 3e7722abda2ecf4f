"""Counting the health of every kind once a day, and when somebody asks for it."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from ecosystem.agenda import AGENDA_QUEUES, AgendaQueue
from ecosystem.base.errors import LimitReached
from ecosystem.base.tenancy import business_scope
from ecosystem.days import business_day
from ecosystem.gauges import GaugeQuestion, KindCount
from ecosystem.models import HealthSnapshot, PermissionSnapshot
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.health import count_kinds, gauge_question, permission_counts
from ecosystem.queries.stakeholders import words_by_kind
from ecosystem.services.agenda import note_work

QUEUE = "health"
SECONDS_BETWEEN_COUNTS = 60
AFTER_MIDNIGHT = timedelta(minutes=5)


def count_health(now: datetime) -> int:
    """Store today's figures of every kind that is on, and the feedings of each day of the season; how many rows.

    Counting again on the same day replaces that day's figures. Earlier days keep their scores.
    """
    question = gauge_question(get_profile(), words_by_kind(), now=now, days=30)
    counts = count_kinds(question, at_most=None).counts or {}
    rows = [_today(kind, count, question) for kind, count in counts.items()]
    HealthSnapshot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["business_id", "kind", "on_date"],
        update_fields=["people", "fed", "hungry", "starving", "fed_score", "feedings", "taken_at"],
    )
    earlier = [
        HealthSnapshot(kind=kind, on_date=day, feedings=times, taken_at=now)
        for kind, count in counts.items()
        for day, times in count.feedings.items()
        if day < question.today
    ]
    HealthSnapshot.objects.bulk_create(
        earlier,
        update_conflicts=True,
        unique_fields=["business_id", "kind", "on_date"],
        update_fields=["feedings"],
        batch_size=500,
    )
    return len(rows) + len(earlier) + _store_permission(question)


def ask_for_count(now: datetime) -> None:
    """Have the figures counted again soon. Once a minute is enough: sooner raises LimitReached."""
    newest = HealthSnapshot.objects.order_by("-on_date", "-taken_at").values_list("taken_at", flat=True).first()
    if newest is not None and now - newest < timedelta(seconds=SECONDS_BETWEEN_COUNTS):
        raise LimitReached("counted_just_now", _("That was counted less than a minute ago."))
    note_work(QUEUE)


def work_health(business_id: int, now: datetime) -> datetime:
    """Count a business and say when its next day has begun."""
    with business_scope(business_id):
        count_health(now)
        day = business_day(now, get_profile().timezone)
    return day.tomorrow + AFTER_MIDNIGHT


def _today(kind: str, count: KindCount, question: GaugeQuestion) -> HealthSnapshot:
    return HealthSnapshot(
        kind=kind,
        on_date=question.today,
        people=count.people,
        fed=count.fed,
        hungry=count.hungry,
        starving=count.starving,
        fed_score=count.fed_score,
        feedings=count.feedings.get(question.today, 0),
        taken_at=question.now,
    )


def _store_permission(question: GaugeQuestion) -> int:
    rows = [
        PermissionSnapshot(
            channel=channel.channel,
            on_date=question.today,
            people=channel.people,
            gained=channel.gained,
            left=counts.left,
            complained=counts.complained,
        )
        for counts in permission_counts(question, at_most=None)
        for channel in counts.channels
    ]
    PermissionSnapshot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["business_id", "channel", "on_date"],
        update_fields=["people", "gained", "left", "complained"],
    )
    return len(rows)


AGENDA_QUEUES.add(QUEUE, AgendaQueue(lane="maintenance", work=work_health))
