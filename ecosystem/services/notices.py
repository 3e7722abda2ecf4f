"""Telling members what has happened: in their list at once, and by mail at the pace they chose."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Min
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from ecosystem.account_mail import letter_html
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.events import JobEnded
from ecosystem.manners import team_tongue_of
from ecosystem.models import Job, Membership, Notice, NoticePace
from ecosystem.notices import JOB_PAGES, NOTICES, Pace
from ecosystem.queries.businesses import current_business, get_profile
from ecosystem.queries.notices import mail_due, paces_of
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.agenda import note_work

QUEUE = "notices"
MOST_AT_ONCE = 500

_TELL = """
INSERT INTO ecosystem_notice
       (id, business_id, created_at, updated_at, version, member_id, kind, key, about, url, mail_due_at)
VALUES (uuidv7(), %(business_id)s, now(), now(), 1, %(member)s, %(kind)s, %(key)s, %(about)s, %(url)s, %(mail_due)s)
ON CONFLICT (business_id, member_id, kind, key) DO NOTHING
RETURNING id"""


def tell(kind: str, members: Iterable[Membership], *, key: str, about: str = "", url: str = "") -> int:
    """Tell some members of the current business one thing; how many had not been told it before.

    `key` says which thing it is: nobody is told the same twice, however often this is called. `url` is a path of ours.
    """
    wanted, zone, count = NOTICES.get(kind), ZoneInfo(get_profile().timezone), 0
    for member in members:
        due = mail_due(paces_of(member).get(kind, wanted.pace), at=clock_now(), zone=zone)
        told = {"member": member.pk, "kind": kind, "key": key[:80], "about": about[:160], "url": url[:300]}
        if rows(_TELL, {**told, "mail_due": due}):
            Membership.objects.filter(pk=member.pk).update(unread_notices=F("unread_notices") + 1)
            count += 1
            if due is not None:
                note_work(QUEUE, due)
    return count


def tell_that_job_ended(event: JobEnded) -> None:
    """Tell whoever began long work that it is over, and lead them to what came of it."""
    job = Job.objects.select_related("started_by").get(pk=event.job_id)
    if job.started_by is None or job.kind not in JOB_PAGES:
        return
    page = JOB_PAGES.get(job.kind)
    thing = page.things_of([job.pk]).get(job.pk)
    url = reverse(page.url_name, args=[current_business().slug, thing]) if thing else ""
    about = _("%(work)s: %(state)s") % {"work": page.label, "state": job.get_state_display()}
    tell("job_ended", [job.started_by], key=job.pk.hex, about=about, url=url)


def mark_read(notice: Notice) -> None:
    """Keep that a member has seen a notice; it goes out by mail no more. Twice changes nothing."""
    changed = Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=clock_now(), mail_due_at=None)
    if changed:
        Membership.objects.filter(pk=notice.member_id).update(unread_notices=F("unread_notices") - 1)


def mark_all_read(member: Membership) -> int:
    """The same for everything that a member has not seen; how many."""
    changed = Notice.objects.filter(member=member, read_at=None).update(read_at=clock_now(), mail_due_at=None)
    Membership.objects.filter(pk=member.pk).update(unread_notices=F("unread_notices") - changed)
    return changed


def choose_paces(member: Membership, paces: Mapping[str, str]) -> None:
    """Keep how soon a member wants notices of each kind by mail. Counts for what comes from now on."""
    for kind, pace in paces.items():
        NOTICES.get(kind)
        NoticePace.objects.update_or_create(member=member, kind=kind, defaults={"pace": Pace(pace)})


def work_notices(business_id: int, now: datetime) -> datetime | None:
    """Send what is due, one letter to each member whatever it holds; when to come again.

    The letters are queued in the transaction that marks their notices: none is lost, none goes twice.
    """
    with business_scope(business_id):
        due = Notice.objects.select_for_update(of=("self",), skip_locked=True).filter(mail_due_at__lte=now)
        by_member: dict[Membership, list[Notice]] = defaultdict(list)
        for notice in due.select_related("member__user").order_by("mail_due_at", "id")[:MOST_AT_ONCE]:
            by_member[notice.member].append(notice)
        for member, found in by_member.items():
            Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(mail_due_at=None)
            if not member.has_ended(now) and member.user.is_active:
                _mail(member, found)
        following: datetime | None = Notice.objects.filter(mail_due_at__isnull=False).aggregate(
            next=Min("mail_due_at")
        )["next"]
    return following


def _mail(member: Membership, found: list[Notice]) -> None:
    business = current_business()
    page = urljoin(settings.PUBLIC_URL, reverse("ecosystem:notices", args=[business.slug]))
    with translation.override(team_tongue_of(get_profile())):
        lines = [told(notice) for notice in found]
        subject = (
            lines[0]
            if len(lines) == 1
            else _("%(count)s things at %(business)s")
            % {
                "count": len(lines),
                "business": business.name,
            }
        )
        context = {"lines": lines, "business": business, "page": page}
        text = render_to_string("emails/notices.txt", context).strip()
    queue_account_email(member.user.email, " ".join(subject.split()), text, letter_html(subject, text))


def told(notice: Notice) -> str:
    """A notice as its sentence; one of a kind that is no more says what it was about."""
    if notice.kind not in NOTICES:
        return notice.about
    return str(NOTICES.get(notice.kind).sentence) % {"about": notice.about}
