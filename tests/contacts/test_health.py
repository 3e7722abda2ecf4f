"""Counting hunger over real people and real interactions."""

from datetime import UTC, datetime, timedelta

import pytest

from contacts.models import Contact
from contacts.queries.health import count_kinds, count_risen, waiting_people
from contacts.queries.reach import count_permission
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.interactions import record_interaction
from contacts.services.organizations import add_organization
from contacts.services.roles import assign_role
from contacts.services.stages import change_stage, undo_stage_change
from ecosystem.base.tenancy import business_scope
from ecosystem.gauges import GaugeQuestion
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.health import gauge_question
from ecosystem.queries.stakeholders import words_by_kind
from tests.factories.ecosystem import make_business

NOW = datetime(2026, 5, 14, 15, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)


@pytest.fixture
def bakery(db):
    business = make_business("Oat & Ember")
    with business_scope(business):
        yield business


def ask(days: int = 30, now: datetime = NOW) -> GaugeQuestion:
    return gauge_question(get_profile(), words_by_kind(), now=now, days=days)


def person(name: str, *, stage: str | None = "client", since: datetime = LONG_AGO, **details: str) -> Contact:
    return add_contact(ContactDetails(given_name=name, **details), source="staff", actor=None, now=since, stage=stage)


def feed(contact: Contact, at: datetime, kind: str = "call") -> None:
    record_interaction(contact, kind=kind, source="staff", occurred_at=at)


def test_ten_clients_of_the_worked_example(bakery):
    midnight = ask().midnight.astimezone(UTC)
    for days in [10, 50, 60, 75, 90, 120, 200, 30, 60, 110]:
        feed(person(f"Fed {days} days ago"), midnight - timedelta(days=days))
    clients = count_kinds(ask(), None).counts["client"]
    assert (clients.people, clients.fed, clients.hungry, clients.starving) == (10, 3, 5, 2)
    assert round(clients.fed_score, 2) == 64.17


def test_a_day_ends_at_midnight_in_the_time_zone_of_the_business(bakery):
    assert get_profile().timezone == "America/New_York"
    assert ask().midnight == datetime(2026, 5, 14, 4, 0, tzinfo=UTC)
    assert ask(now=datetime(2026, 5, 14, 3, 59, tzinfo=UTC)).midnight == datetime(2026, 5, 13, 4, 0, tzinfo=UTC)


def test_what_does_not_feed_leaves_people_hungry(bakery):
    ana = person("Ana")
    for kind in ("message_sent", "message_opened", "page_view", "purchase", "note"):
        feed(ana, NOW - timedelta(days=1), kind)
    assert count_kinds(ask(), None).counts["client"].starving == 1
    feed(ana, NOW - timedelta(days=1))
    clients = count_kinds(ask(), None).counts["client"]
    assert (clients.fed, clients.starving, clients.fed_score) == (1, 0, 100.0)
    assert clients.feedings == {(ask().today - timedelta(days=1)): 1}


def test_who_was_never_fed_is_hungry_from_the_day_they_came(bakery):
    person("New", since=NOW - timedelta(days=59))
    person("Old", since=NOW - timedelta(days=90))
    clients = count_kinds(ask(), None).counts["client"]
    assert (clients.fed, clients.hungry) == (1, 1)


def test_somebody_of_two_kinds_counts_in_both_and_an_organization_by_its_main_contact(bakery):
    jonas = person("Jonas", stage="client")
    mill = add_organization(name="Harbor Mill", actor=None, main_contact=jonas)
    assign_role("vendor", organization=mill, now=LONG_AGO, actor=None)
    feed(jonas, NOW - timedelta(days=3))
    counts = count_kinds(ask(), None).counts
    assert (counts["client"].people, counts["vendor"].people) == (1, 1)
    assert sum(counts["vendor"].feedings.values()) == sum(counts["client"].feedings.values()) == 1


def test_people_who_are_gone_or_must_not_be_contacted_are_not_counted(bakery):
    person("Gone")
    person("Never")
    Contact.objects.filter(given_name="Gone").update(deleted_at=NOW)
    Contact.objects.filter(given_name="Never").update(do_not_contact=True)
    assert count_kinds(ask(), None).counts["client"].people == 0
    assert waiting_people(ask()) == ([], [])


def test_too_many_people_are_not_counted_while_a_page_is_made(bakery):
    for number in range(4):
        person(f"Client {number}")
    counts = count_kinds(ask(), 5).counts
    # The owner stands in the team, and so among the associates.
    assert (counts["client"].people, counts["associate"].people) == (4, 1)
    assert count_kinds(ask(), 4).counts is None


def test_steps_up_count_in_their_period_unless_taken_back(bakery):
    ana, ben, cem = (person(name, stage="prospect") for name in ("Ana", "Ben", "Cem"))
    for contact, days in ((ana, 3), (ben, 20), (cem, 2)):
        change = change_stage(contact, "client", reason="bought", now=NOW - timedelta(days=days), actor=None)
    undo_stage_change(change, now=NOW, actor=None)
    assert count_risen(ask(days=30)) == {"prospect": 2}
    assert count_kinds(ask(days=7), None).counts["prospect"].risen == 1


def test_the_hungriest_come_with_the_name_of_their_firm_and_whether_something_may_be_done(bakery):
    jonas = person("Jonas", stage=None)
    mill = add_organization(name="Harbor Mill", actor=None, main_contact=jonas)
    assign_role("vendor", organization=mill, now=NOW - timedelta(days=200), actor=None)
    person("Quiet", since=NOW - timedelta(days=130))
    person("Near", since=NOW - timedelta(days=130), phone="+12025550142")
    found = {one.name: one for one in waiting_people(ask())[0]}
    assert (found["Jonas"].organization, found["Jonas"].kind, found["Jonas"].may_act) == ("Harbor Mill", "vendor", True)
    assert (found["Quiet"].may_act, found["Near"].may_act) == (False, True)
    assert not found["Near"].was_ever_fed
    assert round(found["Near"].hunger, 1) == round((130 - 11.5 / 24) / 60, 1)


def test_nobody_may_be_reached_before_somebody_said_yes(bakery):
    person("Ana", email="ana@example.com")
    found = count_permission(ask())
    assert (found.by_channel, found.left, found.complained) == ({}, 0, 0)
