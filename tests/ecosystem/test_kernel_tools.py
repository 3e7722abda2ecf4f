"""The small tools of the kernel: ids, registries, events, access, paging, limits, COPY."""

import base64
import contextlib
import json
import os
import threading
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone

from contacts.models import Contact
from ecosystem.base import ids, sql
from ecosystem.base.access import PERMISSIONS, Action, Role, may
from ecosystem.base.errors import Invalid
from ecosystem.base.events import DomainEvent, on, publish, subscriptions
from ecosystem.base.ids import uuid7
from ecosystem.base.keyset import all_pages, keyset_page
from ecosystem.base.ratelimit import forget_expired, seconds_left, take
from ecosystem.base.registry import Registry
from ecosystem.base.tenancy import BusinessNotSet, business_scope
from ecosystem.models import AuditEntry, Business, RateCounter


@pytest.fixture
def bakery(db):
    business = Business.objects.create(slug="kernel-bakery", name="Oat & Ember")
    with business_scope(business):
        yield business


def test_ids_are_version_7_and_rise_also_when_the_clock_stands_still_or_goes_back(monkeypatch):
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_000_000_000)
    later = [uuid7() for _ in range(1_000)]
    assert [made[-1], *later] == sorted({made[-1], *later})


def test_ids_rise_over_the_end_of_the_counter(monkeypatch):
    uuid7()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 0)
    monkeypatch.setattr(ids, "_counter", (1 << 42) - 2)
    made = [uuid7() for _ in range(5)]
    assert made == sorted(set(made))


def test_ids_say_when_they_were_made():
    before = int(timezone.now().timestamp() * 1000)
    assert abs((uuid7().int >> 80) - before) < 5_000


def test_ids_of_many_threads_are_all_different():
    made: list[UUID] = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _ in range(5_000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


def test_a_forked_child_does_not_count_on_from_its_parents_number():
    uuid7()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"new" if ids._last_millisecond == 0 else b"old")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 3) == b"new"


def test_a_registry_keeps_order_and_refuses_a_key_twice():
    registry: Registry[str] = Registry("menu")
    registry.add("b", "second", order=20)
    registry.add("a", "first", order=10)
    registry.add("c", "third", order=20)
    assert (list(registry), registry.keys(), len(registry)) == (["first", "second", "third"], ["a", "b", "c"], 3)
    assert (registry.get("c"), "c" in registry, "d" in registry) == ("third", True, False)
    with pytest.raises(ValueError, match="menu has 'a' already"):
        registry.add("a", "again")
    with pytest.raises(KeyError):
        registry.get("d")


@dataclass(frozen=True)
class LampLit(DomainEvent):
    """Something has happened."""

    lamp: int


@pytest.fixture
def heard():
    """What a handler heard, which subscribed twice."""
    found: list[int] = []

    @on(LampLit)
    def hear(event: LampLit) -> None:
        found.append(event.lamp)

    on(LampLit)(hear)
    assert subscriptions()[LampLit] == (hear,)
    return found


def test_an_event_is_heard_once_in_the_same_transaction(heard, db):
    publish(LampLit(7))
    assert heard == [7]


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        publish(LampLit(8))


def membership(role: str, expires_at=None) -> SimpleNamespace:
    return SimpleNamespace(role=role, expires_at=expires_at)


def test_every_role_has_its_row_and_only_the_owner_everything():
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.OWNER] == set(Action)
    assert set(Action) - PERMISSIONS[Role.MANAGER] == {Action.MANAGE_KEYS, Action.SECURE_TEAM, Action.CLOSE_BUSINESS}
    for few, more in ((Role.HELPER, Role.STAFF), (Role.ADVISER, Role.STAFF), (Role.STAFF, Role.MANAGER)):
        assert PERMISSIONS[few] < PERMISSIONS[more]


@pytest.mark.parametrize("action", [Action.EXPORT_PEOPLE, Action.DELETE_PEOPLE, Action.IMPORT_PEOPLE])
def test_lists_leave_and_people_go_by_owner_and_manager_only(action):
    assert [role.value for role in Role if may(membership(role), action)] == ["owner", "manager"]


def test_an_adviser_only_reads_and_until_the_agreed_day():
    assert all(action.startswith("see_") for action in PERMISSIONS[Role.ADVISER])
    now = timezone.now()
    assert may(membership("adviser", now + timedelta(hours=1)), Action.SEE_TODAY)
    assert not may(membership("adviser", now), Action.SEE_TODAY)
    assert not may(None, Action.SEE_TODAY)
    assert not may(membership("stranger"), Action.SEE_TODAY)


ORDERS = [("action", "id"), ("-action", "-id"), ("action", "-id"), ("-created_at", "-id")]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("limit", [1, 3, 4, 11, 12])
def test_pages_follow_each_other_without_gap_or_double_and_back_again(bakery, order, limit):
    AuditEntry.objects.bulk_create(AuditEntry(action=f"act {n % 4}") for n in range(11))
    everything = [row.id for row in AuditEntry.objects.order_by(*order)]
    pages, cursor = [], None
    while True:
        pages.append(keyset_page(AuditEntry.objects.all(), order, cursor, limit))
        cursor = pages[-1].next_cursor
        if cursor is None:
            break
    assert [row.id for page in pages for row in page.items] == everything
    assert pages[0].previous_cursor is None
    for earlier, later in pairwise(pages):
        back = keyset_page(AuditEntry.objects.all(), order, later.previous_cursor, limit)
        assert [row.id for row in back.items] == [row.id for row in earlier.items]
        assert back.next_cursor is not None
        assert (back.previous_cursor is None) == (earlier is pages[0])


@pytest.mark.parametrize("cursor", ["x", "!!!", "W10", "WyJmIiwxXQ", "bnVsbA", "WyJmIixbMV0sMV0", "Ww" * 5000, "é"])
def test_a_cursor_that_is_not_ours_is_a_plain_refusal(bakery, cursor):
    with pytest.raises(Invalid) as refusal:
        keyset_page(AuditEntry.objects.all(), ("-created_at", "-id"), cursor, 10)
    assert refusal.value.code == "bad_cursor"


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("action", "a\x00b"),
        ("action", "\ud800"),
        ("action", True),
        ("created_at", "n"),
        ("created_at", 5),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("created_at", "9999-12-31T23:59:59-12:00"),
        ("created_at", "2026-01-01T00:00:00"),
    ],
)
@pytest.mark.parametrize("pk", [str(UUID(int=5)), 2**200, -1])
def test_a_forged_place_is_refused_or_read_and_never_an_error_of_ours(bakery, order, first, pk):
    cursor = base64.urlsafe_b64encode(json.dumps(["f", first, pk]).encode()).decode().rstrip("=")
    with contextlib.suppress(Invalid):
        keyset_page(AuditEntry.objects.all(), (f"-{order}", "-id"), cursor, 10)


@pytest.mark.parametrize("first", ["n", 5, True, "0001-01-01T00:00:00+14:00"])
def test_a_forged_place_in_an_order_that_is_worked_out_is_refused_too(bakery, first):
    cursor = base64.urlsafe_b64encode(json.dumps(["f", first, str(UUID(int=5))]).encode()).decode().rstrip("=")
    with contextlib.suppress(Invalid):
        keyset_page(Contact.objects.all(), ("-touched_at", "-id"), cursor, 10)


def test_all_pages_stay_in_the_business_they_were_asked_in(bakery):
    AuditEntry.objects.bulk_create(AuditEntry(action=f"{n}") for n in range(7))
    pages = all_pages(AuditEntry.objects.all(), limit=3)
    other = Business.objects.create(slug="kernel-garage", name="Garage")
    with business_scope(other):
        assert [len(page) for page in pages] == [3, 3, 1]


def test_a_limit_lets_n_pass_and_the_next_one_not_until_the_window_is_over(db):
    assert [take(("login", "ana"), 3, 60) for _ in range(5)] == [True, True, True, False, False]
    assert take(("login", "bo"), 3, 60)
    assert 55 <= seconds_left(("login", "ana")) <= 60
    RateCounter.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert seconds_left(("login", "ana")) == 0
    assert take(("login", "ana"), 3, 60)
    assert forget_expired() == 1


def test_the_parts_of_a_limits_key_do_not_run_together(db):
    assert take(("ab", "c"), 1, 60)
    assert take(("a", "bc"), 1, 60)
    assert not take(("ab", "c"), 1, 60)
    assert {len(row.key_hash) for row in RateCounter.objects.all()} == {64}


@pytest.mark.django_db(transaction=True)
def test_a_limit_is_exact_under_twenty_at_once():
    passed: list[bool] = []

    def try_it() -> None:
        passed.extend(take(("rush",), 30, 60) for _ in range(5))
        connections.close_all()

    threads = [threading.Thread(target=try_it) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (passed.count(True), passed.count(False)) == (30, 70)


def test_copied_rows_arrive_as_they_were(db):
    values = [
        ("tab\t back\\slash \n line\r end", 1, True),
        (None, None, None),
        ("\\N", 2, False),
        ("ä€😀" * 9000, 3, True),
    ]
    with transaction.atomic():
        sql.execute("CREATE TEMP TABLE arrivals (words text, number int, flag boolean) ON COMMIT DROP")
        assert sql.copy_rows("arrivals", ["words", "number", "flag"], iter(values)) == 4
        found = sql.rows("SELECT words, number, flag FROM arrivals ORDER BY number")
    assert [(row["words"], row["number"], row["flag"]) for row in found] == [values[0], values[2], values[3], values[1]]


def test_copy_takes_plain_names_and_temporary_tables_only(bakery):
    for names in (("a; DROP", ["x"]), ("a", ['x"'])):
        with pytest.raises(ValueError, match="no plain"):
            sql.copy_rows(*names, [])
    with pytest.raises(Exception, match="does not exist"), transaction.atomic():
        sql.copy_rows("ecosystem_auditentry", ["action"], [("x",)])
    sql.execute("CREATE TEMP TABLE arrivals (words text) ON COMMIT DROP")
    with pytest.raises(ValueError, match="NUL"), transaction.atomic():
        sql.copy_rows("arrivals", ["words"], [("a\x00b",)])


@pytest.mark.django_db
def test_sql_that_names_the_business_refuses_to_run_without_one():
    with pytest.raises(BusinessNotSet):
        sql.rows("SELECT %(business_id)s::bigint AS id")
