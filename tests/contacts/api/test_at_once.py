"""Many programs at one moment, over connections of their own to the running server: nothing of anybody is lost."""

import http.client
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contacts.models import Contact
from ecosystem.base.tenancy import business_scope
from ecosystem.rest import entry
from tests.factories.api import make_program
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
    """Ask, and ask again where the server is too busy: that is told as every other failure, and changes nothing.

    Where it said so before it had read what was sent, the connection may end without the answer.
    """
    while True:
        try:
            status, told_headers, told = call_once(address, key, method, path, body, **headers)
        except ConnectionResetError:
            continue
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
    """Each reads the person, adds one, and sends that with the version it read, until it is taken.

    All begin at once. Who comes too late waits longer each time, as a program should: the fifty would ask a thousand
    times otherwise.
    """
    path = f"contacts/{ana.pk}"
    call(served, till.key, "PATCH", path, {"source_detail": "0"})

    def add_one(number: int) -> list[int]:
        refused, chance = [], random.Random(number)
        while True:
            _status, headers, read = call(served, till.key, "GET", path)
            wish = {"source_detail": str(int(read["source_detail"]) + 1)}
            status, _headers, told = call(served, till.key, "PATCH", path, wish, **{"If-Match": headers["ETag"]})
            if status == 200:
                return refused
            assert told["current"]["version"] > read["version"]
            refused.append(status)
            time.sleep(chance.uniform(0, min(0.5 * 2 ** len(refused), 6.0)))

    refusals = [status for one in at_once(add_one) for status in one]
    assert call(served, till.key, "GET", path)[2]["source_detail"] == str(AT_ONCE)
    # They did meet: each that came late was told so, with how the person stands now.
    assert refusals
    assert set(refusals) == {412}


def test_rel_23_tags_and_fields_of_one_person_changed_at_once_by_two_programs_lose_none(
    served, till, bakery, nora, ana
):
    """A third of the calls puts a tag on, a third takes one off, a third writes a mark beside those that are there."""
    programs, tags = (till, make_program(bakery, nora)), f"contacts/{ana.pk}/tags"
    worn = till.post(tags, {"names": [f"old {number}" for number in range(8)]}).json()["items"]
    call(served, till.key, "PATCH", f"contacts/{ana.pk}", {"source_detail": ""})

    def change(number: int) -> list[int]:
        key, turn = programs[number % 2].key, number // 3
        if number % 3 == 0:
            return [call(served, key, "POST", tags, {"names": [f"new {turn}"]})[0]]
        if number % 3 == 1:
            return [call(served, key, "DELETE", f"{tags}/{worn[turn]['id']}")[0]]
        return write_mark(served, key, ana, turn)

    answered = at_once(change, 24)
    person = call(served, till.key, "GET", f"contacts/{ana.pk}")[2]
    assert sorted(person["tags"]) == [f"new {turn}" for turn in range(8)]
    assert sorted(person["source_detail"].split()) == [f"m{turn}" for turn in range(8)]
    assert {status for statuses in answered for status in statuses} <= {200, 204, 412}


def write_mark(served: Address, key: str, person: Contact, number: int) -> list[int]:
    """Read, add a mark, send that with the version that was read, until it is taken; every status on the way."""
    path, statuses = f"contacts/{person.pk}", []
    while 200 not in statuses:
        _status, headers, read = call(served, key, "GET", path)
        wish = {"source_detail": f"{read['source_detail']} m{number}"}
        status, _headers, told = call(served, key, "PATCH", path, wish, **{"If-Match": headers["ETag"]})
        assert status == 200 or told["current"]["source_detail"] != read["source_detail"]
        statuses.append(status)
    return statuses


def both_change(served: Address, keys: Any, path: str, words: str, body: Any, headers: dict[str, str]) -> list[Any]:
    """Two programs change the same field at one moment, each to words of its own."""
    wishes = [{**body, "source_detail": f"{words}, {number}"} for number in range(2)]
    return at_once(lambda number: call(served, keys[number], "PATCH", path, wishes[number], **headers), 2)


@pytest.mark.parametrize(("how", "refusal"), [("If-Match", 412), ("version", 409)])
def test_rel_23_the_later_of_two_programs_is_told_how_the_person_stands_now(
    served, till, bakery, nora, ana, how, refusal
):
    keys, path = (till.key, make_program(bakery, nora).key), f"contacts/{ana.pk}"
    for turn in range(5):
        version = call(served, till.key, "GET", path)[2]["version"]
        body = {"version": version} if how == "version" else {}
        headers = {"If-Match": f'"{version}"'} if how == "If-Match" else {}
        told = both_change(served, keys, path, f"turn {turn}", body, headers)
        assert sorted(status for status, _headers, _told in told) == [200, refusal]
        taken = next(body for status, _headers, body in told if status == 200)
        refused = next(body for status, _headers, body in told if status == refusal)
        assert refused["current"] == taken
        assert refused["version"] == taken["version"] == version + 1
        assert call(served, till.key, "GET", path)[2] == taken


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
