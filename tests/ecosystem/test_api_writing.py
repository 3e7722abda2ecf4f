"""What every writing call of the API shares: shape, scope, limits, and doing a thing once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from ecosystem.base.sealing import unseal
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, IdempotencyKey
from tests.ecosystem.test_api_entry import key_of

ACTS = "/api/v1/acts"
pytestmark = pytest.mark.urls("tests.ecosystem.urls_with_notes")


@pytest.fixture
def writer(nora, bakery) -> str:
    return key_of(bakery, nora, "contacts:read", "contacts:write")


def send(text: str, body: Any, key: str | None = None, **more: Any):
    headers = {"authorization": f"Bearer {text}"} | ({"idempotency-key": key} if key is not None else {})
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    client = Client(raise_request_exception=False)
    return client.post(ACTS, raw, content_type=more.pop("content_type", "application/json"), headers=headers, **more)


def acts(business, action: str = "noted") -> int:
    with business_scope(business):
        return AuditEntry.objects.filter(action=action).count()


def test_rel_22_the_same_call_again_gets_the_same_answer_and_changes_nothing(writer, bakery):
    first, second = send(writer, {"action": "noted"}, "k1"), send(writer, {"action": "noted"}, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first
    assert acts(bakery) == 1


def test_another_key_or_none_is_another_call(writer, bakery):
    for key in ("k1", "k2", None, None):
        assert send(writer, {"action": "noted"}, key).status_code == 201
    assert acts(bakery) == 4


def test_rel_22_one_key_for_two_different_calls_is_refused(writer, bakery):
    send(writer, {"action": "noted"}, "k1")
    refused = send(writer, {"action": "other"}, "k1")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert acts(bakery, "other") == 0


def test_rel_22_keys_of_two_programs_do_not_mix(writer, nora, bakery, gus, garage):
    elsewhere = key_of(garage, gus, "contacts:write")
    send(writer, {"action": "noted"}, "k1")
    assert "Idempotent-Replay" not in send(elsewhere, {"action": "noted"}, "k1")
    assert (acts(bakery), acts(garage)) == (1, 1)


def test_a_call_that_broke_is_not_remembered_and_leaves_nothing(writer, bakery):
    response = send(writer, {"action": "broken"}, "k1")
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert "ZeroDivisionError" not in response.content.decode()
    assert acts(bakery, "broken") == 0
    with business_scope(bakery):
        assert not IdempotencyKey.objects.exists()


def test_rel_22_an_answer_is_kept_for_a_day_and_sealed(writer, bakery):
    send(writer, {"action": "noted"}, "k1")
    with business_scope(bakery):
        kept = IdempotencyKey.objects.get()
    assert b"noted" not in bytes(kept.sealed)
    assert b"noted" in unseal(bytes(kept.sealed))
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert "Idempotent-Replay" not in send(writer, {"action": "noted"}, "k1")
    assert acts(bakery) == 2


def test_rel_22_what_is_wrong_with_a_call_itself_is_answered_alike(writer, bakery):
    refused, again = send(writer, {"action": ""}, "k1"), send(writer, {"action": ""}, "k1")
    assert (refused.status_code, "Idempotent-Replay" in refused) == (400, False)
    assert (again.status_code, again.content, again["Idempotent-Replay"]) == (400, refused.content, "true")
    assert send(writer, {"action": "noted"}, "k1").status_code == 422
    assert acts(bakery) == 0


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_that_is_none_is_refused(writer, bakery, key):
    assert send(writer, {"action": "noted"}, key).json()["code"] == "bad_idempotency_key"
    assert acts(bakery) == 0


@pytest.mark.django_db(transaction=True)
def test_rel_22_twenty_calls_at_one_moment_change_one_thing(writer, bakery):
    send(writer, {"action": "noted"})

    def once(_number: int) -> int:
        try:
            return send(writer, {"action": "slow"}, "k1").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(once, range(20)))
    assert {201, 409} == set(statuses)
    assert acts(bakery, "slow") == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "bad_request"),
        ('{"action": NaN}', "bad_request"),
        (b"\xff\xfe", "bad_request"),
        ("[" * 30 + "]" * 30, "bad_request"),
        ("[]", "invalid"),
        ("7", "invalid"),
        ("{}", "invalid"),
        ({"action": ""}, "invalid"),
        ({"action": "x" * 61}, "invalid"),
        ({"action": {"$gt": ""}}, "invalid"),
        ({"action": "noted", "business_id": 7}, "invalid"),
    ],
)
def test_sec_56_broken_input_is_named_and_changes_nothing(writer, bakery, body, code):
    response = send(writer, body)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert acts(bakery) == 0


def test_sec_56_more_than_a_megabyte_is_refused(writer):
    assert send(writer, {"action": "x" * 1_100_000}).status_code == 413
    assert send(writer, {"action": "x" * 1_100_000}, "k1").status_code == 413


def test_other_kinds_of_content_are_refused(writer):
    assert send(writer, "action=noted", content_type="application/x-www-form-urlencoded").status_code == 415


def test_a_key_without_the_scope_may_look_and_not_write(nora, bakery):
    reader = key_of(bakery, nora, "contacts:read")
    assert send(reader, {"action": "noted"}).json()["code"] == "scope_missing"
    assert Client().get(ACTS, headers={"authorization": f"Bearer {reader}"}).status_code == 200
    assert acts(bakery) == 0


def test_pages_follow_each_other_without_gap_or_repeat(writer, bakery):
    for _number in range(5):
        send(writer, {"action": "noted"})
    seen, cursor = [], ""
    while cursor is not None:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = Client().get(ACTS, query, headers={"authorization": f"Bearer {writer}"}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    with business_scope(bakery):
        assert seen == [str(entry.pk) for entry in AuditEntry.objects.order_by("-id")]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "sort=id", "business__name=x"])
def test_broken_paging_is_a_400(writer, query):
    assert Client().get(f"{ACTS}?{query}", headers={"authorization": f"Bearer {writer}"}).status_code == 400
