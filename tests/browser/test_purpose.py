"""The whole way once, on a house that `bin/up` starts: from a real list to a letter in a mailbox and back."""

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ecosystem.config.embedded.ports import any_free_port
from tests.house.test_embedded import House

READER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PASSWORD = "a-good-long-sentence"
LIST = """Given,Surname,Mail address,Phone,Newsletter,Opt-in date
Ana,Ruiz,ana@example.com,(212) 555-0142,yes,2026-01-05
Zoë,Brückner,zoe@example.com,,no,
Cy,Dahl,cy@@example,,,
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House | None]:
    """A house of its own, or none where WALK_URL names another."""
    if os.environ.get("WALK_URL"):
        yield None
        return
    house = House(tmp_path / "data", "up", PORT=str(any_free_port()))
    try:
        house.hears("Ready:", seconds=200)
        yield house
    finally:
        house.stop()


@pytest.fixture
def base(house: House | None) -> str:
    return re.search(r"Ready: (\S+)", house.said())[1] if house else os.environ["WALK_URL"]


@pytest.fixture
def owner(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="America/New_York")
    yield _patient(context).new_page()
    context.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A customer with a phone and no account."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, user_agent=READER)
    yield _patient(context).new_page()
    context.close()


@pytest.mark.timeout(420)
def test_from_a_real_list_to_a_letter_in_a_mailbox(
    house: House | None, base: str, owner: Page, visitor: Page, tmp_path: Path
):
    sign_up(owner, base)
    home = set_up_business(owner, base)
    bring_in_list(owner, tmp_path)
    open_opt_in_page(owner, home)
    start_sequence(owner, home)

    say_yes(visitor, base)
    letter = mail_to(base, "vera@example.com", "Here is your guide")
    assert dict(letter["headers"])["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    time.sleep(5.5)
    tracked = re.search(rf"{re.escape(base)}/l/\S+", letter["text"])[0]
    led = visitor.context.request.get(tracked, max_redirects=0)
    assert (led.status, led.headers["location"]) == (302, "https://example.com/guide")

    open_person(owner, home, "Vera")
    wait_for(owner, lambda: "Read on in “Here is your guide”" in owner.inner_text("main"), seconds=40)
    expect(owner.get_by_text("May be written to: they said yes.")).to_be_visible()
    leave(letter)
    owner.reload()
    expect(owner.get_by_text("May be written to: they said yes.")).to_have_count(0)

    click(owner, "Move to Client")
    click(owner, "Bought something")
    expect(owner.get_by_role("button", name="Undo").first).to_be_visible()
    owner.goto(home)
    expect(owner.get_by_role("heading", name="Your ecosystem")).to_be_visible()
    expect(owner.get_by_role("link", name=re.compile("Clients: 1 person")).first).to_be_attached()

    people = call_api(base, make_key(owner, home), "contacts?limit=100")
    vera = next(person for person in people["items"] if person["given_name"] == "Vera")
    assert vera["stage"] == "client"
    assert {person["given_name"] for person in people["items"]} >= {"Ana", "Zoë", "Vera"}
    if house:
        sec_64_neither_log_nor_redis_names_anybody(house, [letter["text"], mail_to(base, "vera@example.com")["text"]])


def sec_64_neither_log_nor_redis_names_anybody(house: House, letters: list[str]) -> None:
    """Addresses, numbers and the tokens of links stay in PostgreSQL and in the mails."""
    kept = [path.read_bytes() for path in (house.data / "redis").rglob("*") if path.is_file()]
    written = house.said() + "".join(content.decode("utf-8", "replace") for content in kept)
    assert "POST /c/***" in written
    assert "transactional" in written
    tokens = [token for letter in letters for token in re.findall(r"/(?:c|u|l|prefs)/([\w-]{20,})", letter)]
    assert len(tokens) > 3
    secrets = ["vera@example.com", "ana@example.com", "zoe@example.com", "555-0142", "2125550142", "Brückner", *tokens]
    assert [secret for secret in secrets if secret in written] == []


def sign_up(page: Page, base: str) -> None:
    page.goto(f"{base}/accounts/signup/")
    page.fill("input[name=name]", "Nora Whitlock")
    page.fill("input[name=email]", "nora@example.com")
    page.fill("input[name=password1]", PASSWORD)
    click(page, "Make my login")
    page.goto(re.search(r"http://\S+/confirm-email/\S+", mail_to(base, "nora@example.com")["text"])[0])
    click(page, "Yes, it is mine")


def set_up_business(page: Page, base: str) -> str:
    """The four steps; answers the address of Today."""
    page.goto(f"{base}/start/")
    page.fill("input[name=name]", "Oat & Ember")
    page.locator("input[value=food]").check(force=True)
    click(page, "Next: your message")
    page.fill("[name=core_message]", "Slow bread for a fast town.")
    click(page, "Next: your letters")
    page.fill("[name=sender_name]", "Nora at Oat & Ember")
    page.fill("[name=sender_email]", "hello@example.com")
    page.fill("[name=postal_address]", "12 Mill Lane\nMarlow Bend, NY 10001")
    click(page, "Next: your people")
    click(page, "Bring in a list")
    return page.url.split("/contacts/")[0] + "/"


def bring_in_list(page: Page, folder: Path) -> None:
    path = folder / "people.csv"
    path.write_bytes(LIST.encode("cp1252"))
    page.set_input_files("input[type=file]", path)
    click(page, "Read the file")
    page.get_by_label("Given").select_option("given_name")
    page.get_by_label("Mail address").select_option("email")
    click(page, "Go on")
    page.locator("input[value=none]").check(force=True)
    click(page, "Go on")
    expect(page.get_by_text("Zoë Brückner")).to_be_visible()
    click(page, "Bring in 2 people")
    expect(page.get_by_role("heading", name="They are in")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Download the rows to mend")).to_be_visible()


def open_opt_in_page(page: Page, home: str) -> None:
    page.goto(f"{home}topics/new/")
    page.fill("[name=name]", "Starter letters")
    page.fill("[name=promise]", "Five letters in a month")
    page.fill("[name=promised_count]", "5")
    click(page, "Save")
    page.goto(f"{home}opt-in/new/")
    page.fill("[name=headline]", "Keep your starter alive")
    page.fill("[name=intro]", "Five short letters from our bakers.")
    page.fill("[name=promise_how_often]", "Five letters in a month.")
    page.fill("[name=promise_no_abuse]", "We never pass your address on.")
    page.fill("[name=promise_how_to_leave]", "One tap at the foot of every letter.")
    page.locator("input[name^=offer_]").check(force=True)
    page.locator("input[name^=words_]").fill("Yes, send me the starter letters by email.")
    click(page, "Save")
    page.locator("form[action$='/publish/'] button").first.click()
    expect(page.get_by_text("Live now at").first).to_be_visible()


def start_sequence(page: Page, home: str) -> None:
    for name, link in (("Here is your guide", "https://example.com/guide"), ("It smells odd", "")):
        page.goto(f"{home}letters/new/")
        page.fill("[name=name]", name)
        page.fill("[name=subject]", name)
        page.fill("[name=body]", 'Hello {{ contact.first_name | default: "baker" }},\n\nthis is for you.')
        if link:
            page.fill("[name=button_label]", "Open the guide")
            page.fill("[name=button_url]", link)
        click(page, "Save")
    page.goto(f"{home}sequences/new/")
    page.fill("[name=name]", "Follow me home")
    click(page, "Go on to the letters")
    for step in ("Here is your guide", "wait", "It smells odd"):
        if step == "wait":
            page.locator("form[action$='/waits/'] [name=amount]").fill("2")
            click(page, "Add the wait")
        else:
            page.locator("form[action$='/letters/'] select").select_option(label=step)
            click(page, "Add the letter")
    click(page, "Let it run")
    expect(page.get_by_text("Running since").first).to_be_visible()


def say_yes(page: Page, base: str) -> None:
    page.goto(f"{base}/p/oat-ember/join/keep-your-starter-alive/")
    page.fill("input[name=given_name]", "Vera")
    page.fill("input[name=email]", "vera@example.com")
    page.locator("main input[type=checkbox]").first.check(force=True)
    page.wait_for_timeout(2500)
    page.locator("main form button").last.click()
    mail = mail_to(base, "vera@example.com")
    page.goto(re.search(rf"{re.escape(base)}/c/\S+", mail["text"])[0])
    page.locator("main form button").last.click()
    page.wait_for_load_state()


def open_person(page: Page, home: str, name: str) -> None:
    page.goto(f"{home}contacts/")
    page.get_by_role("link", name=re.compile(name)).first.click()
    page.wait_for_load_state()


def leave(letter: dict) -> None:
    """One tap in the mail program: RFC 8058, without cookies."""
    url = re.search(r"<(http[^>]+)>", dict(letter["headers"])["List-Unsubscribe"])[1]
    request = urllib.request.Request(url, data=b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310 - our own
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        assert answer.status == 200


def make_key(page: Page, home: str) -> str:
    page.goto(f"{home}keys/new/")
    page.fill("[name=name]", "Till")
    page.locator("input[value='contacts:read']").check(force=True)
    click(page, "Make the key")
    key = page.locator("#new-key")
    expect(key).to_have_value(re.compile(r"lw_[\w-]{20,}"))
    return key.input_value()


def call_api(base: str, key: str, path: str) -> dict:
    bearer = {"Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{base}/api/v1/{path}", headers=bearer)  # noqa: S310 - our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def mail_to(base: str, address: str, subject: str = "", seconds: float = 30) -> dict:
    """The newest mail to an address, as the mail sink has it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{base}/dev/mail/?format=json") as answer:  # noqa: S310 - our own
            mails = json.load(answer)["mails"]
        found = [mail for mail in mails if address in mail["envelope_to"] and subject in mail["subject"]]
        if found:
            return found[0]
        time.sleep(0.4)
    raise AssertionError(f"No mail to {address} about “{subject}” came within {seconds} s.")


def click(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).first.click()
    page.wait_for_load_state()


def wait_for(page: Page, is_so, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, page.inner_text("main")
        page.wait_for_timeout(1000)
        page.reload()


def _patient(context: BrowserContext) -> BrowserContext:
    context.set_default_timeout(20_000)
    return context
