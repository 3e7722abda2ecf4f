"""Everyone in each of its states, the palette, and the keys, as people see and use them."""

import json
import re
import time

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import Contact, ContactTag, PeopleView
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.services.jobs import work_jobs
from tests.browser.conftest import faults_of, keep_picture
from tests.factories.contacts import make_contact, make_contacts
from tests.factories.permission import make_topic, say_yes


def everyone_url(business, query: str = "") -> str:
    return reverse("contacts:contact_list", kwargs={"slug": business.slug}) + query


@pytest.fixture
def crowd(bakery) -> list[Contact]:
    """More than a page of people."""
    people = make_contacts(bakery, 60, stage="client")
    with business_scope(bakery):
        topic = make_topic("Bread news")
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", tags=["wedding cake"])
    with business_scope(bakery):
        say_yes(ana, topic)
    return [*people, ana]


def found_in(page):
    """What the palette shows."""
    return page.get_by_role("listbox", name="What was found")


def test_every_state_of_everyone_looks_right(looks_right, nora, bakery):
    looks_right(nora, everyone_url(bakery), name="everyone-empty", widths=(1440, 390))
    looks_right(nora, everyone_url(bakery, "?touched=fortnight"), name="everyone-error", widths=(1440, 320))
    make_contacts(bakery, 60, stage="client")
    full = "?stage=client&touched=month&sort=quiet"
    looks_right(nora, everyone_url(bakery, full), name="everyone-full", widths=(1440, 390, 320))
    nobody = "?stage=suspect&touched=never&source=api"
    looks_right(nora, everyone_url(bakery, nobody), name="everyone-nobody", widths=(1440, 390))


@pytest.mark.parametrize("scripts", [True, False])
def test_filters_are_chosen_in_a_dialog_and_taken_away_one_by_one(visit, nora, bakery, crowd, scripts):
    visitor = visit(nora, width=390, scripts=scripts)
    page = visitor.open(everyone_url(bakery))
    page.get_by_role("button", name="Add a filter").click()
    dialog = page.get_by_role("dialog", name="Show only some")
    dialog.get_by_label("Tag", exact=True).select_option(label="wedding cake")
    dialog.get_by_label("Said yes to").select_option(label="Bread news by email")
    dialog.get_by_role("button", name="Show them").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Ana Ruiz")).to_be_visible()
    page.get_by_role("link", name="Filter on: wedding cake").click()
    expect(page.get_by_role("link", name="Filter on: Bread news by email")).to_be_visible()
    page.get_by_role("link", name="Filter on: Bread news by email").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    if scripts:
        assert page.url.endswith("/contacts/?") or re.search(r"\?sort=newest$", page.url), page.url
    assert visitor.complaints == []


def test_all_who_match_are_tagged_on_a_phone_and_it_is_taken_back(visit, nora, bakery, crowd):
    page = visit(nora, width=390).open(everyone_url(bakery, "?stage=client&sort=name"))
    page.get_by_role("checkbox", name=re.compile("^Choose Person")).first.check()
    page.get_by_role("checkbox", name="all 60 who match").check()
    page.get_by_role("button", name="Tag").click()
    page.get_by_label("Word", exact=True).fill("spring")
    page.get_by_role("button", name="Put it on them").click()
    expect(page).to_have_url(re.compile("/contacts/change/"))
    assert tagged(bakery, "spring") == 60
    page.get_by_role("button", name="Take it all back").click()
    expect(page.get_by_text("Taken back").first).to_be_visible()
    assert tagged(bakery, "spring") == 0


def tagged(business, word: str) -> int:
    """How many have a tag once what is waited for is done."""
    while work_jobs(business.pk, now()):
        pass
    with business_scope(business):
        return ContactTag.objects.filter(tag__name=word).count()


def test_the_order_is_turned_by_its_header(visit, nora, bakery, crowd):
    page = visit(nora).open(everyone_url(bakery))
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")
    expect(page.locator("tbody tr").first).to_contain_text("Ana Ruiz")
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Name")


def test_the_palette_is_used_by_keyboard_alone_and_gives_the_keyboard_back(visit, nora, bakery, crowd):
    visitor = visit(nora)
    page = visitor.open(everyone_url(bakery))
    page.get_by_role("link", name="Name", exact=True).focus()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find a person, a page or something to do")
    expect(field).to_be_focused()
    expect(found_in(page).get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.get_by_role("link", name="Name", exact=True)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("rui")
    expect(found_in(page).get_by_role("option", selected=True)).to_contain_text("Ana Ruiz")
    chosen = found_in(page).get_by_role("option", selected=True).get_attribute("id")
    assert field.get_attribute("aria-activedescendant") == chosen
    assert faults_of(page) == []
    keep_picture(page, "palette-1440")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()
    assert visitor.complaints == []


def test_the_palette_says_when_it_could_not_look(visit, nora, bakery, crowd):
    visitor = visit(nora)
    page = visitor.open(everyone_url(bakery))
    visitor.context.set_offline(True)
    page.keyboard.press("Control+k")
    expect(page.get_by_text("We could not look just now.")).to_be_visible()
    visitor.context.set_offline(False)
    page.keyboard.type("ana")
    expect(found_in(page).get_by_role("option", name=re.compile("Ana Ruiz"))).to_be_visible()
    expect(page.get_by_text("We could not look just now.")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_phone_finds_people_by_the_field_at_the_top(visit, nora, bakery, crowd, scripts):
    page = visit(nora, width=390, scripts=scripts).open(everyone_url(bakery))
    page.get_by_role("link", name="Find or do anything").click()
    if scripts:
        page.get_by_role("combobox", name="Find a person, a page or something to do").fill("ana")
        found_in(page).get_by_role("option", name=re.compile("Ana Ruiz")).click()
    else:
        page.get_by_role("searchbox").fill("ana")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Ana Ruiz").click()
    expect(page.get_by_role("heading", name="Ana Ruiz", level=1)).to_be_visible()


def test_the_page_that_finds_looks_right(looks_right, nora, bakery, crowd):
    url = reverse("ecosystem:find", kwargs={"slug": bakery.slug})
    looks_right(nora, f"{url}?q=ana", name="find")
    looks_right(nora, f"{url}?q=zzzz", name="find-nothing", widths=(390,))


def test_keys_walk_the_list_go_places_and_can_be_switched_off(visit, nora, bakery, crowd):
    page = visit(nora).open(everyone_url(bakery))
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tbody tr").nth(1).get_by_role("checkbox")).to_be_checked()
    page.keyboard.press("?")
    help = page.get_by_role("dialog", name="Keys")
    expect(help).to_be_visible()
    assert faults_of(page) == []
    help.get_by_role("checkbox", name=re.compile("Single keys work")).uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("tbody tr").nth(0).get_by_role("checkbox")).not_to_be_checked()
    page.keyboard.press("?")
    expect(help).to_be_hidden()
    page.get_by_role("button", name="You and your settings").click()
    page.get_by_role("button", name="Keys", exact=True).click()
    help.get_by_role("checkbox", name=re.compile("Single keys work")).check()
    page.keyboard.press("Escape")
    for key, place in (("l", "/ladder/"), ("t", f"/b/{bakery.slug}/$"), ("p", "/contacts/"), ("s", "/sequences/")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(place))
        page.wait_for_load_state()


def test_an_order_is_chosen_by_arrow_keys_one_by_one_and_shown_when_asked(visit, nora, bakery, crowd):
    page = visit(nora).open(everyone_url(bakery))
    order = page.get_by_label("Order")
    order.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(order).to_have_value("name")
    expect(page).not_to_have_url(re.compile("sort="))
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort=name"))
    page.get_by_label("Order").click()
    page.get_by_label("Order").select_option("oldest")
    expect(page).to_have_url(re.compile("sort=oldest"))


# What a list shows while the next one is on its way, kept over the change of pages.
_REMEMBER = """() => {
  const seen = () => ({
    rows: [...document.querySelectorAll('[data-waiting] .row')].filter(row => row.checkVisibility()).length,
    says: document.querySelector('[data-waiting] [role=status]').textContent,
    old: document.querySelector('tbody').checkVisibility(),
  })
  sessionStorage.before = JSON.stringify(seen())
  setInterval(() => { sessionStorage.after = JSON.stringify(seen()) }, 50)
}"""


@pytest.mark.parametrize("seconds", [0, 1.5])
def test_a_slow_list_shows_rows_without_words_and_says_that_it_looks(visit, nora, bakery, crowd, seconds):
    visitor = visit(nora)
    page = visitor.open(everyone_url(bakery))
    page.evaluate(_REMEMBER)

    def answer(route):
        time.sleep(seconds)
        route.fulfill(body="<title>Here</title>", content_type="text/html")

    page.route("**/contacts/?kind=client*", answer)
    page.get_by_role("navigation", name="Kinds").get_by_role("link", name="Clients").click()
    expect(page).to_have_title("Here")
    before, after = (json.loads(page.evaluate(f"sessionStorage.{when} || 'null'")) for when in ("before", "after"))
    assert before == {"rows": 0, "says": "", "old": True}
    if seconds:
        assert after == {"rows": 8, "says": "Looking for them.", "old": False}
    else:
        assert after in (None, before)
    assert visitor.complaints == []


def test_a_filter_is_kept_as_a_view_and_opened_again(visit, looks_right, nora, bakery, crowd):
    visitor = visit(nora, width=390)
    page = visitor.open(everyone_url(bakery, "?kind=client&touched=week"))
    page.get_by_role("button", name="Keep this view").click()
    dialog = page.get_by_role("dialog", name="Keep this view")
    dialog.get_by_label("Name").fill("Fresh clients")
    dialog.get_by_label("Show it to the whole team").check()
    dialog.get_by_role("button", name="Keep it").click()
    tab = page.get_by_role("navigation", name="Kept views").get_by_role("link", name="Fresh clients")
    expect(tab).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Change this view").click()
    page.get_by_label("Name").fill("New clients")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("navigation", name="Kept views").get_by_role("link", name="New clients")).to_be_visible()
    looks_right(nora, everyone_url(bakery, "?kind=client&touched=week"), name="everyone-views", widths=(1440, 390, 320))
    with business_scope(bakery):
        view = PeopleView.objects.get()
    edit = reverse("contacts:people_view_edit", kwargs={"slug": bakery.slug, "id": view.pk})
    looks_right(nora, edit, name="view-edit", widths=(1440, 390, 320))
