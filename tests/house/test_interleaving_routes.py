"""SEC-08: every real route, asked for two businesses at once over kept connections; no answer shows the other one."""

import logging
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import unquote

import pytest
from django.core.signals import request_finished
from django.db import connection

from campaigns.demo.tenants import MARKERS, write_tenants
from ecosystem.rest import entry
from tests.house.doors import Ask, asks_of
from tests.house.routes import contents_of
from tests.house.wire import Address, web_server

SEED = 20_260_102
THREADS, FEWEST = 4, 2_000
# Doors behind which something of a business is shown, and how often at least to its own people. Each of their
# addresses is asked so many times, and shows it each time or never.
SHOWING, TIMES = {"owner": 80, "key": 20, "link": 30}, 2
ENDINGS = {200, 201, 302, 400, 401, 403, 404, 405}
_LEFT = "SELECT current_setting('app.business_id', true), current_setting('app.user_id', true), pg_backend_pid()"


class Watch:
    """Looks at the database connection after each request."""

    def __init__(self) -> None:
        self.requests, self.left, self.backends = 0, [], set()
        self.lock = threading.Lock()

    def look(self, **_) -> None:
        """Who is still known on the connection: to us, and to PostgreSQL."""
        names = ("business_id", "user_id", "bound_business_id")
        left = [getattr(connection, name, None) for name in names] + [connection.in_atomic_block or None]
        with connection.cursor() as cursor:
            cursor.execute(_LEFT)
            *told, backend = cursor.fetchone()
        with self.lock:
            self.requests += 1
            self.backends.add(backend)
            if any(value not in (None, "") for value in left + told):
                self.left.append((left, told))


@contextmanager
def watched() -> Iterator[Watch]:
    """Look after each request of any thread, where its connection is at hand."""
    watch = Watch()
    request_finished.connect(watch.look)
    try:
        yield watch
    finally:
        request_finished.disconnect(watch.look)


# Tells whom to feed first: who is fed by another call meanwhile stands there no more.
WHAT_IS_DUE = {"/api/v1/health"}


class Walker(threading.Thread):
    """Asks what it was dealt, one after the other, over one connection."""

    def __init__(self, address: Address, hand: list[Ask]) -> None:
        super().__init__()
        self.connection = HTTPConnection(*address, timeout=60)
        self.hand = hand
        self.faults: list[str] = []
        self.statuses: Counter[int] = Counter()
        # How often each address was answered at each door, and with whose marker.
        self.seen: Counter[tuple[str, str, str]] = Counter()

    def run(self) -> None:
        try:
            for ask in self.hand:
                self.step(ask)
        except (HTTPException, OSError) as error:
            self.faults.append(repr(error))
        finally:
            self.connection.close()

    def step(self, ask: Ask) -> None:
        self.connection.request(ask.method, ask.url, body=ask.body, headers=ask.headers)
        answer = self.connection.getresponse()
        # Where it leads to counts too, but for the address that was asked for and stands in it.
        leads_to = unquote(answer.headers.get("Location", "")).replace(ask.url, "")
        found = markers_in(answer.read().decode(errors="replace") + leads_to)
        if answer.status not in ask.statuses or not found <= set(ask.shows):
            self.faults.append(f"{ask}: {answer.status} with {found}")
        self.statuses[answer.status] += 1
        self.seen.update((ask.door, ask.url, marker) for marker in found)


def markers_in(text: str) -> set[str]:
    """Whose traces a text holds; addresses of mails and of pages carry them in small letters."""
    lowered = text.lower()
    return {marker for marker in MARKERS if marker.lower() in lowered}


@pytest.fixture
def tenants(monkeypatch, settings):
    """Both, with one of everything. How often a program may call is asked elsewhere; nothing is logged."""
    monkeypatch.setattr(entry, "PER_KEY", 10**6)
    monkeypatch.setattr(entry, "PER_BUSINESS", 10**6)
    settings.MOST_IMPORTS_AT_ONCE = 0
    logging.disable(logging.CRITICAL)
    yield write_tenants()
    logging.disable(logging.NOTSET)


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
def test_sec_08_every_route_asked_for_two_businesses_at_once_shows_no_trace_of_the_other(tenants):
    a, b = tenants
    asks = asks_of(a, b) + asks_of(b, a)
    asks += [ask for ask in asks if ask.door in SHOWING] * (TIMES - 1)
    random.Random(SEED).shuffle(asks)
    with watched() as watch, web_server() as address:
        walkers = [Walker(address, asks[number::THREADS]) for number in range(THREADS)]
        for walker in walkers:
            walker.start()
        for walker in walkers:
            walker.join()
    assert [fault for walker in walkers for fault in walker.faults] == [], f"seed {SEED}"
    assert watch.left == []
    for tenant in tenants:
        assert markers_in(str(contents_of(tenant.business))) == {tenant.marker}
    # That nothing was found says something: so much was asked, over few connections, and so much was there to be seen.
    assert watch.requests == len(asks) >= FEWEST
    assert len(watch.backends) < FEWEST / 100
    assert {status for walker in walkers for status in walker.statuses} >= ENDINGS
    seen = sum((walker.seen for walker in walkers), Counter())
    for marker in MARKERS:
        for door, fewest in SHOWING.items():
            shown = {place[1]: times for place, times in seen.items() if (place[0], place[2]) == (door, marker)}
            assert sum(shown.values()) >= fewest, (door, marker)
            now_and_then = {url for url, times in shown.items() if times % TIMES}
            assert now_and_then <= WHAT_IS_DUE, (door, marker)
