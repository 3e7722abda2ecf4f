"""Letters: written with chips, kept by the browser, looked at in a closed frame."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.models import Content
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BusinessProfile
from tests.factories.contacts import make_contact
from tests.factories.permission import make_topic

BODY = """Hello {{ contact.first_name }},

you asked us to tell you when the **rye** is back. It is, from Thursday, at seven in the morning.

- [Keep one for me](https://example.com/keep)
- [The menu of the week](https://example.com/menu)

Nora"""


@pytest.fixture
def letter(bakery) -> Content:
    with business_scope(bakery):
        BusinessProfile.objects.update(
            sender_name="Nora", sender_email="nora@example.com", postal_address="12 Tulip Street, Marlow Bend"
        )
        make_topic()
        return Content.objects.create(
            name="Rye is back",
            subject="The rye is back, {{ first_name }}",
            preheader="On Thursday, at seven",
            body=BODY,
            button_label="Keep a loaf for me",
            button_url="https://example.com/loaf",
        )


def url(business, name, letter=None) -> str:
    kwargs = {"slug": business.slug} | ({"id": letter.pk} if letter else {})
    return reverse(f"campaigns:{name}", kwargs=kwargs)


def kept(business) -> Content:
    with business_scope(business):
        return Content.objects.get()


def test_every_page_of_letters_looks_right(looks_right, nora, sam, bakery, letter):
    for name in ("content_list", "content_edit", "content_preview"):
        looks_right(nora, url(bakery, name, None if name == "content_list" else letter), name=name)
    looks_right(nora, url(bakery, "content_preview", letter) + "?width=phone", name="content_phone", widths=(390,))
    looks_right(nora, url(bakery, "content_add"), name="content_add", widths=(1440, 390))
    looks_right(sam, url(bakery, "content_edit", letter), name="content_read", widths=(390,))


def test_an_empty_list_of_letters_looks_right(looks_right, nora, bakery):
    looks_right(nora, url(bakery, "content_list"), name="no-letters", widths=(1440, 390))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_letter_is_written_and_corrected(visit, nora, bakery, scripts):
    page = visit(nora, width=390, scripts=scripts).open(url(bakery, "content_add"))
    page.get_by_label("Name").fill("Welcome")
    page.get_by_label("Subject").fill("Hello")
    page.locator("#id_body").fill("Hello {{ fist_name }}, come by.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing to fix: Letter")
    expect(page.locator("#id_body")).to_have_value("Hello {{ fist_name }}, come by.")
    page.locator("#id_body").fill("Hello {{ first_name }}, come by.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    assert kept(bakery).body == "Hello {{ first_name }}, come by."


def test_a_chip_puts_its_tag_where_the_cursor_is(visit, nora, bakery, letter):
    page = visit(nora).open(url(bakery, "content_edit", letter))
    page.locator("#id_subject").fill("Dear , bread")
    page.locator("#id_subject").evaluate("field => field.setSelectionRange(5, 5)")
    page.locator("#id_subject").focus()
    page.get_by_role("button", name="First name").click()
    expect(page.locator("#id_subject")).to_have_value("Dear {{ contact.first_name }}, bread")


def test_words_that_were_not_saved_come_back(visit, nora, bakery, letter):
    visitor = visit(nora)
    page = visitor.open(url(bakery, "content_edit", letter))
    page.locator("#id_body").fill("Half a thought")
    page.close()
    page = visitor.open(url(bakery, "content_edit", letter))
    expect(page.locator("#id_body")).to_have_value(BODY)
    page.get_by_role("button", name="Bring them back").click()
    expect(page.locator("#id_body")).to_have_value("Half a thought")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This browser kept words")).to_be_hidden()
    assert kept(bakery).body == "Half a thought"


def test_the_preview_is_drawn_in_its_own_styles_and_runs_nothing(visit, nora, bakery, letter):
    with business_scope(bakery):
        zoe = make_contact(bakery, "Zoë Adams", email="zoe@example.com")
    visitor = visit(nora)
    page = visitor.open(url(bakery, "content_preview", letter))
    page.get_by_label("Person", exact=True).select_option(label="Zoë Adams")
    expect(page.get_by_text("The rye is back, Zoë")).to_be_visible()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Hello Zoë,")).to_be_visible()
    button = frame.get_by_role("link", name="Keep a loaf for me")
    assert button.evaluate("link => getComputedStyle(link).backgroundColor") == "rgb(20, 81, 62)"
    footer = frame.get_by_role("link", name="Stop these letters")
    expect(footer).to_be_visible()
    assert zoe.pk is not None
    assert visitor.complaints == []
