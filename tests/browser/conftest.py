"""A real browser against a live server that works as `crm_app`.

Chromium is taken from CHROMIUM, or from /usr/bin: the shell without a window, which does the same with a third less
work, or else the whole. Where there is none these tests are skipped, except in CI.
Every page is looked at as its readers do: wide and narrow, light and dark, and with axe.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ecosystem.middleware import forget_businesses
from ecosystem.models import Business, User
from tests.factories.ecosystem import make_business, make_member, make_user, sign_in

_SHELL = "/usr/bin/chromium-headless-shell"
CHROMIUM = os.environ.get("CHROMIUM") or (_SHELL if Path(_SHELL).exists() else "/usr/bin/chromium")
WIDTHS = (1440, 390, 320)
SCHEMES = ("light", "dark")
_ASK_AXE = """rules => axe.run({exclude: ['tbody > tr:nth-child(n+9)', 'ul > li:nth-child(n+15)']},
    {resultTypes: ['violations'], ...rules}).then(found => found.violations)"""
# The further lines of a long list are as the first ones are; in the dark nothing is new to axe but colours.
_RULES = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
_AT_WORK = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"""
# Noise that a page may make without being wrong: answers that are errors on purpose.
_EXPECTED = ("Failed to load resource",)

# Django asks the database from the thread of the test, while Playwright keeps an event loop in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests commit what they write: the server reads it on a connection of its own."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.timeout(240))


@dataclass
class Visitor:
    """Somebody at a browser: opens pages of the live server and remembers what the console complained of."""

    context: BrowserContext
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """A page of its own at an address of ours, loaded with its fonts."""
        page = self.context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.base + path)
        page.evaluate("document.fonts.ready")
        return page

    def _note(self, message: object) -> None:
        text = message.text  # type: ignore[attr-defined]
        if message.type == "error" and not text.startswith(_EXPECTED):  # type: ignore[attr-defined]
            self.complaints.append(text)


# Head and body of an answer leave as they come, without waiting 40 ms for the browser to say that it has the head.
QuietWSGIRequestHandler.disable_nagle_algorithm = True


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for the whole run."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail(f"There is no browser at {CHROMIUM}, and CI must have one.")
        pytest.skip(f"There is no browser at {CHROMIUM}.")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def visit(browser: Browser, live_server) -> Iterator[Callable[..., Visitor]]:
    """`visit(user, width=390, scheme="dark", scripts=False)`: a signed-in person, or a visitor without a user."""
    forget_businesses()
    opened: list[Visitor] = []

    def start(
        user: User | None = None, *, width: int = 1440, height: int = 900, scheme: str = "light", scripts: bool = True
    ) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
        )
        if user is not None:
            session = sign_in(Client(), user).cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies([{"name": session.key, "value": session.value, "url": live_server.url}])
        opened.append(Visitor(context, live_server.url))
        return opened[-1]

    yield start
    for visitor in opened:
        visitor.context.close()
    # What a page asked for last may still be answered: emptying the tables would meet it half-way.
    deadline = time.monotonic() + 10
    while _is_anybody_at_work() and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_anybody_at_work() -> bool:
    """Whether another connection to this database is in the middle of something."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK)
        return bool(cursor.fetchone()[0])


@pytest.fixture
def looks_right(visit) -> Callable[..., None]:
    """`looks_right(user, path)`: no fault for axe, no sideways scroll, no complaint, at every width and scheme.

    With SCREENSHOTS=<folder> each view is kept as a picture, to be looked at with one's own eyes.
    """

    def check(user: User | None, path: str, *, name: str = "", widths: tuple[int, ...] = WIDTHS) -> None:
        visitor = visit(user)
        page = visitor.open(path)
        faults: list[str] = []
        for scheme in SCHEMES:
            # Without motion: a colour that is still on its way from light to dark is nobody's fault.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                # Between the widest and the narrowest nothing is new to axe but the place of things.
                found = faults_of(page, with_axe=width in (max(widths), min(widths)), scheme=scheme)
                faults += [f"{path} at {width} px, {scheme}: {fault}" for fault in found]
                keep_picture(page, f"{name or 'page'}-{scheme}-{width}")
        faults += [f"{path}: {complaint}" for complaint in visitor.complaints]
        assert not faults, "\n".join(faults)

    return check


def faults_of(page: Page, *, with_axe: bool = True, scheme: str = "light") -> list[str]:
    """What axe finds on a page (in the dark only of its colours), and whether it scrolls sideways."""
    if with_axe and not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_ASK_AXE, _RULES[scheme]) if with_axe else []
    faults = [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return faults + ([f"scrolls sideways by {wide} px"] if wide > 0 else [])


def keep_picture(page: Page, name: str) -> None:
    """Keep the whole page as a picture where SCREENSHOTS names a folder."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def nora(transactional_db) -> User:
    return make_user("Nora Bell", email="nora@example.com")


@pytest.fixture
def bakery(nora: User) -> Business:
    return make_business("Oat & Ember", owner=nora, town="Marlow Bend")


@pytest.fixture
def sam(bakery: Business) -> User:
    return make_member(bakery, "staff", make_user("Sam Reed", email="sam@example.com"))
