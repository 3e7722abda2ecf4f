"""What users write is shown as they wrote it and never acts: 150 payloads in every field of theirs, all pages read.

Fields are found, not listed: whatever the demo tenant filled with its marker. Every field takes payloads in turn,
as many as fit; HOUSE_XSS_ROUNDS=75 gives each payload to each field, the usual few rounds give each to some.
"""

import json
import os
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client

from campaigns.demo.tenants import DemoTenant, write_tenants
from ecosystem.middleware import forget_businesses
from tests.house.active_content import active_content
from tests.house.doors import Ask, asks_of
from tests.house.routes import tenant_models
from tests.house.xss_payloads import CANARY, PAYLOADS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ROUNDS = int(os.environ.get("HOUSE_XSS_ROUNDS", "4"))
DOORS = {"owner", "visitor", "link", "account", "key"}
# What the product has made of a user's words is not a user's field: it is made from those that are poisoned here.
MADE_BY_US = {
    ("campaigns_contentversion", None),
    ("campaigns_signup", "topics"),
    ("ecosystem_outboxentry", None),
    ("ecosystem_idempotencykey", None),
    ("contacts_searchtoken", None),
}
PLAIN_TYPES = (
    "image/gif",
    "application/json",
    "application/problem+json",
    "text/csv",
    "text/plain",
    "application/vnd.oai",
    "image/png",
)


@dataclass
class Poison:
    """Writes payloads over the words of a tenant, behind its back, and keeps who has had which."""

    tenant: DemoTenant
    had: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    _next: int = 0

    def round(self) -> None:
        """Every word of the tenant anew."""
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(self.tenant.business.pk)])
            for model in tenant_models():
                self._poison_table(cursor, model)

    def _poison_table(self, cursor: Any, model: Any) -> None:
        table = model._meta.db_table
        columns = {one.column: one for one in model._meta.local_fields}
        cursor.execute(f"SELECT * FROM {table} WHERE business_id = %s", [self.tenant.business.pk])  # noqa: S608
        names = [one[0] for one in cursor.description]
        for row in cursor.fetchall():
            values = dict(zip(names, row, strict=True))
            changed = {
                name: self._words(table, name, value, columns[name])
                for name, value in values.items()
                if self._is_theirs(table, name, value)
            }
            if changed:
                # Ledgers refuse to be changed, which is asked elsewhere.
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                assigned = ", ".join(f"{name} = %s" for name in changed)
                cursor.execute(
                    f"UPDATE {table} SET {assigned} WHERE id = %s",  # noqa: S608
                    [*changed.values(), values["id"]],
                )
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def _is_theirs(self, table: str, name: str, value: object) -> bool:
        if (table, None) in MADE_BY_US or (table, name) in MADE_BY_US:
            return False
        text = json.dumps(value, default=str) if isinstance(value, dict | list) else value
        return isinstance(text, str) and (self.tenant.marker in text or CANARY in text)

    def _words(self, table: str, name: str, value: Any, column: Any) -> Any:
        if column.get_internal_type() == "ArrayField":
            return self._inside(value, (table, name))
        if isinstance(value, dict | list):
            return json.dumps(self._inside(value, (table, name)))
        if isinstance(value, str) and value.startswith(("{", "[")) and column.get_internal_type() == "JSONField":
            return json.dumps(self._inside(json.loads(value), (table, name)))
        return self._payloads((table, name), column.max_length or 2_000)

    def _inside(self, value: Any, place: tuple[str, str]) -> Any:
        if isinstance(value, dict):
            return {key: self._inside(one, place) for key, one in value.items()}
        if isinstance(value, list):
            return [self._inside(one, place) for one in value]
        if isinstance(value, str) and (self.tenant.marker in value or CANARY in value):
            return self._payloads(place, 80)
        return value

    def _payloads(self, place: tuple[str, str], room: int) -> str:
        """As many of the payloads as fit, those first that this field has not had."""
        self._next += 1
        turned = PAYLOADS[self._next % len(PAYLOADS) :] + PAYLOADS[: self._next % len(PAYLOADS)]
        chosen: list[str] = []
        for payload in sorted(turned, key=lambda one: one in self.had[place]):
            if sum(map(len, chosen)) + len(chosen) + len(payload) <= room:
                chosen.append(payload)
            if len(chosen) == 40:
                break
        self.had[place] |= set(chosen)
        return " ".join(chosen) or CANARY[:room]


def looks(tenants: tuple[DemoTenant, DemoTenant]) -> list[Ask]:
    """Every page, fragment, file and call that only looks."""
    return [ask for ask in asks_of(*tenants) if ask.method == "GET" and ask.door in DOORS]


def faults_of(answer: Any) -> list[str]:
    """What acts in an answer, or might be taken for a page though it is none."""
    kind = answer.headers.get("Content-Type", "")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if kind.startswith("text/html"):
        policy = answer.headers["Content-Security-Policy"]
        return active_content(body.decode(), policy=policy, canary=CANARY).faults
    if body and not (kind.startswith(PLAIN_TYPES) and answer.headers["X-Content-Type-Options"] == "nosniff"):
        return [f"{kind} without nosniff"]
    return []


def test_sec_40_what_users_wrote_acts_on_no_page_in_no_file_and_in_no_answer():
    """SEC-40: read by a parser, with htmx's and Alpine's attributes among what acts."""
    assert len(set(PAYLOADS)) == 150
    forget_businesses()
    tenants = write_tenants()
    poison, client = Poison(tenants[0]), Client(raise_request_exception=False)
    asks, faults, shown = looks(tenants), [], set()
    for number in range(ROUNDS):
        poison.round()
        forget_businesses()
        for ask in asks:
            client.cookies.clear()
            answer = client.get(ask.url, headers=ask.headers)
            faults += [(number, str(ask), fault) for fault in faults_of(answer)]
            if answer.status_code >= 500:
                faults.append((number, str(ask), str(answer.status_code)))
            if not answer.streaming and CANARY.encode() in answer.content:
                shown.add(str(ask))
        # The first round tells which answers show words at all; only they can change.
        asks = [ask for ask in asks if str(ask) in shown]
    assert not faults, "\n".join(map(str, faults[:80]))
    assert set().union(*poison.had.values()) == set(PAYLOADS)
    assert len(poison.had) > 40, sorted(poison.had)
    assert len(shown) > 40
