"""Many programs at one moment, over connections of their own to the running server: nothing of anybody is lost."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contacts.models import Contact
from ecosystem.base.tenancy import business_scope
from ecosystem.rest import entry
from tests.house.wire import Address, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

AT_ONCE = 50


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setattr(entry, "PER_KEY", 10**6)
    monkeypatch.setattr(entry, "PER_BUSINESS", 10**6)
    with web_server() as address:
        yield address


def call(address: Address, key: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Ask, and ask again where the server is too busy: that is told as every other failure, and changes nothing."""
    while True:
        status, told_headers, told = call_once(address, key, method, path, body, **headers)
        if status != 503:
            return status, told_headers, told
        assert (told["code"], told_headers["Retry-After"]) == ("come_back_later", "5")


def call_once(address: Address, key: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Ask over a connection of one's own; status, headers and what was answered."""
    connection = http.client.HTTPConnection(*address[:2], timeout=120)
    try:
        sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
        connection.request(method, f"/api/v1/{path}", json.dumps(body) if body is not None else None, sent)
        answer = connection.getresponse()
        raw = answer.read()
        return answer.status, answer.headers, json.loads(raw) if raw else None
    finally:
        connection.close()


def at_once(what, count: int = AT_ONCE) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(what, range(count)))


def test_rel_23_fifty_increments_at_once_lose_none(served, till, ana):
    """Each reads the person, adds one, and sends that with the version it read, until it is taken."""
    path = f"contacts/{ana.pk}"
    call(served, till.key, "PATCH", path, {"source_detail": "0"})

    def add_one(_number: int) -> list[int]:
        refused = []
        while True:
            _status, headers, read = call(served, till.key, "GET", path)
            wish = {"source_detail": str(int(read["source_detail"]) + 1)}
            status, _headers, told = call(served, till.key, "PATCH", path, wish, **{"If-Match": headers["ETag"]})
            if status == 200:
                return refused
            assert told["current"]["version"] > read["version"]
            refused.append(status)

    refusals = [status for one in at_once(add_one) for status in one]
    assert call(served, till.key, "GET", path)[2]["source_detail"] == str(AT_ONCE)
    # They did meet: each that came late was told so, with how the person stands now.
    assert refusals
    assert set(refusals) == {412}


def test_rel_22_twenty_equal_calls_at_once_make_one_person_with_its_place(served, till, bakery):
    def add(_number: int) -> Any:
        while True:
            made = call(served, till.key, "POST", "contacts", {"given_name": "Ben"}, **{"Idempotency-Key": "once"})
            if made[0] != 409:
                return made

    answers = at_once(add, 20)
    assert {(status, headers["Location"], headers["ETag"]) for status, headers, _told in answers} == {
        (201, answers[0][1]["Location"], '"1"')
    }
    assert sum("Idempotent-Replay" not in headers for _status, headers, _told in answers) == 1
    with business_scope(bakery):
        assert Contact.objects.filter(given_name="Ben").count() == 1
