"""Today and its neighbours as people see them."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.interactions import record_interaction
from contacts.services.roles import assign_role
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile, User
from tests.browser.conftest import faults_of, keep_picture


@pytest.fixture
def slug(bakery) -> str:
    """A bakery with a few people: vendors starve, clients are fed."""
    with business_scope(bakery):
        moment = now()
        for number in range(12):
            ana = add_contact(
                ContactDetails(given_name=f"Ana {number}"),
                source="staff",
                actor=None,
                now=moment - timedelta(days=200),
                stage=("suspect", "prospect", "client", "advocate")[number % 4],
            )
            record_interaction(ana, kind="call", source="staff", occurred_at=moment - timedelta(days=number * 4))
        jonas = add_contact(
            ContactDetails(given_name="Jonas", family_name="Adeyemi"),
            source="staff",
            actor=None,
            now=moment - timedelta(days=300),
        )
        assign_role("vendor", contact=jonas, now=moment - timedelta(days=300), actor=None)
        BusinessProfile.objects.update(core_message="Slow bread for a fast town.")
    return bakery.slug


@pytest.mark.parametrize(
    "name", ["today", "health_explained", "core_message", "core_message_edit"], ids=lambda name: name
)
def test_a_page_is_readable_by_everybody_everywhere(looks_right, nora: User, slug: str, name: str):
    looks_right(nora, reverse(f"ecosystem:{name}", kwargs={"slug": slug}), name=name)


def test_an_empty_business_is_readable_too(looks_right, nora: User, bakery):
    looks_right(nora, reverse("ecosystem:today", kwargs={"slug": bakery.slug}), name="today-empty")


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_the_way_in_is_readable_by_everybody(looks_right, transactional_db, name: str):
    looks_right(None, reverse(name), name=name)


@pytest.mark.parametrize("name", ["account_change_password", "mfa_index", "usersessions_list", "account_email"])
def test_the_pages_of_a_login_are_readable_by_everybody(looks_right, nora: User, name: str):
    looks_right(nora, reverse(name), name=name)


def test_what_is_not_there_says_so(looks_right, nora: User):
    looks_right(nora, "/b/nobody-is-here/", name="404")


def test_menus_open_and_the_theme_stays_with_the_person(visit, nora: User, slug: str):
    visitor = visit(nora)
    page = visitor.open(f"/b/{slug}/")
    page.click(".side .you button.tenant")
    page.click("#you button[value=dark]")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_timeout(300)
    assert visit(nora).open(f"/b/{slug}/").evaluate("document.documentElement.dataset.theme") == "dark"
    assert visitor.complaints == []


def test_without_scripts_the_theme_the_menu_and_the_period_work(visit, nora: User, slug: str):
    page = visit(nora, scripts=False).open(f"/b/{slug}/")
    page.click(".side [data-theme-form] button")
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)
    page.click("text=7 days")
    expect(page.locator(".seg [aria-current]")).to_have_text("7 days")
    page.click(".side .you button.tenant")
    page.click("text=Log out")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_slow_figures_are_waited_for_and_those_that_cannot_come_leave_the_old_ones_with_their_hour(visit, nora, slug):
    visitor = visit(nora)
    page = visitor.open(f"/b/{slug}/")
    answers: list[str] = ["never", "broken"]

    def answer(route):
        said = answers.pop(0) if answers else "as it is"
        if said != "never":
            route.fulfill(status=503) if said == "broken" else route.continue_()

    page.route("**/?period=*", answer)
    map, periods = page.locator("svg.wide"), page.get_by_role("group", name="Period")
    says = page.get_by_role("status").filter(has_text="Reading the figures.")
    periods.get_by_role("link", name="7 days").click()
    expect(says).to_have_count(1)
    expect(map).to_be_hidden()
    keep_picture(page, "today-loading")
    page.keyboard.press("Escape")
    expect(map).to_be_visible()
    expect(page.get_by_text("could not come")).to_be_hidden()
    periods.get_by_role("link", name="7 days").click()
    expect(page.get_by_text(re.compile(r"New figures could not come\. These are as of \d"))).to_be_visible()
    expect(periods.locator("[aria-current]")).to_have_text("30 days")
    expect(map).to_be_visible()
    assert faults_of(page) == []
    keep_picture(page, "today-error")
    page.get_by_role("link", name="Try again").click()
    expect(periods.locator("[aria-current]")).to_have_text("7 days")
    expect(page).to_have_url(re.compile(r"\?period=7$"))
    expect(page.get_by_text("could not come")).to_be_hidden()
    assert visitor.complaints == []


def test_a_phone_reaches_everything_from_the_bar_at_the_bottom(visit, nora: User, slug: str):
    page = visit(nora, width=390).open(f"/b/{slug}/")
    page.click(".tabbar button")
    page.click("#more >> text=Core message")
    page.wait_for_url("**/core-message/")


def test_the_map_leads_to_the_people_of_a_kind(visit, nora: User, slug: str):
    page = visit(nora).open(f"/b/{slug}/")
    page.locator('svg.wide a[data-kind="client"]').click()
    page.wait_for_url("**/contacts/?kind=client")
