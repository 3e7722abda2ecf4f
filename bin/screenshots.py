"""Take the pictures that the README shows: each page at two widths, light and dark, from a running `bin/up`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
# Name of the picture -> the words of the menu entry that leads there.
PAGES = {"today": "Today", "everyone": "Everyone", "ladder": "Ladder", "sequences": "Sequences"}
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}


def main(address: str, email: str, password: str) -> None:
    """Log in once for each look and walk the menu."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for width, size in WIDTHS.items():
                _walk(browser, address, (email, password), theme, width, size)
        browser.close()


def _walk(
    browser: Browser, address: str, login: tuple[str, str], theme: str, width: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[type=email]", login[0])
    page.fill("input[type=password]", login[1])
    page.keyboard.press("Enter")
    page.wait_for_url("**/b/**")
    for name, words in PAGES.items():
        link = page.get_by_role("link", name=words).first
        if link.count():
            page.goto(address + (link.get_attribute("href") or ""))
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}-{width}-{theme}.png")
    context.close()


if __name__ == "__main__":
    given = [*sys.argv[1:], "", "", ""]
    if not given[2]:
        sys.exit("usage: bin/screenshots http://127.0.0.1:8000 EMAIL PASSWORD (bin/up prints the demo logins)")
    main(given[0].rstrip("/"), given[1], given[2])
