"""SEC-08: two businesses and visitors, all at once, over kept connections, on their worst day.

Views that fail, stream, leave hooks and lose the database, and clients that walk away: what no route of the product
does on demand. The routes of the product are asked in test_interleaving_routes.py.
"""

import random
import threading
from collections import Counter
from http.client import HTTPConnection, HTTPException

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from ecosystem.base.tasks import business_task
from ecosystem.base.tenancy import business_scope, find_current_business_id
from ecosystem.config.celery import app
from ecosystem.models import Membership, User
from tests.house.tenantapp.models import Shelf
from tests.house.wire import Address, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.house.urls")]

SEED = 20_260_101
THREADS, REQUESTS_EACH = 5, 160
MARKERS = {"oat-and-ember": b"ZZTENANTA-", "garage": b"ZZTENANTB-"}
STATUS = {
    "listing": 200,
    "lazy_listing": 200,
    "stream": 200,
    "slow_stream": 200,
    "with_hook": 200,
    "write_and_fail": 500,
    "write_and_fail_while_drawing": 500,
    "write_and_refuse": 409,
    "lose_the_database": 503,
    "missing": 404,
}


@pytest.fixture
def town(tenantapp, two_businesses):
    """A cookie per business whose rows all carry its marker."""
    cookies = {}
    for business in two_businesses:
        user = User.objects.create_user(f"{business.slug}@example.com")
        with business_scope(business):
            Membership.objects.create(user=user, role="owner")
            marker = MARKERS[business.slug].decode()
            Shelf.objects.bulk_create(Shelf(name=f"{marker}{n}") for n in range(5))
        client = Client()
        client.force_login(user)
        cookies[business.slug] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return cookies


class Walker(threading.Thread):
    """Sends requests as the one, the other and nobody, over one connection as long as it holds."""

    def __init__(self, number: int, address: Address, cookies: dict[str, str]) -> None:
        super().__init__()
        self.chance = random.Random(SEED + number)
        self.address, self.cookies = address, cookies
        self.faults: list[str] = []
        self.seen: Counter[str] = Counter()
        self.connection = HTTPConnection(*address, timeout=20)

    def run(self) -> None:
        for _ in range(REQUESTS_EACH):
            try:
                self.step()
            except (HTTPException, OSError) as error:
                self.faults.append(repr(error))
        self.connection.close()

    def step(self) -> None:
        who = self.chance.choice([*self.cookies, None])
        door = self.chance.choice("bbbp")
        slug = self.chance.choice(list(MARKERS))
        page = self.chance.choice(list(STATUS))
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={self.cookies[who]}"} if who else {}
        self.connection.request("GET", f"/{door}/{slug}/{page}/", headers=headers)
        answer = self.connection.getresponse()
        if page == "slow_stream" and answer.status == 200 and self.chance.random() < 0.7:
            body = answer.read(10)
            self.connection.close()
            self.seen["walked away"] += 1
        else:
            body = answer.read()
        wanted = STATUS[page] if door == "p" or who == slug else 404 if who else 302
        mine = {MARKERS[slug]} if wanted == 200 else set()
        found = {marker for marker in MARKERS.values() if marker in body}
        if answer.status != wanted or not found <= mine or (mine and page != "slow_stream" and not found):
            self.faults.append(
                f"{who} at /{door}/{slug}/{page}/: {answer.status} with {found}, not {wanted} with {mine}"
            )
        self.seen[str(answer.status)] += 1


@pytest.mark.timeout(600)
def test_sec_08_failures_streams_and_clients_that_walk_away_show_no_foreign_row(town):
    with web_server() as address:
        walkers = [Walker(number, address, town) for number in range(THREADS)]
        for walker in walkers:
            walker.start()
        for walker in walkers:
            walker.join()
    assert [fault for walker in walkers for fault in walker.faults] == [], f"seed {SEED}"
    seen = sum((walker.seen for walker in walkers), Counter())
    assert {"200", "302", "404", "409", "500", "503", "walked away"} <= set(seen)
    assert seen.total() - seen["walked away"] == THREADS * REQUESTS_EACH


def test_sec_08_tasks_of_two_businesses_in_one_pool_show_no_foreign_row(tenantapp, two_businesses):
    faults: list[object] = []
    for business in two_businesses:
        with business_scope(business):
            Shelf.objects.create(name=str(business.pk))

    def look(business_id: int, fail: bool) -> None:
        names = list(Shelf.objects.values_list("name", flat=True))
        if names != [str(business_id)]:
            faults.append((business_id, names))
        Shelf.objects.create(name="half")
        raise ZeroDivisionError

    task = business_task(name="test.interleaved")(look)
    app.finalize()

    def work(number: int) -> None:
        chance = random.Random(SEED + number)
        for _ in range(100):
            task.apply(args=[chance.choice(two_businesses).pk, True])
            if find_current_business_id() is not None:
                faults.append("left open")
        connections.close_all()

    workers = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    app.tasks.pop("test.interleaved")
    assert faults == []
