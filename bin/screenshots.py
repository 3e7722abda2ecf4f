"""Take the pictures that the README shows, from a running `bin/up` with its demo business."""

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
# Each picture: the page, its width and its theme.
PICTURES = (
    ("today", "desk", "light"),
    ("today", "phone", "dark"),
    ("everyone", "desk", "light"),
    ("ladder", "desk", "dark"),
    ("person", "desk", "light"),
    ("sequence", "desk", "dark"),
    ("opt-in", "phone", "light"),
)


def main(address: str, email: str, password: str) -> None:
    """Log in once for each picture and go there as a person would."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, size, theme in PICTURES:
            _take(browser, address, (email, password), name, size, theme)
        browser.close()


def _take(browser: Browser, address: str, login: tuple[str, str], name: str, size: str, theme: str) -> None:
    context = browser.new_context(viewport=SIZES[size], color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[type=email]", login[0])
    page.fill("input[type=password]", login[1])
    page.keyboard.press("Enter")
    page.wait_for_url("**/b/**")
    home = re.match(r".*/b/[^/]+/", page.url)
    _go(page, address, home[0] if home else page.url, name)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png")
    context.close()


def _go(page: Page, address: str, home: str, name: str) -> None:
    if name == "everyone":
        page.goto(f"{home}contacts/")
    elif name == "ladder":
        page.goto(f"{home}ladder/")
    elif name == "person":
        page.goto(f"{home}contacts/?kind=client")
        page.locator("main table a").nth(3).click()
    elif name == "sequence":
        page.goto(f"{home}sequences/")
        page.locator("main table a").first.click()
        page.locator("a.node").nth(1).click()
    elif name == "opt-in":
        page.goto(f"{address}/p/{home.rstrip('/').rpartition('/')[2]}/join/keep-it-alive/")


if __name__ == "__main__":
    given = [*sys.argv[1:], "", "", ""]
    if not given[2]:
        sys.exit("usage: bin/screenshots http://127.0.0.1:8000 EMAIL PASSWORD (bin/up prints the demo logins)")
    main(given[0].rstrip("/"), given[1], given[2])
