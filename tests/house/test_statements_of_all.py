"""REL-37: no page of a member asks more the more rows there are, and none asks the database more than eight times."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from campaigns.demo.tenants import DemoTenant, write_tenants
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from tests.factories.ecosystem import sign_in
from tests.house.many_rows import ManyRows
from tests.house.plans import skeleton_of
from tests.house.routes import dashboard_routes, ids_of
from tests.statements import statements_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

MOST = 8
# Pages that ask more, and why that is right.
_KEPT_BACK = "five of them say what keeps letters back: provider, its limits, an absence, letters that wait"
ALLOWED: dict[str, tuple[int, str]] = {
    "campaigns:sequence_list": (9, _KEPT_BACK),
    "campaigns:sequence_detail": (12, _KEPT_BACK),
}


def pages_of(tenant: DemoTenant, client: Client) -> Iterator[tuple[str, str]]:
    """Every page of the dashboard that shows something, by the name of its route."""
    for route in dashboard_routes():
        url = route.url(tenant.business.slug, ids_of(tenant.business, route))
        answer = client.get(url)
        if answer.status_code == 200 and not answer.streaming and answer["Content-Type"].startswith("text/html"):
            yield route.name, url


def test_rel_37_every_page_costs_at_most_eight_statements_and_no_more_for_50_and_200_rows_than_for_1():
    forget_businesses()
    tenant, _other = write_tenants()
    client = sign_in(Client(), tenant.owner)
    pages = dict(pages_of(tenant, client))
    with business_scope(tenant.business, tenant.owner):
        many = ManyRows()
    asked: dict[str, list[list[str]]] = {name: [] for name in pages}
    # At one moment: that a member was here is written down once a minute, and would be counted with some page.
    with time_machine.travel(now(), tick=False):
        for first, last in ((1, 0), (1, 49), (50, 199)):
            with business_scope(tenant.business, tenant.owner):
                many.copy(first, last)
            for name, url in pages.items():
                # What a process keeps of a business for a minute is read anew, and not between the two looks at a page.
                forget_businesses()
                asked[name].append(statements_of(client, url))
    assert not many.refused, "\n".join(f"{name}: {why}" for name, why in many.refused.items())
    costs = {name: [len(statements) for statements in three] for name, three in asked.items()}
    wrong = [name for name, cost in costs.items() if max(cost) > min(cost[0], ALLOWED.get(name, (MOST, ""))[0])]
    assert not wrong, "\n".join(f"{name}: {costs[name]} {_news(*asked[name])}" for name in wrong)
    assert len(costs) > 50
    cheap_enough = {name: why for name, why in ALLOWED.items() if max(costs[name]) <= MOST}
    assert not cheap_enough, "These need no explanation any more."


def _news(first: list[str], *later: list[str]) -> list[str]:
    """What was asked with more rows and not with one."""
    known = {skeleton_of(sql) for sql in first}
    return [sql[:200] for statements in later for sql in statements if skeleton_of(sql) not in known]
