"""What a member was told, how soon they want it by mail, and which of their long work is still going on."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.functional import Promise

from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.models import Job, Membership, Notice, NoticePace
from ecosystem.notices import JOB_PAGES, NOTICES, Pace

PAGE_LENGTH = 30
MOST_JOBS = 10
# By mail between eight in the morning and nine in the evening only; what is gathered goes in the morning.
MORNING, EVENING, MONDAY = 8, 21, 0


@dataclass(frozen=True)
class RunningJob:
    """Long work of a member that is not over, with the page on which it is watched."""

    label: str | Promise
    url: str
    done: int
    total: int


def notices_of(member: Membership, cursor: str | None) -> Page[Notice]:
    """A page of what a member was told, newest first."""
    return keyset_page(Notice.objects.filter(member=member), ("-id",), cursor, PAGE_LENGTH)


def get_notice(notice_id: UUID, *, member: Membership) -> Notice:
    """One of the member's own notices; NotFound for every other id."""
    found = Notice.objects.filter(pk=notice_id, member=member).first()
    if found is None:
        raise NotFound("notice_not_found", "")
    return found


def paces_of(member: Membership) -> dict[str, Pace]:
    """How soon a member wants each kind by mail."""
    chosen = dict(NoticePace.objects.filter(member=member).values_list("kind", "pace"))
    return {key: Pace(chosen.get(key, kind.pace)) for key, kind in NOTICES.items()}


def mail_due(pace: Pace, *, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When a notice of that pace goes out by mail, in the quiet of the member's own night never; None for not at all.

    At once means now or, at night, the next morning; once a day the next morning; once a week Monday morning.
    """
    if pace is Pace.OFF:
        return None
    local = at.astimezone(zone)
    if pace is Pace.AT_ONCE and MORNING <= local.hour < EVENING:
        return at
    day = local.date() if local.hour < MORNING else local.date() + timedelta(days=1)
    while pace is Pace.WEEKLY and day.weekday() != MONDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(MORNING), tzinfo=zone)


def running_jobs_of(member: Membership, slug: str) -> list[RunningJob]:
    """The member's long work that is still going on, newest first; work without a page is left out."""
    open_states = [Job.State.WAITING, Job.State.RUNNING]
    found = Job.objects.filter(state__in=open_states, kind__in=JOB_PAGES.keys(), started_by=member)
    jobs = list(found.order_by("-id")[:MOST_JOBS])
    things: dict[UUID, UUID] = {}
    for kind in {job.kind for job in jobs}:
        things |= JOB_PAGES.get(kind).things_of([job.pk for job in jobs if job.kind == kind])
    shown = [(job, JOB_PAGES.get(job.kind)) for job in jobs if job.pk in things]
    return [
        RunningJob(page.label, reverse(page.url_name, args=[slug, things[job.pk]]), job.done, job.total)
        for job, page in shown
    ]
