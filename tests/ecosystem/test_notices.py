"""What members are told: once, in their list at once, by mail at their own pace and never at night."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Import
from contacts.services.imports import IMPORT_JOB
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope, user_scope
from ecosystem.models import BusinessProfile, Job, Membership, Notice
from ecosystem.notices import NOTICES, Pace
from ecosystem.queries.notices import mail_due
from ecosystem.services.jobs import end_job
from ecosystem.services.notices import choose_paces, tell, work_notices
from ecosystem.services.sending import pause_sending
from ecosystem.templatetags.shell import my_businesses
from tests.ecosystem.test_accounts import letters, link_in
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2027, 3, 3, 17, 0, tzinfo=UTC)  # a Wednesday, noon in New York


def url(name: str, business, **more: object) -> str:
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug, **more})


def unread(business, user) -> int:
    """The counter, which must be what a recount says."""
    member = membership_of(business, user)
    with business_scope(business):
        assert member.unread_notices == Notice.objects.filter(member=member, read_at=None).count()
    return member.unread_notices


def say(business, user, key: str, kind: str = "invitation_accepted", **more: str) -> int:
    member = membership_of(business, user)
    with business_scope(business, user):
        return tell(kind, [member], key=key, about=f"<b>{key}</b>", **more)


def test_the_same_thing_is_told_once(bakery, nora):
    assert [say(bakery, nora, "one"), say(bakery, nora, "one"), say(bakery, nora, "two")] == [1, 0, 1]
    assert unread(bakery, nora) == 2


def test_the_bell_counts_and_opening_leads_to_the_thing_and_counts_down(as_nora, bakery, nora):
    say(bakery, nora, "one", url=url("team", bakery))
    page = as_nora.get(url("notices", bakery)).content.decode()
    assert "1 thing is new for you" in page
    assert "&lt;b&gt;one&lt;/b&gt; joined the team" in page
    with business_scope(bakery):
        notice = Notice.objects.get()
    address = url("notice_open", bakery, notice_id=notice.pk)
    assert as_nora.get(address).status_code == 405
    for _time in range(2):
        assert as_nora.post(address).url == url("team", bakery)
        assert unread(bakery, nora) == 0


def test_all_are_seen_at_once_and_a_page_costs_no_statement_for_the_bell(
    as_nora, bakery, nora, django_assert_num_queries
):
    for key in "abc":
        say(bakery, nora, key)
    as_nora.get(url("notices", bakery))
    assert as_nora.post(url("notices_read", bakery)).url == url("notices", bakery)
    assert unread(bakery, nora) == 0
    assert "Nothing new" not in as_nora.get(url("notices", bakery)).content.decode()


def test_the_switcher_counts_what_waits_for_one_in_their_other_businesses_and_for_nobody_else(
    as_nora, bakery, nora, sam, gus, garage, django_assert_max_num_queries
):
    make_member(garage, "staff", nora)
    say(garage, gus, "his own")
    page = as_nora.get(url("today", bakery)).content.decode()
    assert "Hale&#x27;s Garage</a>" in page
    for key in "abc":
        say(garage, nora, key)
    say(bakery, nora, "here")
    page = as_nora.get(url("today", bakery)).content.decode()
    switch = page[page.index('id="switch"') :]
    switch = " ".join(switch[: switch.index("</div>")].split())
    assert "Hale&#x27;s Garage<span" in switch
    assert switch.count("3 things are new for you") == 1
    assert "1 thing is new" not in switch
    with user_scope(nora.pk), django_assert_max_num_queries(1):
        found = my_businesses()
    assert [(one.name, one.unread) for one in found] == [("Hale's Garage", 3), ("Oat & Ember", 1)]


def test_somebody_elses_notice_is_not_there(as_sam, bakery, nora, gus, garage):
    say(bakery, nora, "one")
    with business_scope(bakery):
        notice = Notice.objects.get()
    assert as_sam.post(url("notice_open", bakery, notice_id=notice.pk)).status_code == 404
    assert "one" not in as_sam.get(url("notices", bakery)).context["lines"]
    assert as_sam.get(url("notices", bakery)).context["lines"] == []
    assert unread(bakery, nora) == 1


def test_an_address_outside_is_followed_by_nobody(as_nora, bakery, nora):
    say(bakery, nora, "one", url="https://evil.example.com/")
    with business_scope(bakery):
        notice = Notice.objects.get()
    assert as_nora.post(url("notice_open", bakery, notice_id=notice.pk)).url == url("notices", bakery)


@pytest.mark.parametrize(
    ("pace", "at", "due"),
    [
        (Pace.AT_ONCE, NOON, NOON),
        (Pace.AT_ONCE, datetime(2027, 3, 4, 3, 0, tzinfo=UTC), datetime(2027, 3, 4, 13, 0, tzinfo=UTC)),
        (Pace.AT_ONCE, datetime(2027, 3, 4, 10, 0, tzinfo=UTC), datetime(2027, 3, 4, 13, 0, tzinfo=UTC)),
        (Pace.DAILY, NOON, datetime(2027, 3, 4, 13, 0, tzinfo=UTC)),
        (Pace.WEEKLY, NOON, datetime(2027, 3, 8, 13, 0, tzinfo=UTC)),
        # The clocks went forward in between: eight in the morning is an hour earlier by UTC.
        (Pace.WEEKLY, datetime(2027, 3, 9, 17, 0, tzinfo=UTC), datetime(2027, 3, 15, 12, 0, tzinfo=UTC)),
        (Pace.OFF, NOON, None),
    ],
)
def test_letters_go_by_day_where_the_business_is(pace, at, due):
    assert mail_due(pace, at=at, zone=NEW_YORK) == due


def test_one_letter_holds_what_gathered_and_none_goes_twice(bakery, nora):
    with time_machine.travel(NOON, tick=False):
        say(bakery, nora, "one")
        say(bakery, nora, "two")
        assert work_notices(bakery.pk, NOON) == datetime(2027, 3, 4, 13, 0, tzinfo=UTC)
        assert letters() == []
    morning = datetime(2027, 3, 4, 13, 0, tzinfo=UTC)
    for _turn in range(3):
        assert work_notices(bakery.pk, morning) is None
    (letter,) = letters()
    assert letter["to"] == nora.email
    assert letter["subject"] == "2 things at Oat & Ember"
    assert "<b>one</b> joined the team" in letter["text"]
    assert "<b>one</b>" not in letter["html"]
    assert link_in(letter) == url("notices", bakery)


def test_what_was_seen_is_not_mailed_and_off_is_off(as_nora, bakery, nora):
    member = membership_of(bakery, nora)
    with time_machine.travel(NOON, tick=False):
        say(bakery, nora, "one")
        sign_in(as_nora, nora)
        as_nora.post(url("notices_read", bakery))
        with business_scope(bakery, nora):
            choose_paces(member, {"invitation_accepted": "off"})
        say(bakery, nora, "two")
    assert work_notices(bakery.pk, NOON + timedelta(days=9)) is None
    assert letters() == []
    assert unread(bakery, nora) == 1


def test_the_pace_is_chosen_on_a_page_for_each_kind(as_nora, bakery, nora):
    page = as_nora.get(url("notice_paces", bakery)).content.decode()
    assert "Somebody accepted your invitation" in page
    chosen = dict.fromkeys(NOTICES.keys(), "weekly")
    assert as_nora.post(url("notice_paces", bakery), chosen | {"job_ended": "hourly"}).status_code == 422
    assert as_nora.post(url("notice_paces", bakery), chosen).status_code == 302
    assert as_nora.get(url("notice_paces", bakery)).context["form"].fields["job_ended"].initial == Pace.WEEKLY


def test_whoever_left_gets_no_letter(bakery, nora, sam):
    with time_machine.travel(NOON, tick=False):
        say(bakery, sam, "one")
        with business_scope(bakery):
            Membership.objects.filter(user=sam).update(expires_at=NOON + timedelta(hours=1))
    work_notices(bakery.pk, NOON + timedelta(days=9))
    assert letters() == []


def test_an_accepted_invitation_tells_the_inviter(as_nora, bakery, nora):
    as_nora.post(url("team_invite", bakery), {"email": "ana@example.com", "role": "staff"})
    ana = sign_in(Client(), make_user("Ana Ruiz", email="ana@example.com"))
    ana.post(link_in(letters()[0]))
    assert "Ana Ruiz joined the team" in as_nora.get(url("notices", bakery)).content.decode()
    assert unread(bakery, nora) == 1


def test_sending_that_stops_by_itself_tells_owners_and_managers_alone(bakery, nora, sam):
    manager = make_member(bakery, Role.MANAGER)
    with business_scope(bakery):
        pause_sending(reason="Too many letters came back.", actor=None, now=timezone.now())
    assert [unread(bakery, user) for user in (nora, manager, sam)] == [1, 1, 0]
    with business_scope(bakery):
        assert BusinessProfile.objects.get().sending_paused_at is not None


def test_long_work_is_watched_from_any_page_and_its_end_is_told_to_whoever_began_it(as_nora, as_sam, bakery, nora, sam):
    member = membership_of(bakery, nora)
    with business_scope(bakery, nora):
        upload = make_import(member)
    page = as_nora.get(url("notices", bakery)).content.decode()
    assert "Bringing in a list" in page
    assert "30 of 200" in page
    assert "Bringing in a list" not in as_sam.get(url("notices", bakery)).content.decode()
    with business_scope(bakery, nora):
        end_job(upload.job_id, state="done")
        notice = Notice.objects.get()
        assert notice.member_id == member.pk
        assert notice.url == reverse("contacts:import_detail", args=[bakery.slug, upload.pk])
    assert "At work for you" not in as_nora.get(url("notices", bakery)).content.decode()
    assert [unread(bakery, user) for user in (nora, sam)] == [1, 0]


def make_import(member: Membership):
    """A list that is being brought in, of which 30 of 200 lines are done."""
    job = Job.objects.create(kind=IMPORT_JOB, total=200, done=30, started_by=member, state=Job.State.RUNNING)
    return Import.objects.create(job=job, uploaded_by=member)
