"""The ladder board as it is used: by menu, keyboard, mouse and finger, with scripts and without."""

import re
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from contacts.models import Contact, Tag
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business
from tests.browser.conftest import faults_of, keep_picture
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import make_member, make_user


@pytest.fixture
def ana(bakery) -> Contact:
    for name, stage in (("Tom Everly", "suspect"), ("Yuki Tanaka", "client"), ("Grace Okafor", "advocate")):
        make_contact(bakery, name, stage=stage, at=now() - timedelta(days=200))
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com")


def board_url(business: Business) -> str:
    return reverse("contacts:ladder", kwargs={"slug": business.slug})


def stage_of(business: Business, contact: Contact) -> str | None:
    with business_scope(business):
        return Contact.objects.get(pk=contact.pk).stage


def in_lane(page: Page, stage: str, name: str = "Ana Ruiz"):
    return page.locator(f'[data-lane="{stage}"] .pc', has_text=name)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_menu_moves_a_card_asks_why_and_the_toast_puts_it_back(visit, nora, bakery, ana, scripts, width):
    visitor = visit(nora, width=width, scripts=scripts)
    page = visitor.open(board_url(bakery))
    page.get_by_label("Move Ana Ruiz").click()
    page.locator(".pc", has_text="Ana Ruiz").get_by_role("button", name="Client", exact=True).click()
    page.get_by_role("button", name="Bought something").click()
    expect(page.get_by_text("Moved Ana Ruiz to Clients.")).to_be_visible()
    expect(in_lane(page, "client")).to_have_count(1)
    expect(page.get_by_role("region", name="Who rose this week, and why")).to_contain_text("Bought something")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Ana Ruiz is back where they were.")).to_be_visible()
    expect(in_lane(page, "prospect")).to_have_count(1)
    assert visitor.complaints == []


def test_the_keyboard_moves_a_card_and_goes_on_from_it(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    page.get_by_role("link", name="Ana Ruiz").first.focus()
    page.keyboard.press("m")
    says = page.locator("[data-board-says]")
    expect(says).to_have_text("Arrows move the card, Enter keeps it there, Escape puts it back.")
    page.keyboard.press("ArrowRight")
    expect(says).to_have_text("Clients")
    page.keyboard.press("Escape")
    expect(in_lane(page, "prospect")).to_have_count(1)
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Why this move?")
    expect(dialog.get_by_label("In a few words")).to_be_focused()
    page.keyboard.type("Sends us her whole street")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Moved Ana Ruiz to Advocates.")).to_be_visible()
    expect(in_lane(page, "advocate").get_by_role("link")).to_be_focused()
    assert stage_of(bakery, ana) == "advocate"


def test_going_elsewhere_lets_go_of_a_card_and_enter_is_for_where_one_is(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    page.get_by_role("link", name="Ana Ruiz").first.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    expect(in_lane(page, "client")).to_have_count(1)
    page.locator(".pc", has_text="Yuki Tanaka").get_by_role("link").focus()
    expect(in_lane(page, "prospect")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Yuki Tanaka", level=1)).to_be_visible()
    assert stage_of(bakery, ana) == "prospect"


def test_m_holds_no_card_where_single_keys_are_off(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    page.evaluate("localStorage.setItem('single-keys', 'off')")
    page.get_by_role("link", name="Ana Ruiz").first.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    expect(in_lane(page, "prospect")).to_have_count(1)
    expect(page.locator(".pc.held")).to_have_count(0)


def test_escape_in_the_question_puts_the_card_back(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    page.get_by_role("link", name="Ana Ruiz").first.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Why this move?")
    dialog.get_by_role("button", name="Move to Client").click()
    expect(dialog).to_contain_text("Write a word or two, or choose one of the reasons.")
    assert faults_of(page) == []
    keep_picture(page, "ladder-why")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(in_lane(page, "prospect")).to_have_count(1)
    expect(page.get_by_role("link", name="Ana Ruiz").first).to_be_focused()
    assert stage_of(bakery, ana) == "prospect"


def test_the_mouse_drags_a_card(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    grip = page.locator(".pc", has_text="Ana Ruiz").locator("[data-grip]")
    grip.drag_to(page.locator('[data-lane="client"] [data-cards] .pc').first)
    page.get_by_role("dialog").get_by_role("button", name="Paid a deposit").click()
    expect(page.get_by_text("Moved Ana Ruiz to Clients.")).to_be_visible()
    assert stage_of(bakery, ana) == "client"


def test_a_finger_drags_a_card(browser, visit, nora, bakery, ana):
    page = visit(nora, width=1024).open(board_url(bakery))
    start = page.locator(".pc", has_text="Ana Ruiz").locator("[data-grip]").bounding_box()
    end = page.locator('[data-lane="suspect"] li.pc').first.bounding_box()
    touch = page.context.new_cdp_session(page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    to_x, to_y = end["x"] + end["width"] / 2, end["y"] + end["height"] / 2
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 13):
        point = {"x": x + (to_x - x) * step / 12, "y": y + (to_y - y) * step / 12}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        page.wait_for_timeout(40)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.get_by_role("dialog").get_by_role("button", name="Moved up by mistake").click()
    expect(page.get_by_text("Moved Ana Ruiz to Suspects.")).to_be_visible()
    assert stage_of(bakery, ana) == "suspect"


def test_a_card_whose_move_was_not_kept_is_back_in_its_lane(visit, nora, bakery, ana):
    page = visit(nora).open(board_url(bakery))
    page.context.set_offline(True)
    page.locator(".pc", has_text="Ana Ruiz").locator("[data-grip]").drag_to(page.locator('[data-lane="client"] li.pc'))
    expect(page.locator("#toasts")).to_contain_text("That was not kept, and Ana Ruiz is back in their lane.")
    expect(in_lane(page, "prospect")).to_have_count(1)
    keep_picture(page, "ladder-not-kept")
    assert stage_of(bakery, ana) == "prospect"


def given_up(route: Route) -> None:
    """An answer that lets wait until the way to it is left."""
    time.sleep(0.8)
    route.abort("aborted")


def test_a_slow_board_shows_cards_without_words_until_it_comes_or_is_left_alone(visit, nora, bakery, ana):
    visitor = visit(nora)
    page = visitor.open(board_url(bakery))
    page.route("**/ladder/?step=*", given_up)
    page.evaluate("document.querySelector('a.chip').click()")
    expect(page.locator("[data-waiting] .pc:visible")).to_have_count(3 * page.locator("[data-lane]").count())
    expect(page.get_by_role("status").filter(has_text="Looking for them.")).to_have_count(1)
    expect(in_lane(page, "prospect")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(in_lane(page, "prospect")).to_be_visible()
    expect(page.locator("[data-waiting] .pc:visible")).to_have_count(0)
    assert visitor.complaints == []


def test_somebody_else_was_quicker(visit, nora, sam, bakery, ana):
    mine, theirs = visit(nora).open(board_url(bakery)), visit(sam).open(board_url(bakery))
    theirs.get_by_label("Move Ana Ruiz").click()
    theirs.locator(".pc", has_text="Ana Ruiz").get_by_role("button", name="Suspect", exact=True).click()
    theirs.get_by_role("button", name="Moved up by mistake").click()
    expect(theirs.get_by_text("Moved Ana Ruiz to Suspects.")).to_be_visible()
    mine.get_by_label("Move Ana Ruiz").click()
    mine.locator(".pc", has_text="Ana Ruiz").get_by_role("button", name="Client", exact=True).click()
    expect(mine.get_by_text("Sam Reed moved Ana Ruiz meanwhile: Suspect.")).to_be_visible()
    expect(in_lane(mine, "suspect")).to_have_count(1)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_lane_opens_by_twenties(visit, nora, bakery, scripts):
    for number in range(45):
        make_contact(bakery, f"Person {number:02}", stage="client")
    page = visit(nora, scripts=scripts).open(board_url(bakery))
    cards = page.locator('[data-lane="client"] li.pc')
    expect(cards).to_have_count(20)
    page.get_by_role("link", name="See 25 more").click()
    if scripts:
        expect(cards).to_have_count(40)
        page.get_by_role("link", name="See more").click()
        expect(cards).to_have_count(45)
        page.get_by_label("Move Person 03").click()
        page.locator(".pc", has_text="Person 03").get_by_role("button", name="Advocate", exact=True).click()
        page.get_by_role("button", name="Tells others about us").click()
        expect(page.get_by_text("Moved Person 03 to Advocates.")).to_be_visible()
    else:
        expect(page.get_by_role("heading", name="Clients")).to_be_visible()
        expect(page.locator(".pc")).to_have_count(20)


def test_on_a_phone_one_lane_at_a_time_snaps_into_place(visit, nora, bakery, ana):
    page = visit(nora, width=390).open(board_url(bakery))
    board, second = page.locator("[data-board]"), page.locator("[data-lane]").nth(1)
    assert page.locator("[data-lane]").first.bounding_box()["width"] > 390 * 0.7
    board.evaluate("board => board.scrollTo({left: 260, behavior: 'instant'})")
    page.wait_for_timeout(600)
    assert 0 <= second.bounding_box()["x"] <= 40


def test_the_board_of_nobody_says_how_to_begin(looks_right, visit, nora, bakery):
    looks_right(nora, board_url(bakery), name="ladder-nobody", widths=(1440, 320))
    page = visit(nora).open(board_url(bakery))
    expect(page.get_by_text("Nobody stands on your ladder yet")).to_be_visible()
    page.get_by_role("link", name="Bring in a list").click()
    expect(page).to_have_url(re.compile("/contacts/imports/"))


@pytest.mark.parametrize("role", ["helper", "adviser"])
def test_who_may_only_look_sees_the_board_without_handles(looks_right, visit, bakery, ana, role):
    reader = make_member(bakery, role, make_user("Max Bell", email="max@example.com"))
    looks_right(reader, board_url(bakery), name=f"ladder-{role}", widths=(390,))
    page = visit(reader).open(board_url(bakery))
    expect(page.get_by_text("Where each person stands.")).to_be_visible()
    expect(page.locator("[data-grip]")).to_have_count(0)
    expect(page.get_by_label("Move Ana Ruiz")).to_have_count(0)


def test_the_question_on_its_own_page_looks_right(visit, nora, bakery, ana):
    page = visit(nora, scripts=False, width=390).open(board_url(bakery))
    page.get_by_label("Move Ana Ruiz").click()
    page.locator(".pc", has_text="Ana Ruiz").get_by_role("button", name="Client", exact=True).click()
    expect(page.get_by_role("heading", name="Why does Ana Ruiz move?")).to_be_visible()
    keep_picture(page, "ladder-why-390")
    page.get_by_role("link", name="Not now").click()
    expect(in_lane(page, "prospect")).to_have_count(1)


def test_a_narrowed_board_looks_right_with_people_with_nobody_and_when_it_is_not_understood(looks_right, nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client", tags=["wedding cake"])
    with business_scope(bakery):
        tag = Tag.objects.get().pk
    board = reverse("contacts:ladder", kwargs={"slug": bakery.slug})
    looks_right(nora, f"{board}?tag={tag}", name="ladder-narrowed", widths=(1440, 390, 320))
    looks_right(nora, f"{board}?tag={tag}&step=1", name="ladder-nobody", widths=(1440, 390))
    looks_right(nora, f"{board}?step=maybe", name="ladder-error", widths=(1440, 320))
