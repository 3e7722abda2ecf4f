"""The pages of permission as customers and the team see them, and the walk from a yes to a leaving without scripts."""

from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from campaigns.models import Message, Signup
from campaigns.queries.signups import confirm_url
from campaigns.services.messages import plan_message
from contacts.models import Contact, Topic
from ecosystem.base.addresses import address_hash
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, User
from tests.browser.conftest import faults_of, keep_picture
from tests.factories.permission import join_url, make_form, make_person, make_topic, say_yes


@dataclass(frozen=True)
class Shop:
    """A bakery with an opt-in page, a person who said yes, and the links of a letter to her."""

    business: Business
    person: Contact
    topic: Topic
    form_id: str
    join: str
    leave: str
    preferences: str


@pytest.fixture
def shop(bakery: Business) -> Shop:
    with business_scope(bakery):
        BusinessProfile.objects.update(
            sender_name="Oat & Ember", sender_email="hello@example.com", postal_address="12 Tulip Street, Marlow Bend"
        )
        letters = make_topic("The five letters", "Five in two weeks, then nothing unless you ask for more")
        season = make_topic("What is in season", "About twice a month")
        make_topic("Offers", "At most once a month", promised_count=1)
        form = make_form(letters, season, headline="Keep your starter alive. We will walk you home.")
        priya = make_person("priya@example.com", "Priya")
        say_yes(priya, letters)
        say_yes(priya, season)
        message = plan_message(
            idem_key="s:1", message_class="marketing", lane="sequence", contact=priya, topic=season,
            address="priya@example.com", address_hash=address_hash("email", "priya@example.com"), merge={},
        )  # fmt: skip
        Message.objects.update(state="accepted", accepted_at=timezone.now())
        tokens = MessageSigner(bakery.id).tokens(message.id)
        return Shop(
            bakery, priya, season, str(form.id), join_url(bakery, form),
            f"/u/{tokens.unsubscribe}", f"/prefs/{tokens.preferences}",
        )  # fmt: skip


def confirm_path(shop: Shop) -> str:
    """The confirm link of the newest submission."""
    with business_scope(shop.business):
        signup = Signup.objects.latest("created_at")
    return "/c/" + confirm_url(shop.business.id, signup.id).rpartition("/")[2]


def test_what_customers_open_is_readable_by_everybody_everywhere(looks_right, shop: Shop):
    looks_right(None, shop.join, name="join")
    looks_right(None, shop.join + "?sent", name="sent")
    looks_right(None, shop.leave, name="leave")
    looks_right(None, shop.preferences, name="preferences")
    for name in ("sent", "copy", "erasure"):
        looks_right(None, f"{shop.preferences}/{name}", name=f"preferences-{name}")
    looks_right(None, "/c/cut-in-two", name="lost", widths=(1440, 320))


def test_what_the_team_opens_is_readable_by_everybody_everywhere(looks_right, nora: User, shop: Shop):
    base = f"/b/{shop.business.slug}/"
    person = f"{base}contacts/{shop.person.id}/"
    for name, path in (
        ("topics", "topics/"),
        ("topic-new", "topics/new/"),
        ("opt-in", "opt-in/"),
        ("opt-in-new", "opt-in/new/"),
        ("opt-in-edit", f"opt-in/{shop.form_id}/"),
        ("opt-in-preview", f"opt-in/{shop.form_id}/preview/"),
        ("data", "contacts/data/"),
        ("person-data", f"contacts/{shop.person.id}/data/"),
        ("person-erase", f"contacts/{shop.person.id}/data/erase/"),
        ("proof", f"contacts/{shop.person.id}/permission/{shop.topic.id}/proof/"),
    ):
        looks_right(nora, base + path, name=name, widths=(1440, 390))
    looks_right(nora, person, name="person", widths=(1440, 390))


@pytest.mark.parametrize("width", [1440, 390])
def test_a_visitor_says_yes_confirms_and_leaves_without_scripts(visit, shop: Shop, width: int):
    visitor = visit(width=width, scripts=False)
    page = visitor.open(shop.join)
    assert page.locator("input[type=checkbox]:checked").count() == 0
    page.get_by_label("First name").fill("Hannah")
    page.get_by_role("textbox", name="Email").fill("hannah@weiss")
    page.get_by_label("What is in season").check()
    page.wait_for_timeout(2100)
    page.get_by_role("button", name="Send me one letter").click()
    expect(page.locator("body")).to_contain_text("That address looks cut short.")
    assert page.get_by_label("First name").input_value() == "Hannah"
    keep_picture(page, f"join-error-{width}")
    page.get_by_role("textbox", name="Email").fill("hannah@example.com")
    page.get_by_label("What is in season").check()
    page.get_by_role("button", name="Send me one letter").click()
    expect(page.locator("body")).to_contain_text("look into your mailbox")
    page = visitor.open(confirm_path(shop))
    keep_picture(page, f"confirm-{width}")
    page.get_by_role("button", name="Yes, write to me").click()
    expect(page.locator("body")).to_contain_text("Thank you, Hannah")
    keep_picture(page, f"welcome-{width}")
    page.get_by_role("link", name="See what we may send you").click()
    switch = page.get_by_role("switch", name="What is in season")
    assert switch.is_checked()
    switch.uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("is off.")
    page.get_by_role("button", name="Stop all messages").click()
    expect(page.locator("body")).to_contain_text("It counts from this second.")
    page = visitor.open(shop.leave)
    page.get_by_role("button", name="Stop these letters").click()
    expect(page.locator("body")).to_contain_text("You are out. It counts from this second.")
    keep_picture(page, f"left-{width}")
    page.wait_for_timeout(2100)
    page.get_by_role("button", name="That was a slip").click()
    expect(page.locator("body")).to_contain_text("You are in again")
    assert visitor.complaints == []


def test_a_form_on_its_way_says_so_and_is_sent_once(visit, shop: Shop):
    visitor = visit(width=390)
    page = visitor.open(shop.join)
    sent: list[str] = []

    def answer(route):
        sent.append(route.request.method)
        route.abort("aborted")

    page.route("**/join/**", answer)
    page.evaluate("document.querySelector('main form').requestSubmit()")
    button = page.get_by_role("button", name="Sending …")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("status").filter(has_text="Sending …")).to_have_count(1)
    page.evaluate("document.querySelector('main form').requestSubmit()")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send me one letter")).to_have_attribute("aria-disabled", "false")
    assert sent == ["POST"]
    assert visitor.complaints == []


def test_pages_that_follow_a_press_have_no_fault_either(visit, shop: Shop):
    visitor = visit(width=390, scheme="dark")
    page = visitor.open(shop.join)
    page.get_by_role("button", name="Send me one letter").click()
    page = visitor.open(shop.join)
    page.wait_for_timeout(2100)
    page.get_by_role("button", name="Send me one letter").click()
    expect(page.get_by_role("alert")).to_have_count(1)
    assert faults_of(page) == []
    page = visitor.open(shop.leave)
    page.get_by_role("button", name="Stop these letters").click()
    assert faults_of(page) == []
