"""Today over the API: what the page shows, for the scope that opens it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact, NextStep
from contacts.services.next_steps import NONE_YET, set_next_step
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.days import business_day
from ecosystem.models import KindSetting, Membership
from ecosystem.queries.businesses import get_profile
from ecosystem.scopes import Scope
from tests.factories.api import make_program
from tests.factories.contacts import make_contact, make_talk
from tests.factories.ecosystem import membership_of


@pytest.fixture
def reader(bakery, nora):
    return make_program(bakery, nora, Scope.HEALTH_READ)


def grow_old(business, *people, days):
    with business_scope(business):
        long_ago = now() - timedelta(days=days)
        Contact.objects.filter(pk__in=[one.pk for one in people]).update(fed_at=long_ago, created_at=long_ago)


def test_it_tells_what_the_page_shows(reader, as_nora, bakery, nora, sam, garage):
    ana, ben = make_contact(bakery, "Ana Ruiz", stage="client"), make_contact(bakery, "Ben Okafor", stage="client")
    make_contact(garage, "Theo Hale", stage="client")
    make_talk(bakery, ben, days_ago=2)
    grow_old(bakery, ana, days=400)
    with business_scope(bakery):
        KindSetting.objects.filter(kind="client").update(label_plural="Regulars")
        today = business_day(now(), get_profile().timezone).today
        step = set_next_step(
            ana, what="Call about the rye", due_on=today - timedelta(days=1), assignee=membership_of(bakery, nora),
            version=NONE_YET, now=now(),
        )  # fmt: skip
        other = set_next_step(
            ben, what="Thank them", due_on=today, assignee=None, version=NONE_YET, now=now()
        )  # fmt: skip
    found = reader.get("health").json()
    page = as_nora.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug})).context["today"]
    clients = next(one for one in found["kinds"] if one["kind"] == "client")
    assert clients == clients | {
        "label": "Regulars", "people": 2, "fed": 1, "hungry": 0, "starving": 1, "feedings": 1, "trend": "",
    }  # fmt: skip
    assert clients["score"] == round(next(one.score for one in page.kinds if one.kind == "client"), 1)
    assert [one["kind"] for one in found["kinds"]] == [one.kind for one in page.kinds]
    assert (found["health"], found["going_without"]) == (round(page.whole, 1), page.going_without)
    assert [one["contact_id"] for one in found["feed_first"]] == [str(one.contact_id) for one in page.feed_first]
    hungry = next(one for one in found["feed_first"] if one["contact_id"] == str(ana.pk))
    assert (hungry["name"], hungry["kind"], hungry["was_ever_fed"]) == ("Ana Ruiz", "client", False)
    due = [
        (one["step_id"], one["what"], one["days_late"], one["is_yours"], one["is_for_anybody"]) for one in found["due"]
    ]
    assert due == [
        (str(step.pk), "Call about the rye", 1, True, False), (str(other.pk), "Thank them", 0, False, True),
    ]  # fmt: skip
    assert (found["is_stored"], found["as_of"], found["complained"]) == (False, None, 0)
    assert [one["channel"] for one in found["reach"]] == ["email"]
    assert reader.get("health?period=season").json()["kinds"] != []
    assert reader.get("health?period=8").status_code == 400


def test_another_scope_and_a_maker_who_left_read_nothing_of_it(bakery, nora):
    assert make_program(bakery, nora, Scope.CONTACTS_READ).get("health").json()["code"] == "scope_missing"
    reader = make_program(bakery, nora, Scope.HEALTH_READ)
    assert reader.get("contacts").status_code == 403
    with business_scope(bakery):
        Membership.objects.filter(user=nora).update(role="adviser")
    # What an adviser sees of Today, their key does.
    assert reader.get("health").status_code == 200
    with business_scope(bakery):
        Membership.objects.filter(user=nora).update(expires_at=now() - timedelta(days=1))
    assert reader.get("health").status_code in (401, 403)


def test_it_takes_as_many_statements_whoever_is_there_and_eight_at_most(reader, bakery):
    def cost() -> int:
        reader.get("health")
        with CaptureQueriesContext(connection) as captured:
            assert reader.get("health").status_code == 200
        asked = [query["sql"] for query in captured]
        entered = next(number for number, sql in enumerate(asked) if sql.startswith("SELECT set_config"))
        frame = ("SAVEPOINT", "RELEASE", "SELECT set_config")
        return len([sql for sql in asked[entered + 1 :] if not sql.startswith(frame)])

    few = cost()
    people = [make_contact(bakery, f"P{n}", stage="client") for n in range(12)]
    grow_old(bakery, *people, days=400)
    with business_scope(bakery):
        for one in people:
            NextStep.objects.create(contact=one, what="Call", due_on=now().date() - timedelta(days=2))
    assert len(reader.get("health").json()["due"]) > 3
    assert cost() == few <= 8
