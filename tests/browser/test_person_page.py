"""One person's page as the team uses it, with scripts and without, wide and narrow."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import Contact, NextStep
from contacts.services.contacts import details_of, edit_contact
from contacts.services.next_steps import NONE_YET, set_next_step
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.browser.conftest import keep_picture
from tests.factories.clocks import today_of
from tests.factories.contacts import make_contact, make_talk


@pytest.fixture
def ana(bakery) -> Contact:
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="212 555 0142", tags=["wedding cake"])
    make_talk(bakery, ana, days_ago=3)
    return ana


def page_of(business: Business, contact: Contact) -> str:
    return reverse("contacts:contact_detail", kwargs={"slug": business.slug, "id": contact.pk})


def put_step(business: Business, contact: Contact, days: int = 0) -> NextStep:
    with business_scope(business):
        return set_next_step(
            contact,
            what="Ring about the wedding cake",
            due_on=today_of(business) + timedelta(days=days),
            assignee=None,
            version=NONE_YET,
            now=now(),
        )


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_next_step_is_set_put_off_done_and_taken_back(visit, nora, bakery, ana, scripts, width):
    visitor = visit(nora, width=width, scripts=scripts)
    page = visitor.open(page_of(bakery, ana))
    page.get_by_text("Set a next step").click()
    page.get_by_label("What is to be done").fill("Ring about the wedding cake")
    page.get_by_role("button", name="Save the step").click()
    step = page.locator("#next-step")
    expect(step).to_contain_text("Next: Ring about the wedding cake Tomorrow, Nora Bell")
    step.get_by_text("Later").click()
    step.get_by_role("button", name="In a month").click()
    page.get_by_role("button", name="Undo").click()
    expect(step).to_contain_text("Tomorrow, Nora Bell")
    step.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Nora Bell did what was next")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(step).to_contain_text("Next: Ring about the wedding cake")
    assert visitor.complaints == []


def test_the_page_of_a_person_with_a_late_step_looks_right(looks_right, nora, sam, bakery, ana):
    step = put_step(bakery, ana)
    with business_scope(bakery):
        NextStep.objects.filter(pk=step.pk).update(due_on=today_of(bakery) - timedelta(days=2))
    looks_right(nora, page_of(bakery, ana), name="person-late-step")
    looks_right(sam, reverse("contacts:next_step_list", kwargs={"slug": bakery.slug}), name="next-steps")
    looks_right(nora, reverse("ecosystem:today", kwargs={"slug": bakery.slug}), name="today-due")


def test_what_is_due_is_done_from_today_and_stays_on_today(visit, nora, bakery, ana):
    put_step(bakery, ana)
    page = visit(nora).open(reverse("ecosystem:today", kwargs={"slug": bakery.slug}))
    page.get_by_role("button", name=re.compile("Done.*Ring about the wedding cake")).click()
    expect(page.get_by_role("heading", name="To be done today")).to_have_count(0)
    expect(page.get_by_text("Done: Ring about the wedding cake.")).to_be_visible()
    keep_picture(page, "today-after")


def test_nothing_is_to_be_done_looks_right(looks_right, nora, bakery):
    looks_right(
        nora, reverse("contacts:next_step_list", kwargs={"slug": bakery.slug}), name="no-steps", widths=(1440, 320)
    )


def test_a_card_that_could_not_come_says_so_and_comes_when_it_is_asked_again(visit, nora, bakery, ana):
    visitor = visit(nora)
    answers = iter([{"status": 500, "body": "<h1>Broken</h1>"}, None])

    def answer(route):
        given = next(answers)
        route.fulfill(**given) if given else route.continue_()

    visitor.context.route("**/cards/pace/", answer)
    page = visitor.open(page_of(bakery, ana))
    expect(page.get_by_role("heading", name="What Ana allows")).to_be_visible()
    card = page.get_by_role("region", name="How often they hear from us")
    expect(card).to_contain_text("This could not be shown just now.")
    expect(page.get_by_text("Broken")).to_have_count(0)
    card.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("button", name="Note it")).to_be_visible()
    expect(page.get_by_text("could not be shown")).to_have_count(0)


def test_a_card_is_a_page_of_its_own_without_scripts(visit, nora, bakery, ana):
    visitor = visit(nora, scripts=False)
    page = visitor.open(page_of(bakery, ana))
    expect(page.locator(".sk").first).to_be_hidden()
    page.get_by_role("link", name="What they allow").click()
    expect(page.get_by_role("heading", name="What Ana allows")).to_be_visible()
    page.get_by_role("link", name="Ana Ruiz").click()
    expect(page.get_by_role("heading", level=1, name="Ana Ruiz")).to_be_visible()
    assert visitor.complaints == []


def test_details_are_edited_where_they_stand_and_by_a_link_without_scripts(visit, nora, bakery, ana):
    visitor = visit(nora, width=1440)
    page = visitor.open(page_of(bakery, ana))
    page.keyboard.press("e")
    expect(page.get_by_label("First name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("First name")).to_have_count(0)
    page.locator('[data-field="phone"]').click(position={"x": 2, "y": 2})
    expect(page.locator('[name="phone"]')).to_be_visible()
    page.get_by_label("First name").fill("Anna")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).given_name == "Anna"
    assert visitor.complaints == []
    plain = visit(nora, scripts=False).open(page_of(bakery, ana))
    plain.get_by_role("link", name="Edit details").click()
    expect(plain.get_by_role("heading", name=re.compile("^Edit "))).to_be_visible()


def test_a_stale_edit_in_place_shows_both_and_loses_nothing(visit, nora, bakery, ana):
    page = visit(nora, width=1440).open(page_of(bakery, ana))
    page.keyboard.press("e")
    page.get_by_label("First name").fill("Mine")
    with business_scope(bakery):
        held = Contact.objects.get(pk=ana.pk)
        edit_contact(held, replace(details_of(held), given_name="Theirs"), version=held.version, actor=None, now=now())
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("First name")).to_have_value("Mine")
    expect(page.get_by_text("Meanwhile somebody saved “Theirs” here.")).to_be_visible()
