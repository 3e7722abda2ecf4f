"""The daily pages as each role lives in them, on the narrowest phone, and as whoever has no place there."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import faults_of
from tests.factories.contacts import make_contact, make_organization, make_talk
from tests.factories.ecosystem import make_member, make_user

DAILY = ("ecosystem:today", "contacts:contact_list", "contacts:ladder", "contacts:organization_list", "ecosystem:me")
# Whose page shows the button, as it stands there.
MAY_ADD = {"staff": True, "helper": False, "adviser": False}


@pytest.fixture
def ana(bakery):
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="client", tags=["rye"], roles=["vendor"])
    make_organization(bakery, "Harbor Mill", main_contact=ana)
    make_talk(bakery, ana, days_ago=1)
    return ana


@pytest.mark.parametrize("role", list(MAY_ADD))
def test_the_daily_pages_are_whole_for_every_role_on_the_narrowest_phone(visit, bakery, ana, role):
    visitor = visit(make_member(bakery, role, make_user("Robin Vale", email="robin@example.com")), width=320)
    addresses = [reverse(name, kwargs={"slug": bakery.slug}) for name in DAILY]
    addresses.append(reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk}))
    faults = []
    for address in addresses:
        page = visitor.open(address)
        expect(page.locator("h1")).to_be_visible()
        faults += [f"{address}: {fault}" for fault in faults_of(page)]
        page.close()
    page = visitor.open(addresses[1])
    expect(page.get_by_role("link", name="Add a person")).to_have_count(1 if MAY_ADD[role] else 0)
    page = visitor.open(addresses[-1])
    expect(page.get_by_text("ana@example.com")).to_have_count(0 if role == "adviser" else 1)
    assert faults + visitor.complaints == []


def test_a_stranger_finds_no_business_and_a_visitor_the_way_in(visit, bakery, ana):
    address = reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk})
    stranger = visit(make_user("Sol Marsh", email="sol@example.com"), width=320)
    page = stranger.open(address)
    expect(page.get_by_text("That page has left the building")).to_be_visible()
    expect(page.get_by_text("Oat & Ember")).to_have_count(0)
    expect(page.get_by_text("Ana")).to_have_count(0)
    page = visit(width=320).open(address)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Oat & Ember")).to_have_count(0)
