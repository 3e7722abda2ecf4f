"""What holds for every request to every route: looking changes nothing, changing needs a token, and size has an end."""

import json
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from campaigns.demo.tenants import DemoTenant
from ecosystem.rest import entry
from tests.factories.api import sent_of
from tests.factories.ecosystem import sign_in
from tests.house.doors import Ask, asks_of, session_of
from tests.house.routes import contents_of, dashboard_routes, ids_of
from tests.house.test_api_walls import operations, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

# What is counted of looking: by whom and when a key or a page was used, and what a machine was seen to do.
BOOKS = {
    "ecosystem_apikey",
    "ecosystem_membership",
    "ecosystem_tally",
    "ecosystem_notice",
    "campaigns_trackingevent",
    "ecosystem_auditentry",
}
LOOKS = {"owner", "helper", "link", "key", "visitor"}


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch) -> None:
    """Many calls in a moment are the point here; how they are counted is asked elsewhere."""
    monkeypatch.setattr(entry, "PER_KEY", 10**6)
    monkeypatch.setattr(entry, "PER_BUSINESS", 10**6)


@pytest.fixture
def tenants(both) -> tuple[DemoTenant, DemoTenant]:
    return both


def without_books(contents: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: lines for table, lines in contents.items() if table not in BOOKS}


def looks(tenants: tuple[DemoTenant, DemoTenant]) -> Iterator[Ask]:
    return (ask for ask in asks_of(*tenants) if ask.method == "GET" and ask.door in LOOKS)


def test_sec_11_sec_20_sec_24_looking_changes_nothing_uses_up_no_link_and_is_kept_by_nobody_on_the_way(tenants):
    """SEC-11: no answer to a member or a key is kept by others. SEC-20: what changes needs more than GET.

    SEC-24: links in letters answer GET and HEAD as often as they like.
    """
    a, _b = tenants
    asks, before, client = list(looks(tenants)), without_books(contents_of(a.business)), Client()
    first: dict[str, int] = {}
    kept: list[tuple[str, str | None]] = []
    for ask in asks:
        client.cookies.clear()
        answer = client.get(ask.url, headers=ask.headers)
        first[str(ask)] = answer.status_code
        if ask.door in ("owner", "helper", "key") and answer.headers.get("Cache-Control") != "no-store, private":
            kept.append((str(ask), answer.headers.get("Cache-Control")))
    assert kept == []
    for ask in [ask for ask in asks if ask.door == "link"]:
        for method in (client.head, client.get, client.head, client.get):
            client.cookies.clear()
            assert method(ask.url, headers=ask.headers).status_code == first[str(ask)], ask
    after = without_books(contents_of(a.business))
    assert [table for table in before if before[table] != after[table]] == []


def test_sec_20_no_page_of_a_member_takes_a_form_without_its_token(tenants):
    a, _b = tenants
    strict = sign_in(Client(enforce_csrf_checks=True), a.owner)
    before, wrong = without_books(contents_of(a.business)), []
    for route in dashboard_routes():
        url = route.url(a.business.slug, ids_of(a.business, route))
        for method in ("post", "put", "patch", "delete"):
            status = getattr(strict, method)(url, {"sure": "yes"}).status_code
            if status != 403:
                wrong.append((route.name, method, status))
    assert wrong == []
    assert without_books(contents_of(a.business)) == before


def test_sec_11_nobody_is_given_a_page_that_was_made_for_another(tenants):
    a, b = tenants
    for path in ("/", "/businesses/", "/accounts/email/"):
        seen = [sign_in(Client(), tenant.owner).get(path, follow=True).content for tenant in (a, b, a)]
        assert (b.marker.encode() in seen[0], a.marker.encode() in seen[1]) == (False, False), path
        assert seen[0] != seen[1], path


def test_sec_56_more_fields_or_bytes_than_a_form_may_have_are_refused(tenants):
    a, _b = tenants
    client, headers = Client(enforce_csrf_checks=True, raise_request_exception=False), session_of(a.owner)
    many = "&".join(f"f{number}=1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))
    large = "name=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    before, wrong = without_books(contents_of(a.business)), []
    for route in dashboard_routes():
        url = route.url(a.business.slug, ids_of(a.business, route))
        for body in (many, large):
            sent = client.post(url, body, content_type="application/x-www-form-urlencoded", headers=headers)
            if sent.status_code not in (400, 413):
                wrong.append((route.name, len(body), sent.status_code))
    assert wrong == []
    assert without_books(contents_of(a.business)) == before


def test_sec_56_the_api_refuses_what_is_too_large_too_deep_or_too_many(tenants):
    a, _b = tenants
    own, wrong = rows_of(a), []
    client = Client(headers={"authorization": f"Bearer {a.api_key}"}, raise_request_exception=False)
    deep = b'{"x":' * 21 + b"1" + b"}" * 21
    large = b'{"x":"' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
    for operation in operations():
        url = operation.url(own)
        if operation.body is not None:
            in_form = sent_of({"file": "Name", "about": json.loads(deep)}) if "file" in operation.body else None
            for (body, kind), wanted in ((in_form or sent_of(deep), 400), (sent_of(large), 413)):
                seen = client.generic(operation.method.upper(), url, body, content_type=kind)
                if seen.status_code != wanted:
                    wrong.append((operation.name, len(body), seen.status_code))
        if any(one["name"] == "limit" for one in operation.parameters):
            wrong += [
                (operation.name, limit)
                for limit in ("201", "0", "-1", "all")
                if client.get(url, {"limit": limit}).status_code != 400
            ]
    assert wrong == []
