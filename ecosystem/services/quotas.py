"""Keeping a business within its quotas, and telling those who lead it before one is full."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystem.base.access import Role
from ecosystem.base.errors import Invalid, LimitReached
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.days import business_day
from ecosystem.models import Business, Membership
from ecosystem.queries.businesses import current_business, get_profile
from ecosystem.queries.quotas import FULL, NEARLY, Usage, usage_of, usages
from ecosystem.quota_notes import QUOTAS_NEAR
from ecosystem.quotas import QUOTAS, Span
from ecosystem.services.agenda import note_work
from ecosystem.services.attention import point_out
from ecosystem.services.audit import record_act
from ecosystem.services.notices import tell

QUEUE = "quotas"
AGAIN = timedelta(hours=1)
MOST_FIGURE = 1_000_000_000

# Whoever would take one of the last places waits for whoever takes one, until that transaction is over.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('quota:' || %(key)s, %(business_id)s))"


class QuotaFull(LimitReached):
    """There is no room. The sentence says what is used, what may be, and what to do.

    Waiting helps where the measure is one of time or of things at once (429); what is kept must first go (409).
    """

    def __init__(self, usage: Usage, wanted: int = 1, field: str | None = None) -> None:
        super().__init__(f"quota_{usage.key}", full_sentence(usage, wanted), field)
        self.status = 409 if usage.quota.span == Span.KEPT else 429
        self.extra = {"quota": usage.key, "used": usage.used, "limit": usage.limit}


def full_sentence(usage: Usage, wanted: int = 1) -> str:
    """What is used, what may be, how much would be needed where that is more than one, and what to do."""
    given = {"label": usage.quota.label, "words": usage.words, "remedy": usage.quota.remedy}
    if wanted == 1:
        return _("%(label)s: %(words)s. %(remedy)s") % given
    given |= {"wanted": usage.quota.words_for(wanted)}
    return _("%(label)s: %(words)s, and this needs %(wanted)s more. %(remedy)s") % given


def hold_places(key: str, wanted: int = 1, *, or_fewer: bool = False, field: str | None = None) -> int:
    """Make sure that there is room for what this transaction adds; how many places there are for it.

    Far from the limit nobody waits; near it one transaction after another, so that the last place is taken once.
    Raises QuotaFull where there is less room than `wanted`, unless fewer will do.
    """
    quota, usage = QUOTAS.get(key), usage_of(key)
    granted = wanted
    if usage.room is not None and usage.room < wanted + quota.slack:
        execute(_HOLD, {"key": key})
        usage = usage_of(key)
        granted = wanted if usage.room is None else min(wanted, usage.room)
        if granted < wanted and not or_fewer:
            raise QuotaFull(usage, wanted, field)
    look_soon(usage, more=granted)
    return granted


def note_use(key: str) -> None:
    """Count what is never refused, since somebody else would lose by it; where it is much, that is told."""
    look_soon(usage_of(key), more=1)


def look_soon(usage: Usage, *, more: int = 0) -> None:
    """Have the workers see whether there is something to tell."""
    if usage.quota.is_told and usage.limit is not None and (usage.used + more) * 100 >= usage.limit * NEARLY:
        note_work(QUEUE)


@transaction.atomic
def set_quotas(figures: Mapping[str, int | None], *, actor: Membership | None = None) -> Business:
    """Give the current business figures of its own: 0 is no limit, None the usual figure again.

    Raises Invalid for a name that is no quota and a figure that is none. What is above a new figure stays.
    """
    business = Business.objects.select_for_update().get(pk=current_business().pk)
    for key, figure in figures.items():
        if key not in QUOTAS:
            known = ", ".join(QUOTAS.keys())
            raise Invalid("quota_unknown", _("There is no such quota. There are: %(known)s.") % {"known": known}, key)
        if figure is not None and not 0 <= figure <= MOST_FIGURE:
            raise Invalid("quota_figure", _("Write a whole number from 0, which is no limit, to a billion."), key)
        if figure is None:
            business.quotas.pop(key, None)
        else:
            business.quotas[key] = figure
    business.save(update_fields=["quotas"])
    told = [f"{key}={figure}" for key, figure in sorted(business.quotas.items())]
    record_act("quotas_changed", actor=actor, subject=get_profile(), quotas=told)
    note_work(QUEUE)
    return business


def work_quotas(business_id: int, now: datetime) -> datetime | None:
    """Tell of what is nearly or quite full, each once for a limit (of a day: once a day of its own); when to look."""
    with business_scope(business_id):
        near = [usage for usage in usages() if usage.quota.is_told and usage.percent >= NEARLY and not usage.is_step]
        page = reverse("ecosystem:usage", args=[current_business().slug])
        today = business_day(now, get_profile().timezone).today
        leaders = list(Membership.objects.filter(role__in=[Role.OWNER, Role.MANAGER])) if near else []
        for usage in near:
            level = FULL if usage.is_full else NEARLY
            tell("quota_full" if usage.is_full else "quota_near", leaders, key=_told_as(usage, level, today), url=page,
                 about=f"{usage.quota.label}: {usage.words}")  # fmt: skip
        point_out(QUOTAS_NEAR, len(near))
    return now + AGAIN if near else None


def _told_as(usage: Usage, level: int, today: date) -> str:
    day = f":{today}" if usage.quota.span == Span.DAY else ""
    return f"{usage.key}:{usage.limit}:{level}{day}"
