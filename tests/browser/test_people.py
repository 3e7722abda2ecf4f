"""Everyone, the ladder, one person and organizations, as people see and use them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import Contact, Interaction
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.browser.conftest import faults_of
from tests.factories.contacts import make_contact, make_organization, make_role, make_talk


@pytest.fixture
def ana(bakery) -> Contact:
    """Ana Ruiz among a few others, with thirty talks behind her."""
    for name, stage in (("Tom Everly", "suspect"), ("Yuki Tanaka", "client"), ("Grace Okafor", "advocate")):
        make_contact(bakery, name, stage=stage, tags=["gone quiet"], at=now() - timedelta(days=200))
    ana = make_contact(
        bakery, "Ana Ruiz", email="ana@example.com", phone="212 555 0142", tags=["wedding cake"], roles=["vendor"]
    )
    for days_ago in range(1, 31):
        make_talk(bakery, ana, days_ago=days_ago)
    make_organization(bakery, "Harbor Mill", main_contact=ana)
    return ana


def url(business, name, contact=None, **more) -> str:
    kwargs = {"slug": business.slug, **more}
    if contact is not None:
        kwargs["id"] = contact.pk
    return reverse(f"contacts:{name}", kwargs=kwargs)


def test_every_page_of_people_looks_right(looks_right, nora, bakery, ana):
    for name, contact in (
        ("contact_list", None),
        ("ladder", None),
        ("contact_detail", ana),
        ("contact_add", None),
        ("contact_edit", ana),
        ("interaction_add", ana),
        ("organization_list", None),
        ("organization_add", None),
    ):
        looks_right(nora, url(bakery, name, contact), name=name)


def test_what_is_empty_or_wrong_looks_right_too(looks_right, nora, bakery):
    looks_right(nora, url(bakery, "contact_list"), name="nobody", widths=(1440, 390))
    looks_right(nora, url(bakery, "contact_list") + "?kind=wizard", name="broken-filter", widths=(390,))
    looks_right(nora, url(bakery, "contact_list") + "?kind=partner", name="no-partner", widths=(390,))
    looks_right(nora, url(bakery, "ladder"), name="empty-ladder", widths=(1440, 390))
    looks_right(nora, url(bakery, "organization_list"), name="no-organization", widths=(390,))


def test_a_name_without_a_gap_pushes_nothing_aside(looks_right, nora, bakery):
    endless = make_contact(bakery, f"Ana {'W' * 80}", tags=["x" * 40], roles=["vendor"])
    make_organization(bakery, "V" * 90, main_contact=endless)
    for name, contact in (("contact_detail", endless), ("contact_edit", endless), ("organization_list", None)):
        looks_right(nora, url(bakery, name, contact), name=f"endless-{name}", widths=(1440, 390))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_talk_at_the_counter_is_two_taps_with_scripts_and_without(visit, nora, bakery, ana, scripts):
    visitor = visit(nora, width=390, scripts=scripts)
    page = visitor.open(url(bakery, "contact_detail", ana))
    page.get_by_role("button", name="Talked at the counter").click()
    page.get_by_role("dialog", name="Talked at the counter").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Written down. Ana Ruiz counts as fed.")).to_be_visible()
    expect(page.get_by_text("Nora Bell talked with them at the counter")).to_have_count(1)
    assert not visitor.complaints
    with business_scope(bakery):
        assert Interaction.objects.filter(contact=ana, kind="visit").count() == 1


def test_what_came_before_is_put_below_without_another_page(visit, nora, bakery, ana):
    visitor = visit(nora)
    failures = iter([lambda route: route.fulfill(status=503, body="<h1>Broken</h1>"), lambda route: route.abort()])
    visitor.context.route("**/timeline/?cursor=*", lambda route: next(failures, type(route).continue_)(route))
    page = visitor.open(url(bakery, "contact_detail", ana))
    lines = page.locator(".tl .disc")
    before = lines.count()
    failed = page.get_by_role("alert").filter(has_text="This could not be shown just now.")
    page.get_by_text("Show the 12 before this").click()
    for _ in ("an error page", "no answer at all"):
        expect(failed).to_have_count(1)
        expect(lines).to_have_count(before)
        expect(page.get_by_text("Show the 12 before this")).to_be_visible()
        with page.expect_request("**/timeline/?cursor=*"):
            failed.get_by_role("button", name="Try again").click()
    expect(lines).to_have_count(before + 12)
    expect(page.get_by_text("before this")).to_have_count(0)
    expect(failed).to_have_count(0)
    expect(page.get_by_role("heading", name="Broken")).to_have_count(0)
    page.reload(wait_until="networkidle")
    visitor.context.clear_cookies()
    page.get_by_text("Show the 12 before this").click()
    page.wait_for_url("**/accounts/login/**")


def test_an_order_works_as_soon_as_it_is_chosen(visit, nora, bakery, ana):
    page = visit(nora).open(url(bakery, "contact_list"))
    page.get_by_label("Order").select_option(label="Names from Z")
    expect(page.locator("tbody tr").first).to_contain_text("Yuki Tanaka")
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Name")


def test_a_part_beside_the_ladder_ends_and_comes_back(visit, nora, bakery, ana):
    make_role(bakery, ana, "partner")
    page = visit(nora, scripts=False).open(url(bakery, "contact_detail", ana))
    page.get_by_role("button", name="End Partner").click()
    expect(page.get_by_text("Ana Ruiz is no longer one of your Partners.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Ana Ruiz is one of your Partners again.")).to_be_visible()


def test_ticked_people_are_tagged_together_and_it_is_taken_back(visit, nora, bakery, ana):
    visitor = visit(nora)
    page = visitor.open(url(bakery, "contact_list"))
    bar = page.get_by_role("form", name="Chosen people")
    expect(bar).to_be_hidden()
    page.get_by_role("checkbox", name="Choose Ana Ruiz").check()
    expect(bar).to_contain_text("1 person chosen")
    page.get_by_role("button", name="Tag").click()
    page.get_by_label("Word", exact=True).fill("gone quiet")
    page.get_by_role("button", name="Put it on them").click()
    expect(page.get_by_text("Changed 1 person.")).to_be_visible()
    expect(page.get_by_role("row", name="Ana Ruiz")).to_contain_text("gone quiet")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    expect(page.get_by_role("row", name="Ana Ruiz")).not_to_contain_text("gone quiet")
    assert visitor.complaints == []


def test_the_bar_for_ticked_people_has_no_fault(visit, nora, bakery, ana):
    for width in (1440, 390):
        page = visit(nora, width=width).open(url(bakery, "contact_list"))
        page.get_by_role("checkbox", name="Choose Ana Ruiz").check()
        assert faults_of(page) == []
