"""The settings as people use them: found, changed and looked at, wide and narrow, light and dark."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile

PAGES = ("settings", "brand", "privacy", "terms", "me", "close", "profile")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_of_settings_looks_right(looks_right, nora, bakery, name):
    looks_right(nora, reverse(f"ecosystem:{name}", kwargs={"slug": bakery.slug}), name=f"settings-{name}")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_look_shows_what_was_typed_in_a_closed_frame(visit, nora, bakery, scripts):
    visitor = visit(nora, width=1440, scripts=scripts)
    page = visitor.open(reverse("ecosystem:brand", kwargs={"slug": bakery.slug}))
    page.get_by_role("textbox", name="Your headline").fill("Bread that waits for you.")
    for what in ("The opt-in page", "The preference page", "A letter", "A text"):
        page.get_by_label("Show").select_option(label=what)
        page.get_by_label("On", exact=True).select_option(label="A phone")
        page.get_by_role("button", name="Look at it").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_text("Oat & Ember").first).to_be_visible()
        if what == "The opt-in page":
            expect(frame.get_by_role("heading", name="Bread that waits for you.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your headline")).to_have_value("Bread that waits for you.")
    assert visitor.complaints == []
    with business_scope(bakery):
        assert BusinessProfile.objects.get().core_message == ""


def test_settings_are_found_by_phone_and_keyboard(visit, nora, bakery):
    page = visit(nora, width=390).open(reverse("ecosystem:today", kwargs={"slug": bakery.slug}))
    page.get_by_role("button", name="More").click()
    page.locator("#more").get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    link = page.get_by_role("link", name="Your business", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("What is it called?")).to_have_value("Oat & Ember")
