"""SEC-09: nobody is offered what would be refused to them: every link and form on every page, read by every role."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from ecosystem.base.access import Role, may
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership, User
from ecosystem.services.memberships import add_membership
from tests.factories.ecosystem import make_user, sign_in
from tests.house.routes import dashboard_routes, ids_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

_LEADS = {"href", "action", "formaction", "hx-get", "hx-post"}


class Offers(HTMLParser):
    """What a page lets its reader ask for: addresses of links (True) and of what is sent (False)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, bool]] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        for name in _LEADS & given.keys():
            looks = name in ("href", "hx-get") or (name == "action" and given.get("method", "get").lower() == "get")
            self.found.add((given[name] or "", looks))


def offers_on(client: Client, url: str) -> set[tuple[str, bool]]:
    """What a page offers within its business; nothing where the reader gets no page."""
    answer = client.get(url)
    if answer.status_code != 200 or answer.streaming or not answer["Content-Type"].startswith("text/html"):
        return set()
    page = Offers()
    page.feed(answer.content.decode())
    door = "/".join(url.split("/")[:3]) + "/"
    ways = {(urlsplit(urljoin(url, way)).path, looks) for way, looks in page.found}
    return {(way, looks) for way, looks in ways if way.startswith(door)}


@pytest.fixture
def tenant(both):
    """A business with one of everything, and a member of each role."""
    tenant, _other = both
    with business_scope(tenant.business):
        for role in set(Role) - set(Membership.objects.values_list("role", flat=True)):
            add_membership(make_user(role.title(), email=f"{role}@example.com"), role=role)
    return tenant


@pytest.mark.parametrize("role", list(Role))
def test_sec_09_no_page_offers_what_its_reader_may_not_do(tenant, role):
    with business_scope(tenant.business):
        member = Membership.objects.filter(role=role).select_related("user").first()
    client = sign_in(Client(), User.objects.get(pk=member.user_id))
    offered: dict[tuple[str, bool], str] = {}
    for route in dashboard_routes():
        for way in offers_on(client, route.url(tenant.business.slug, ids_of(tenant.business, route))):
            offered.setdefault(way, route.name)
    assert len(offered) > (20 if role in (Role.HELPER, Role.ADVISER) else 60)
    refused = []
    for (way, looks), where in sorted(offered.items()):
        try:
            action = resolve(way).func.required_action
        except Resolver404:
            refused.append(f"{where}: {way} leads nowhere")
            continue
        if not may(member, action):
            refused.append(f"{where}: {way} needs {action}")
        elif looks and client.get(way).status_code in (403, 404):
            refused.append(f"{where}: {way} is refused")
    assert not refused, "\n".join(refused)
