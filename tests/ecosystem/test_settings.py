"""The index of the settings: every page of them, for those who may open it, with how it stands."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from ecosystem.settings_pages import SETTINGS_PAGES
from tests.factories.ecosystem import make_member
from tests.factories.permission import make_topic
from tests.house.routes import dashboard_routes


@pytest.fixture
def index(bakery: Business) -> str:
    return reverse("ecosystem:settings", kwargs={"slug": bakery.slug})


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def addresses_in(page: str) -> set[str]:
    main = page[page.index('id="main"') :]
    return set(re.findall(r'<a class="link" href="([^"]+)"><b>', main))


def test_every_page_below_settings_can_be_found_from_the_index():
    """A page of settings that somebody adds and forgets here fails this."""
    below = {route.name for route in dashboard_routes() if re.fullmatch(r"b/<slug:slug>/settings/[a-z-]+/", route.path)}
    assert below - {page.url_name for page in SETTINGS_PAGES} == set()
    names = {key for key in get_resolver().reverse_dict if isinstance(key, str)}
    assert {page.url_name for page in SETTINGS_PAGES if not page.takes_slug} <= names


def test_the_owner_opens_every_line_of_it(as_nora: Client, index: str):
    found = addresses_in(page_of(as_nora, index))
    assert len(found) == len(SETTINGS_PAGES)
    for url in found:
        assert as_nora.get(url).status_code in (200, 302), url


def test_each_role_sees_what_it_may_open_and_nothing_else(as_sam, as_helper, as_adviser, index: str):
    seen = []
    for client in (as_sam, as_helper, as_adviser):
        found = addresses_in(page_of(client, index))
        assert {client.get(url).status_code for url in found} <= {200, 302}
        seen.append(len(found))
    page = page_of(as_helper, index)
    assert "Mail provider" not in page[page.index('id="main"') :]
    assert seen[1] < seen[0] < len(SETTINGS_PAGES)


def test_it_says_what_waits_and_what_is_done(as_nora: Client, bakery: Business, index: str):
    before = page_of(as_nora, index)
    assert "No address that letters come from yet" in before
    assert "Not written yet" in before
    with business_scope(bakery):
        BusinessProfile.objects.update(
            sender_email="hello@example.com", postal_address="1 Mill Lane", town="Bath", core_message="Slow bread."
        )
    after = page_of(as_nora, index)
    assert "Oat &amp; Ember, Bath" in after
    assert "Slow bread." in after
    assert "example.com is not proved yet" in after
    assert "Sending through this installation" in after


def test_the_index_costs_the_same_whatever_stands_there(as_nora: Client, bakery: Business, index: str):
    """Seventeen with the door and the frame: one for the profile, one for each app's figures, one for its lists."""
    counts = []
    for _turn in range(2):
        as_nora.get(index)
        with CaptureQueriesContext(connection) as asked:
            as_nora.get(index)
        counts.append(len(asked))
        with business_scope(bakery):
            for number in range(5):
                make_topic(name=f"Topic {number}")
        make_member(bakery, "staff")
    assert counts[0] == counts[1] <= 17


def test_gus_next_door_does_not_find_it(as_gus: Client, index: str):
    assert as_gus.get(index).status_code == 404
