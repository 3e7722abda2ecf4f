"""Today: what a member sees, in how many statements, with few people and with many."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.interactions import record_interaction
from contacts.services.roles import assign_role
from contacts.services.stages import change_stage
from ecosystem.agenda import AGENDA_QUEUES
from ecosystem.base.tenancy import business_scope
from ecosystem.gauges import HungryPerson
from ecosystem.models import AgendaNote, Business, BusinessProfile, HealthSnapshot, PermissionSnapshot
from ecosystem.queries import health as health_queries
from ecosystem.queries.dashboard import first_to_feed
from ecosystem.services.health import QUEUE, count_health
from tests.factories.ecosystem import make_member, sign_in

NOW = datetime(2026, 5, 14, 13, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def url(bakery: Business) -> str:
    return reverse("ecosystem:today", kwargs={"slug": bakery.slug})


def person(name: str, *, stage: str | None = "client", days: int = 400, **details: str) -> Contact:
    since = NOW - timedelta(days=days)
    return add_contact(ContactDetails(given_name=name, **details), source="staff", actor=None, now=since, stage=stage)


def feed(contact: Contact, days_ago: int) -> None:
    record_interaction(contact, kind="call", source="staff", occurred_at=NOW - timedelta(days=days_ago))


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def waiting(kind: str, hunger: float, **said: object) -> HungryPerson:
    values: dict[str, object] = {"was_ever_fed": True, "may_act": True, "value": 0.5, "days": 90}
    return HungryPerson(
        contact_id=uuid4(), name=f"{kind} {hunger}", person="Ana", kind=kind, hunger=hunger, **(values | said)
    )


def test_an_empty_business_sees_hollow_rings_and_how_to_begin(as_nora: Client, url: str):
    response = as_nora.get(url)
    page = response.content.decode()
    assert response.status_code == 200
    assert "Bring in your people" in page
    # Six hollow rings on each drawing: the owner stands among the associates already.
    assert page.count('class="empty-kind"') == 12
    steps = ("Name your core message", "Bring in your people", "Put an opt-in page on the counter", "0 of 6")
    assert all(step in page for step in steps)


def test_the_greeting_follows_the_clock_of_the_business(as_nora: Client, bakery: Business, url: str):
    assert "Good morning, Nora" in text_of(as_nora.get(url))
    with business_scope(bakery):
        BusinessProfile.objects.update(timezone="Asia/Tokyo")
    page = text_of(as_nora.get(url))
    assert "Good evening, Nora" in page
    assert "Thursday, 14 May" in page


def test_a_kind_that_goes_without_is_starving_and_stands_first(as_nora: Client, bakery: Business, url: str):
    with business_scope(bakery):
        jonas = person("Jonas", stage=None)
        assign_role("vendor", contact=jonas, now=NOW - timedelta(days=300), actor=None)
        feed(person("Ana"), 3)
    page = as_nora.get(url).content.decode()
    assert 'class="tie red" data-kind="vendor"' in page
    assert page.index("<b>Vendors</b>") < page.index("<b>Clients</b>")
    assert "Last heard from you 299 days ago" in text_of(as_nora.get(url))
    assert "Say hello to Jonas" in text_of(as_nora.get(url))


def test_one_call_fills_the_ring_at_once(as_nora: Client, bakery: Business, url: str):
    with business_scope(bakery):
        ana = person("Ana")
    assert "1 person has waited too long" in text_of(as_nora.get(url))
    with business_scope(bakery):
        feed(ana, 0)
    page = as_nora.get(url).content.decode()
    assert "Everyone has heard from you in time." in page
    assert 'class="tie" data-kind="client" stroke-width="2.0"' in page


def test_the_period_decides_what_counts_as_given_and_who_rose(as_nora: Client, bakery: Business, url: str):
    with business_scope(bakery):
        ana = person("Ana", stage="prospect")
        change_stage(ana, "client", reason="bought", now=NOW - timedelta(days=20), actor=None)
        feed(ana, 20)
    assert "1 moved up" in text_of(as_nora.get(url, {"period": "30"}))
    week = as_nora.get(url, {"period": "7"}).content.decode()
    assert "1 moved up" not in week
    assert 'class="tie none" data-kind="client"' in week
    assert as_nora.get(url, {"period": "nonsense"}).status_code == 200


def test_a_kind_that_is_switched_off_is_not_drawn(as_nora: Client, url: str):
    page = as_nora.get(url).content.decode()
    assert 'data-kind="online_user"' not in page
    assert page.count("<b>Suspects</b>") == 1


def test_everything_on_the_page_costs_eight_statements(as_nora: Client, bakery: Business, url: str):
    """Businesses of the user, profile, words, stored days, figures now, hungry people, permission, first steps."""
    as_nora.get(url)
    few = _statements(as_nora, url)
    with business_scope(bakery):
        for number in range(30):
            feed(person(f"Client {number}"), number)
    assert _statements(as_nora, url) == few == 8


def test_three_are_named_and_the_others_who_wait_are_a_link_away(as_nora: Client, bakery: Business, url: str):
    with business_scope(bakery):
        for number in range(3):
            person(f"Client {number}")
    assert "the longest quiet first" not in text_of(as_nora.get(url))
    with business_scope(bakery):
        for number in range(3, 8):
            person(f"Client {number}")
    page = as_nora.get(url)
    assert "5 more wait: see everyone, the longest quiet first" in text_of(page)
    everyone = f"{reverse('contacts:contact_list', kwargs={'slug': bakery.slug})}?sort=quiet"
    assert f'href="{everyone}"' in page.content.decode()
    assert as_nora.get(everyone).status_code == 200


def test_a_large_business_is_shown_from_its_stored_day(as_nora: Client, bakery: Business, url: str, monkeypatch):
    with business_scope(bakery):
        for number in range(3):
            feed(person(f"Client {number}"), 10)
        count_health(NOW)
    monkeypatch.setattr(health_queries, "MOST_COUNTED_NOW", 2)
    with business_scope(bakery):
        feed(person("Nobody counts me yet"), 1)
    response = as_nora.get(url)
    # The map, how each group is doing, and who may be written to: each says from when its figures are.
    assert text_of(response).count("As of 9:30 AM, 14 May.") == 2
    assert text_of(response).count("As of 14 May.") == 1
    assert "3 people" in response.content.decode()
    assert _statements(as_nora, url) <= 8


def test_many_people_who_came_in_just_now_are_not_shown_as_nobody(
    as_nora: Client, bakery: Business, url: str, monkeypatch
):
    monkeypatch.setattr(health_queries, "MOST_COUNTED_NOW", 2)
    with business_scope(bakery):
        for number in range(3):
            person(f"Client {number}")
    page = text_of(as_nora.get(url))
    assert "Their figures are on the way" in page
    assert "Count them now" in page
    assert "Bring in your people" not in page.split("Getting settled")[0]


def test_the_stored_day_holds_figures_feedings_and_permission(bakery: Business):
    with business_scope(bakery):
        ana = person("Ana")
        feed(ana, 3)
        feed(ana, 3)
        person("Ben")
        count_health(NOW)
        count_health(NOW)
        clients = HealthSnapshot.objects.filter(kind="client").order_by("-on_date")
        newest, earlier = clients
        assert (newest.on_date, newest.people, newest.fed, newest.starving, newest.fed_score) == (
            date(2026, 5, 14),
            2,
            1,
            1,
            50.0,
        )
        assert (earlier.on_date, earlier.feedings, earlier.fed_score) == (date(2026, 5, 11), 2, None)
        assert list(PermissionSnapshot.objects.values_list("channel", "people")) == [("email", 0)]


def test_the_next_count_is_due_when_the_next_day_of_the_business_has_begun(bakery: Business):
    due = AGENDA_QUEUES.get(QUEUE).work(bakery.pk, NOW)
    assert due == datetime(2026, 5, 15, 4, 5, tzinfo=UTC)


def test_a_new_business_is_counted_from_the_first_day_on(bakery: Business):
    assert AgendaNote.objects.filter(agenda_business_id=bakery.pk, queue=QUEUE).exists()


def test_counting_again_is_allowed_once_a_minute(as_nora: Client, bakery: Business):
    recount = reverse("ecosystem:health_recount", kwargs={"slug": bakery.slug})
    AgendaNote.objects.all().delete()
    assert as_nora.post(recount).status_code == 302
    assert AgendaNote.objects.filter(queue=QUEUE).count() == 1
    with business_scope(bakery):
        count_health(NOW)
    response = as_nora.post(recount, follow=True)
    assert "less than a minute ago" in text_of(response)
    assert AgendaNote.objects.filter(queue=QUEUE).count() == 1


def test_a_helper_sees_today_but_nothing_to_set_up(bakery: Business, url: str):
    helper = sign_in(Client(), make_member(bakery, "helper"))
    page = text_of(helper.get(url))
    assert "Your ecosystem" in page
    assert "Getting settled" not in page
    assert "Add a person" not in page


def test_gus_next_door_does_not_find_the_bakery(as_gus: Client, url: str):
    assert as_gus.get(url).status_code == 404


def test_a_visitor_is_led_to_the_login(client: Client, url: str):
    response = client.get(url)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/accounts/login/?next={url.replace('/', '%2F')}"


def test_the_three_hungriest_come_first_and_no_kind_takes_all_places():
    people = [waiting("client", 3.9), waiting("client", 3.8), waiting("client", 3.7), waiting("vendor", 2.0)]
    assert [one.name for one in first_to_feed(people)] == ["client 3.9", "client 3.8", "vendor 2.0"]
    assert [one.name for one in first_to_feed(people[:3])] == ["client 3.9", "client 3.8", "client 3.7"]


def test_somebody_for_whom_nothing_may_be_done_waits_behind_others():
    people = [waiting("suspect", 4.0, may_act=False), waiting("partner", 2.5)]
    assert [one.kind for one in first_to_feed(people)] == ["partner", "suspect"]


def test_somebody_of_two_kinds_stands_on_the_list_once():
    twice = waiting("client", 3.0)
    again = HungryPerson(**{**vars(twice), "kind": "vendor", "hunger": 2.0})
    assert [one.kind for one in first_to_feed([again, twice])] == ["client"]


def test_the_page_that_explains_health_names_the_pace_of_each_kind(as_nora: Client, bakery: Business):
    page = text_of(as_nora.get(reverse("ecosystem:health_explained", kwargs={"slug": bakery.slug})))
    assert "Vendors 90 days 180 days" in page
    assert "Clients lean on Associates: up to 15 of 100" in page


def _statements(client: Client, url: str) -> int:
    """How many statements a page costs once the business is entered."""
    door = f"set_config('app.business_id', '{Business.objects.get(slug=url.strip('/').split('/')[1]).pk}'"
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    asked = [query["sql"] for query in captured.captured_queries]
    entered = min(index for index, sql in enumerate(asked) if door in sql)
    bookkeeping = ("SAVEPOINT", "RELEASE", "SELECT set_config")
    return sum(not sql.startswith(bookkeeping) for sql in asked[entered + 1 :])
