"""Take a picture of each state that a page can be in, reached by its real cause, from a running `bin/up`.

What is empty is seen in a business that is set up anew on the way; it can be closed afterwards in its settings.
"""

import re
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Page, Route, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots" / "states"
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Of a business that has everything, as its owner: the state, and where it is.
STANDING = {
    "today-full": "",
    "everyone-full": "contacts/",
    "everyone-nobody-fits": "contacts/?kind=partner&touched=never&source=api",
    "everyone-error": "contacts/?touched=fortnight",
    "ladder-full": "ladder/",
    "ladder-narrowed": "ladder/?step=1",
    "ladder-error": "ladder/?step=maybe",
    "sequences-full": "sequences/",
    "organizations-full": "organizations/",
    "search-nothing": "find/?q=zzzz",
}
# What a picture has to show where the page is longer than the screen.
SEEN = {
    "today-loading": ".seg",
    "today-error": "[data-failed]",
    "person-full": "#months h3",
    "opt-in-loading": "main form .btn.p",
    "opt-in-full": "main form",
}
# What customers see of it.
PUBLIC = {"opt-in-full": "join/keep-it-alive/"}
# The same of one that was set up a moment ago.
EMPTY = {
    "today-empty": "",
    "everyone-empty": "contacts/",
    "ladder-empty": "ladder/",
    "organizations-empty": "organizations/",
    "next-steps-empty": "next-steps/",
    "duplicates-empty": "contacts/duplicates/",
    "imports-empty": "contacts/imports/",
    "exports-empty": "contacts/exports/",
    "sequences-empty": "sequences/",
    "letters-empty": "letters/",
    "keys-empty": "keys/",
    "notices-empty": "notices/",
}


def main(address: str, email: str, password: str) -> None:
    """Sign in once, and go to each state as a person would come to it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(viewport=DESK, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        home = _sign_in(context, address, email, password)
        for name, path in STANDING.items():
            _keep(_open(context, home + path), name)
        public = home.replace("/b/", "/p/")
        for name, path in PUBLIC.items():
            _keep(_open(context, public + path), name)
        _go_through(MOMENTS, context, home)
        empty = _set_up(context, address)
        for name, path in EMPTY.items():
            _keep(_open(context, empty + path), name)
        _go_through(FIRST_MOMENTS, context, empty)
        browser.close()


def everyone_loading(page: Page, home: str) -> None:
    """The answer lets wait; then the way there is left, since a picture would wait for its end."""
    page.goto(f"{home}contacts/")
    page.route("**/contacts/?kind=*", _late)
    page.evaluate("document.querySelector('nav.views a[href*=kind]').click()")
    page.wait_for_timeout(1500)


def today_loading(page: Page, home: str) -> None:
    """Another period is asked for, and its figures let wait."""
    page.goto(home)
    page.route("**/?period=*", _never)
    page.evaluate("document.querySelector('.seg a').click()")
    page.locator("[data-waiting]").first.wait_for()


def today_error(page: Page, home: str) -> None:
    """Another period is asked for, and its figures cannot come."""
    page.goto(home)
    page.route("**/?period=*", lambda route: route.abort())
    page.evaluate("document.querySelector('.seg a').click()")
    page.locator("[data-failed]").wait_for()


def ladder_loading(page: Page, home: str) -> None:
    """A narrower board is on its way."""
    page.goto(f"{home}ladder/")
    page.route("**/ladder/?step=*", _late)
    page.evaluate("document.querySelector('main a.chip').click()")
    page.wait_for_timeout(1500)


def person_empty(page: Page, home: str) -> None:
    """Somebody of whom nothing but the name is known."""
    page.goto(f"{home}contacts/new/")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Lark")
    page.get_by_role("button", name="Add this person").click()
    page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}/$"))
    page.wait_for_load_state("networkidle")


def person_full(page: Page, home: str) -> None:
    """The same person after a talk each ten days: three pages of them, by month."""
    page.goto(f"{home}contacts/?q=Ada")
    page.locator("main tbody a").first.click()
    page.wait_for_url(re.compile(r"/contacts/[0-9a-f-]{36}/$"))
    person = page.url
    for number in range(45):
        page.goto(f"{person}interactions/new/")
        day = datetime.now() - timedelta(days=1 + 10 * number)
        page.get_by_label("When").fill(f"{day:%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url(person)
    page.goto(f"{person}?months#months")
    page.wait_for_load_state("networkidle")


def person_loading(page: Page, home: str) -> None:
    """The cards beside a person are on their way."""
    page.route("**/cards/**", _never)
    page.goto(f"{home}contacts/?kind=client")
    page.locator("main tbody a").nth(3).click()


def person_error(page: Page, home: str) -> None:
    """A card could not come."""
    page.route("**/cards/**", lambda route: route.abort())
    page.goto(f"{home}contacts/?kind=client")
    page.locator("main tbody a").nth(3).click()


def ladder_card_back(page: Page, home: str) -> None:
    """A move is sent while there is no way to the server: the card is in its lane again, and a toast says why."""
    page.goto(f"{home}ladder/")
    page.route("**/stage/", lambda route: route.abort())
    card = page.locator("[data-lane=suspect] [data-card]").first
    card.locator("summary").click()
    card.get_by_role("button", name="Prospect").click()
    page.locator(".toast").wait_for()


def opt_in_error(page: Page, home: str) -> None:
    """The form is sent as it stood."""
    page.goto(urljoin(home, f"/p/{home.rstrip('/').rpartition('/')[2]}/join/keep-it-alive/"))
    page.locator("main form button.p, main form .btn.p").first.click()
    page.locator("[aria-invalid=true]").first.wait_for()


def opt_in_loading(page: Page, home: str) -> None:
    """The form is on its way."""
    page.goto(urljoin(home, f"/p/{home.rstrip('/').rpartition('/')[2]}/join/keep-it-alive/"))
    page.route("**/join/**", _late)
    page.evaluate("document.querySelector('main form').requestSubmit()")
    page.wait_for_timeout(1500)


def import_problems(page: Page, home: str) -> None:
    """A list with a row that cannot be read, one step before it is brought in."""
    page.goto(f"{home}contacts/imports/")
    rows = b"Name,Email\nAda Lark,ada@example.com\nBo Finch,bo-at-example\n"
    page.set_input_files("input[type=file]", {"name": "fair.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/permission/")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/check/")


MOMENTS: dict[str, Callable[[Page, str], None]] = {
    "everyone-loading": everyone_loading,
    "today-loading": today_loading,
    "today-error": today_error,
    "ladder-loading": ladder_loading,
    "person-loading": person_loading,
    "person-error": person_error,
    "ladder-card-back": ladder_card_back,
    "opt-in-loading": opt_in_loading,
    "opt-in-error": opt_in_error,
    "import-problems": import_problems,
}
# Of the one that was set up a moment ago, once its empty pages are taken.
FIRST_MOMENTS: dict[str, Callable[[Page, str], None]] = {"person-empty": person_empty, "person-full": person_full}


def _go_through(moments: dict[str, Callable[[Page, str], None]], context: BrowserContext, home: str) -> None:
    for name, happen in moments.items():
        page = context.new_page()
        happen(page, home)
        _keep(page, name)


def _never(route: Route) -> None:
    """Leave a question without an answer."""


def _late(route: Route) -> None:
    """Answer after a second that there is nothing to go to."""
    time.sleep(1)
    route.abort("aborted")


def _sign_in(context: BrowserContext, address: str, email: str, password: str) -> str:
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[type=email]", email)
    page.fill("input[type=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/(b|businesses)/"))
    if "/businesses/" in page.url:
        page.locator("main a[href*='/b/']").first.click()
        page.wait_for_url("**/b/**")
    return _home_of(page)


def _set_up(context: BrowserContext, address: str) -> str:
    page = context.new_page()
    page.goto(f"{address}/start/")
    page.fill("input[name=name]", "Quiet Corner")
    page.locator("main form button.p, form .btn.p").first.click()
    page.wait_for_url("**/b/**")
    return _home_of(page)


def _home_of(page: Page) -> str:
    found = re.match(r".*/b/[^/]+/", page.url)
    return found[0] if found else page.url


def _open(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return page


def _keep(page: Page, name: str) -> None:
    """The state at a desk in light, and on a phone in dark."""
    page.wait_for_timeout(500)
    for size, scheme, width in (("desk", "light", DESK), ("phone", "dark", PHONE)):
        page.set_viewport_size(width)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if name in SEEN:
            page.evaluate("it => document.querySelector(it).scrollIntoView({block: 'center'})", SEEN[name])
        page.screenshot(path=FOLDER / f"{name}-{size}.png")
    page.close()


if __name__ == "__main__":
    given = [*sys.argv[1:], "", "", ""]
    if not given[2]:
        sys.exit("usage: bin/screenshots --states http://127.0.0.1:8000 EMAIL PASSWORD (bin/up prints the demo logins)")
    main(given[0].rstrip("/"), given[1], given[2])
