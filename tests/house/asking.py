"""Asks everything of the product once and keeps each statement: every page with every filter, the API, every lane."""

import base64
import html
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client, override_settings

from campaigns.demo.tenants import DemoTenant, write_tenants
from ecosystem.agenda import AGENDA_QUEUES
from ecosystem.api.schema import described
from ecosystem.base.clock import now
from ecosystem.base.tenancy import bind_business
from ecosystem.middleware import forget_businesses
from ecosystem.rest import entry
from ecosystem.services import agenda
from tests.factories.ecosystem import sign_in
from tests.house.public_visits import ask_the_public_pages
from tests.house.questions import Everything
from tests.house.routes import dashboard_routes, ids_of

_LINKS = re.compile(r'(?:href|hx-get|data-url)="([^"#]*\?[^"]*)"')
_FORMS = re.compile(r'<form\b[^>]*method="get".*?</form>', re.DOTALL | re.IGNORECASE)
_SELECT = re.compile(r'<select\b[^>]*name="([^"]+)".*?</select>', re.DOTALL)
_VALUE = re.compile(r'<option\b[^>]*value="([^"]+)"')
_INPUT = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
NOT_A_PLACE = "This place in the list is not known"
# A place in a list, in each order that lists have: by id, by name, by time.
_VALUES = (
    ["01900000-0000-7000-8000-000000000000"],
    ["n", "01900000-0000-7000-8000-000000000000"],
    ["2026-01-01T00:00:00+00:00", "01900000-0000-7000-8000-000000000000"],
)


def everything() -> tuple[DemoTenant, Everything]:
    """Two businesses with one of everything, and each statement of one of them. Nothing of it stays."""
    asked = Everything()
    forget_businesses()
    # A prepared statement is seen once, without its values.
    with override_settings(PREPARED_STATEMENTS=False), transaction.atomic():
        with asked.at("the services that wrote the demo tenants"):
            tenant, _other = write_tenants()
        _ask_pages(tenant, asked)
        # How often a program may call is asked elsewhere; one that is told to come back later asks nothing here.
        with patch.multiple(entry, PER_KEY=10**6, PER_BUSINESS=10**6):
            _ask_api(tenant, asked)
        _send_forms(tenant, asked)
        _work(tenant, asked)
        ask_the_public_pages(tenant, asked)
        transaction.set_rollback(True)
    forget_businesses()
    return tenant, asked


def _ask_pages(tenant: DemoTenant, asked: Everything) -> None:
    client = sign_in(Client(raise_request_exception=False), tenant.owner)
    routes = dashboard_routes()
    waiting = [(route.name, route.url(tenant.business.slug, ids_of(tenant.business, route))) for route in routes]
    # The numbers behind which few letters stand, each by an index of its own.
    of_steps = [(name, url) for name, url in waiting if name == "campaigns:step_messages"]
    waiting += [(name, url.replace("/sent/", f"/{few}/")) for name, url in of_steps for few in ("held", "delayed")]
    seen: set[object] = set()
    alike = Alike()
    while waiting:
        name, url = waiting.pop(0)
        pairs = _pairs_of(url)
        if pairs <= seen or alike.asks_again(url):
            continue
        seen |= pairs
        before = len(asked.questions)
        with asked.at(f"GET {name} {urlsplit(url).query}"):
            page = client.get(url)
        alike.note(url, asked.last)
        if page.status_code != 200 or page.streaming or not page["Content-Type"].startswith("text/html"):
            continue
        waiting += [(name, found) for found in _links(page.content.decode(), url)]
        if len(asked.questions) > before or not urlsplit(url).query:
            _ask_further_on(client, url, asked, f"GET {name}")


@contextmanager
def drawn(is_drawn: bool) -> Iterator[None]:
    """Leave the pages empty that come inside, unless they are drawn: what the views ask is asked all the same."""
    if is_drawn:
        yield
    else:
        with patch.object(Template, "render", lambda *_given: ""):
            yield


class Alike:
    """Values of one parameter that ask the same questions: beside other parameters one of them speaks for all."""

    def __init__(self) -> None:
        self._first: dict[object, str] = {}
        self._speaks: dict[object, str] = {}

    def note(self, url: str, questions: set[str]) -> None:
        """Keep what an address with one parameter asked."""
        path, query = urlsplit(url).path, parse_qsl(urlsplit(url).query)
        if len(query) == 1:
            ((name, value),) = query
            self._speaks[path, name, value] = self._first.setdefault((path, name, frozenset(questions)), value)

    def asks_again(self, url: str) -> bool:
        """Whether another value speaks for one of these."""
        path, query = urlsplit(url).path, parse_qsl(urlsplit(url).query)
        return len(query) > 1 and any(self._speaks.get((path, *pair), pair[1]) != pair[1] for pair in query)


def _pairs_of(url: str) -> set[object]:
    """What an address combines: its path with each two of its parameters. One that combines nothing new is left out."""
    path, query = urlsplit(url).path, sorted(parse_qsl(urlsplit(url).query))
    return {(path, *pair) for pair in itertools.combinations([("", ""), ("", ""), *query], 2)}


def _links(text: str, url: str) -> list[str]:
    """Every address with a query to the same page: its links, and its forms with each value, each order of it, and the
    first two values of each two fields together."""
    path = urlsplit(url).path
    found = [urljoin(url, html.unescape(link)) for link in _LINKS.findall(text)]
    links = [link for link in found if urlsplit(link).path == path]
    for form in _FORMS.findall(text):
        offered = [(name, value) for name, values in _fields(form).items() for value in values]
        few = [(name, value) for name, values in _fields(form).items() for value in values[:2]]
        pairs = [pair for pair in itertools.combinations(few, 2) if pair[0][0] != pair[1][0]]
        pairs += [(one, order) for one in offered for order in offered if order[0] == "sort" != one[0]]
        links += [f"{path}?{urlencode(chosen)}" for chosen in [*([one] for one in offered), *pairs]]
    return [link for link in links if "cursor=" not in link]


def _fields(form: str) -> dict[str, list[str]]:
    fields = {match[1]: _VALUE.findall(match[0])[:12] for match in _SELECT.finditer(form)}
    for tag in _INPUT.findall(form):
        given = dict(_ATTRIBUTE.findall(tag))
        if given.get("type") in ("search", "text"):
            fields[given["name"]] = ["zz", "zz@example.com", "zz yy"]
        elif given.get("type") in ("hidden", "radio", "checkbox") and given.get("value"):
            fields.setdefault(given["name"], []).append(given["value"])
    return fields


def _ask_further_on(client: Client, url: str, asked: Everything, place: str) -> None:
    """The same list at a place further on, forwards and backwards, in its order; where it has such places.

    Lists that differ in the values of their filters have places of the same kinds.
    """
    if "cursor=" in url:
        return
    base = f"{url}{'&' if '?' in url else '?'}cursor="
    path, query = urlsplit(url).path, parse_qsl(urlsplit(url).query)
    alike = (path, tuple(sorted(name if name != "sort" else f"sort={value}" for name, value in query)))
    if alike not in asked.places:
        with drawn(not query):
            asked.places[alike] = list(_VALUES) if _is_no_place(client.get(base + "x")) else []
    for values in tuple(asked.places[alike]):
        for way in "fb":
            further_on = base + _cursor(way, values)
            # Each list is drawn further on as it is without filters.
            with asked.at(f"{place} {urlsplit(further_on).query}"), drawn(not query):
                answer = client.get(further_on)
            if _is_no_place(answer):
                # A place in another order: nothing is read for it in either direction.
                asked.places[alike].remove(values)
                break


def _is_no_place(answer: HttpResponse) -> bool:
    """Whether a list does not know a place; the sentence is missing where nothing is drawn."""
    is_said = NOT_A_PLACE.encode() in answer.content or b"bad_cursor" in answer.content
    return is_said or (answer.status_code == 400 and not answer.content)


def _cursor(way: str, values: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([way, *values]).encode()).decode().rstrip("=")


def _ask_api(tenant: DemoTenant, asked: Everything) -> None:
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {tenant.api_key}"})
    examples, alike = _examples(tenant, client), Alike()
    for path, operations in described()["paths"].items():
        if "get" not in operations:
            continue
        url = re.sub(r"{(\w+)}", lambda match: examples.get(match[1], str(uuid4())), path)
        filters = {
            one["name"]: (one["schema"].get("enum") or [examples.get(one["name"], "zz")])
            for one in operations["get"].get("parameters", [])
            if one["in"] == "query" and one["name"] not in ("cursor", "limit")
        }
        offered = [(name, str(value)) for name, values in filters.items() for value in values[:12]]
        pairs = [pair for pair in itertools.combinations(offered, 2) if pair[0][0] != pair[1][0]]
        for chosen in [[], *([one] for one in offered), *pairs]:
            before, address = len(asked.questions), f"{url}?{urlencode(chosen)}"
            if alike.asks_again(address):
                continue
            with asked.at(f"GET {path} {urlencode(chosen)}"):
                answer = client.get(address)
            alike.note(address, asked.last)
            assert answer.status_code != 429, address
            if len(asked.questions) > before:
                _ask_further_on(client, address, asked, f"GET {path}")


def _examples(tenant: DemoTenant, client: Client) -> dict[str, str]:
    """An id of each kind of thing, as the API's own lists give it, and what filters by words take."""
    found = {"email": "zz@example.com", "tag": f"{tenant.marker}tag"}
    for name, path in (
        ("contact", "contacts"),
        ("sequence", "sequences"),
        ("topic", "topics"),
        ("message", "messages"),
        ("organization", "organizations"),
        ("assignee", "team"),
        ("tag", "tags"),
    ):
        items = client.get(f"/api/v1/{path}").json()["items"]
        found[f"{name}_id"] = items[0]["id"]
        found.setdefault(name, items[0]["id"])
    return found


def _send_forms(tenant: DemoTenant, asked: Everything) -> None:
    """Every form as it stands, sent, and taken back."""
    client = sign_in(Client(raise_request_exception=False), tenant.owner)
    for route in dashboard_routes():
        ids = ids_of(tenant.business, route)
        # Forms of a list name their fields by the row they are of.
        versions = {f"{one}-version": "1" for one in ids.values()}
        with transaction.atomic(), asked.at(f"POST {route.name}"):
            client.post(
                route.url(tenant.business.slug, ids), {"stage": "client", "name": "Zz", "version": "1", **versions}
            )
            transaction.set_rollback(True)
    program = {"authorization": f"Bearer {tenant.api_key}", "idempotency-key": "once"}
    with transaction.atomic(), asked.at("POST /api/v1/contacts"):
        client.post("/api/v1/contacts", {"given_name": "Zz"}, content_type="application/json", headers=program)
        transaction.set_rollback(True)


def _work(tenant: DemoTenant, asked: Everything) -> None:
    """One turn of each queue that workers serve, and the sweep of what they lost."""
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    settings.SMS_URL = "sms+http://a:b@127.0.0.1:9"
    for name, queue in AGENDA_QUEUES.items():
        with asked.at(f"queue {name}"), transaction.atomic():
            with bind_business(tenant.business):
                queue.work(tenant.business.pk, now() + timedelta(hours=1))
            transaction.set_rollback(True)
    with asked.at("agenda"):
        for name in [name for name, _ in AGENDA_QUEUES.items()]:
            agenda.claim(name)
        agenda.sweep_agenda()
