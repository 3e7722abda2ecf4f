"""Whatever the API refuses, and wherever on the way in, it says so as a problem and names what is wrong."""

from typing import Any

import pytest
from django.test import Client

from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.ecosystem.test_api_entry import key_of
from tests.ecosystem.test_api_writing import send


@pytest.fixture
def writer(nora, bakery) -> str:
    return key_of(bakery, nora, "contacts:read", "contacts:write")


def ask(text: str, method: str, path: str, **more: Any):
    """As from outside: with the wall against forged forms, which the test client leaves out."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    headers = {"authorization": f"Bearer {text}", **more.pop("headers", {})}
    return client.generic(method, f"/api/v1/{path}", content_type="application/json", headers=headers, **more)


@pytest.mark.parametrize(
    ("method", "path", "more", "told"),
    [
        ("POST", "nothing-like-that", {}, (404, "not_found")),
        ("DELETE", "contacts/", {}, (404, "not_found")),
        ("PATCH", "contacts/not-an-id", {}, (404, "not_found")),
        ("POST", "openapi.json", {}, (405, "method_not_allowed")),
        ("GET", "tags", {"headers": {"host": "elsewhere.example"}}, (400, "bad_request")),
        ("GET", "tags?" + "&".join(f"n{number}=1" for number in range(1100)), {}, (400, "bad_request")),
        # Behind a proxy that does not say from where a call came.
        ("POST", "contacts", {"REMOTE_ADDR": ""}, (403, "refused")),
        ("GET", "tags?limit=1&limit=2", {}, (400, "invalid")),
    ],
)
def test_a_refusal_is_a_problem_however_far_out_it_falls(writer, method, path, more, told):
    answer = ask(writer, method, path, **more)
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == told
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "DELETE", "POST"])
def test_a_method_that_an_address_does_not_have_is_named_so(writer, method):
    answer = ask(writer, method, "tags")
    assert (answer.status_code, answer.json()["code"], answer["Allow"]) == (405, "method_not_allowed", "GET, HEAD")


def test_a_method_that_is_not_there_tells_nothing_to_who_has_no_key(writer):
    assert ask("lw_wrong", "PUT", "tags").status_code == 401
    assert Client().put("/api/v1/tags").status_code == 401


@pytest.mark.urls("tests.ecosystem.urls_with_notes")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": 0}, "action"),
        ({"action": True}, "action"),
        ({"action": 1.5}, "action"),
        ({"action": "noted", "times": "5"}, "times"),
        ({"action": "noted", "times": True}, "times"),
        ({"action": "noted", "is_loud": "yes"}, "is_loud"),
        ({"action": "noted", "is_loud": 1}, "is_loud"),
        ({"action": "noted", "about": 0}, "about"),
        ({"action": " " + "x" * 60}, "action"),
        ({"action": "noted", "tags": ["a", 0]}, "tags.1"),
        ({"action": "noted", "more": {"action": 0}}, "more.action"),
    ],
)
def test_a_value_of_another_kind_is_refused_and_not_read_as_what_it_might_mean(writer, bakery, body, field):
    answer = send(writer, body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    with business_scope(bakery):
        assert not AuditEntry.objects.filter(action__in=("noted", "0", "True", "1.5")).exists()


@pytest.mark.urls("tests.ecosystem.urls_with_notes")
def test_values_of_the_right_kind_are_taken(writer):
    about = "0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"
    body = {"action": "noted", "times": 5.0, "is_loud": False, "about": about, "tags": ["a"], "more": {"action": "x"}}
    assert send(writer, body).status_code == 201
    assert send(writer, {"action": "noted", "about": None}).status_code == 201
