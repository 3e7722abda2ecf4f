"""The wall, asked from outside on every route there is: as a stranger, a visitor, a weaker role, with foreign ids."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client

from campaigns.demo.tenants import DemoTenant
from campaigns.models import Signup
from campaigns.queries.signups import confirm_url
from contacts.models import Contact
from contacts.panels import CONTACT_PANELS
from ecosystem.base.access import PERMISSIONS, Action, Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.memberships import add_membership
from tests.factories.campaigns import work
from tests.factories.ecosystem import sign_in
from tests.house.routes import (
    PLAIN,
    Route,
    all_routes,
    contents_of,
    dashboard_routes,
    ids_of,
    random_ids,
    tenant_models,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

_CHANGING = re.compile(rb'(csrfmiddlewaretoken" value="|nonce="|"X-CSRFToken": "|name="key" value=")[^"]+')
_IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_FIELD = re.compile(r"<(input|select|textarea)\b[^>]*\bname=\"(?P<name>[^\"]+)\"", re.IGNORECASE)


@pytest.fixture
def tenants(both) -> tuple[DemoTenant, DemoTenant]:
    return both


def test_sec_06_a_list_cannot_be_asked_for_by_a_parameter_that_it_does_not_name(tenants):
    """Every page that reads a place in a list, found by giving it one that is none."""
    a, _b = tenants
    owner, lists, wrong = sign_in(Client(), a.owner), set(), []
    for route in dashboard_routes():
        url = route.url(a.business.slug, ids_of(a.business, route))
        placed = owner.get(url, {"cursor": "x"})
        if placed.status_code != 400 or b"This place in the list is not known" not in placed.content:
            continue
        lists.add(route.name)
        for name in ("owner__user__email", "ordering", "include", "fields", "search", "business_id", "kind__in"):
            seen = owner.get(url, {name: "x"})
            if seen.status_code != 400 or name not in seen.content.decode():
                wrong.append((route.name, name, seen.status_code))
        if owner.get(url, {"cursor": ["x", "y"]}).status_code != 400:
            wrong.append((route.name, "twice"))
    assert lists >= {"contacts:contact_list", "contacts:organization_list", "contacts:ladder_lane", "ecosystem:audit"}
    assert wrong == []


def answer_of(response) -> tuple[int, bytes]:
    """Status and body without what differs by chance."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return response.status_code, _IDS.sub(b"", _CHANGING.sub(rb"\1", body))


def test_sec_03_every_route_answers_each_asker_as_it_should(tenants):
    """Logged out: the login. A stranger: nothing there. A weaker role: refused. The owner: an answer, no error."""
    a, b = tenants
    visitor, stranger, owner = Client(), sign_in(Client(), b.owner), sign_in(Client(), a.owner)
    weak = {Role.STAFF: sign_in(Client(), a.staff), Role.HELPER: sign_in(Client(), a.helper)}
    slug = a.business.slug
    wrong = []
    for route in dashboard_routes():
        assert route.action is not None, f"{route.name} asks for no right"
        url = route.url(slug, ids_of(a.business, route))
        seen = visitor.get(url)
        # The address of a file leads a visitor nowhere.
        is_hidden = getattr(route.view, "is_hidden_from_visitors", False)
        is_led_to_login = seen.status_code == 302 and "/accounts/login/" in seen.url
        if not (seen.status_code == 404 if is_hidden else is_led_to_login):
            wrong.append(("visitor", route.name, seen.status_code))
        if stranger.get(url).status_code != 404 or stranger.post(url).status_code != 404:
            wrong.append(("stranger", route.name))
        for role, client in weak.items():
            seen, sent = client.get(url).status_code, client.post(url).status_code
            if {route.action, *more_actions(route)} <= PERMISSIONS[role]:
                is_right = seen != 403
            else:
                is_right = {seen, sent} <= {403, 405} and 403 in (seen, sent)
            if not is_right:
                wrong.append((role.value, route.name, seen, sent))
        status = owner.get(url).status_code
        if status not in (200, 302, 405, 409):
            wrong.append(("owner", route.name, status))
    assert not wrong, "\n".join(map(str, wrong))


def more_actions(route: Route) -> set[Action]:
    """What a route asks for beside its own action: a card of a page is shown to those who may do what it is about."""
    return {CONTACT_PANELS.get(PLAIN["card"]).action} if "card" in route.parameters else set()


def test_sec_01_another_business_ids_are_as_if_there_were_none(tenants):
    a, b = tenants
    client = sign_in(Client(raise_request_exception=False), a.owner)
    before = contents_of(b.business)
    wrong = []
    for route in dashboard_routes():
        if not route.uuids:
            continue
        own, foreign, nothing = ids_of(a.business, route), ids_of(b.business, route), random_ids(route)
        for name in own:
            mixed, unknown = {**own, name: foreign[name]}, {**own, name: nothing[name]}
            for ask in (client.get, client.post):
                seen = answer_of(ask(route.url(a.business.slug, mixed)))
                missed = answer_of(ask(route.url(a.business.slug, unknown)))
                if seen != missed or seen[0] not in (404, 405) or b.marker.encode() in seen[1]:
                    wrong.append((route.name, name, ask.__name__, seen[0], missed[0]))
    assert not wrong, "\n".join(map(str, wrong))
    assert contents_of(b.business) == before


def test_sec_04_a_relation_to_another_business_is_as_one_to_nothing(tenants):
    """Each field of each form whose values are ids is sent with the other business's id, and with one of nothing."""
    a, b = tenants
    client = sign_in(Client(raise_request_exception=False), a.owner)
    before, tried = contents_of(b.business), set()
    foreign = {table: _IDS.findall(lines[0].encode())[0].decode() for table, lines in before.items()}
    tables = {value: table for table, lines in contents_of(a.business).items() for value in _first_ids(lines)}
    for route in dashboard_routes():
        page = client.get(route.url(a.business.slug, ids_of(a.business, route)))
        if page.status_code != 200 or page.streaming:
            continue
        for action, name, value in id_fields(page.content.decode(), page.request["PATH_INFO"]):
            if value not in tables or (action, name) in tried:
                continue
            tried.add((action, name))
            seen = answer_of(client.post(action, {name: foreign[tables[value]]}, follow=True))
            missed = answer_of(client.post(action, {name: str(uuid4())}, follow=True))
            assert seen == missed, (route.name, action, name)
    assert len(tried) > 3
    assert contents_of(b.business) == before
    own = "".join(line for lines in contents_of(a.business).values() for line in lines)
    assert [value for value in foreign.values() if value in own] == []


def test_sec_05_columns_that_no_form_asks_for_are_not_written(tenants):
    a, b = tenants
    client = sign_in(Client(raise_request_exception=False), a.owner)
    columns = {field.attname for model in tenant_models() for field in model._meta.local_fields}
    before = contents_of(b.business)
    for route in dashboard_routes():
        url = route.url(a.business.slug, ids_of(a.business, route))
        page = client.get(url)
        text = page.content.decode() if page.status_code == 200 and not page.streaming else ""
        asked = {match["name"] for match in _FIELD.finditer(text)}
        client.post(url, dict.fromkeys(columns - asked, "ZZINJECTED") | {"business_id": b.business.pk})
    assert contents_of(b.business) == before
    touched = [
        (table, line) for table, lines in contents_of(a.business).items() for line in lines if "ZZINJECTED" in line
    ]
    documented = {"contacts_note", "contacts_tag", "contacts_organization"}
    assert [table for table, _line in touched if table not in documented] == []


def test_sec_60_whoever_left_finds_nothing_there_any_more(tenants):
    a, _b = tenants
    client = sign_in(Client(), a.staff)
    url = f"/b/{a.business.slug}/"
    assert client.get(url).status_code == 200
    with business_scope(a.business):
        Membership.objects.filter(user=a.staff).delete()
    assert client.get(url).status_code == 404


def test_two_tabs_with_two_businesses_never_mix(tenants):
    a, b = tenants
    with business_scope(b.business):
        add_membership(a.owner, role=Role.OWNER)
    client = sign_in(Client(), a.owner)
    for one, other in ((a, b), (b, a), (a, b)):
        body = client.get(f"/b/{one.business.slug}/contacts/").content.decode()
        assert f"{one.marker}family" in body
        assert f"{other.marker}family" not in body


def test_the_demo_tenants_have_one_of_everything(tenants):
    for tenant in tenants:
        empty = [table for table, lines in contents_of(tenant.business).items() if not lines]
        assert empty == []


def test_sec_39_broken_input_is_never_an_error_of_ours(tenants):
    """No route answers 500, whatever stands in the address or the form."""
    a, _b = tenants
    client = sign_in(Client(raise_request_exception=False), a.owner)
    nasty = ("\x00", "9" * 400, "'%{{ 7 }}<script>\ud7ff")
    wrong = []
    for route in all_routes():
        if not route.path.startswith("b/"):
            continue
        url = route.url(a.business.slug, ids_of(a.business, route))
        answers = [("no JSON", client.post(url, b"\xff\xfe{", content_type="application/json"))]
        for text in nasty:
            sent = dict.fromkeys(("name", "email", "stage", "kind", "version", "body", "amount"), text)
            asked = dict.fromkeys(("cursor", "kind", "tag", "sort", "step", "reason", "period"), text)
            answers += [(text, client.get(url, asked)), (text, client.post(url, sent))]
        wrong += [(route.name, text, seen.status_code) for text, seen in answers if seen.status_code >= 500]
    assert not wrong, "\n".join(map(str, wrong))


def test_the_demo_tenants_can_be_worked_on(tenants):
    """The letter that asks for the second yes has its link, and the list is brought in."""
    work("import")
    work("import")
    for tenant in tenants:
        with business_scope(tenant.business):
            confirm_path = urlsplit(confirm_url(tenant.business.pk, Signup.objects.get().pk)).path
            assert Client().get(confirm_path).status_code == 200
            assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}
            assert Contact.objects.filter(given_name=f"{tenant.marker}listed").exists()


def id_fields(page: str, path: str) -> set[tuple[str, str, str]]:
    """A form's address, the name of a field in it whose offered values are ids, and one of the values."""
    found = set()
    for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL):
        action = re.search(r'<form[^>]*\baction="([^"]*)"', form)
        for select in re.findall(r"<select\b.*?</select>", form, re.DOTALL):
            name, value = re.search(r'\bname="([^"]+)"', select), _IDS.search(select.encode())
            if name and value:
                found.add((action[1] if action and action[1] else path, name[1], value[0].decode()))
    return found


def _first_ids(lines: list[str]) -> list[str]:
    """The id of each row: the first one that its text shows."""
    return [match[0].decode() for line in lines if (match := _IDS.search(line.encode()))]
