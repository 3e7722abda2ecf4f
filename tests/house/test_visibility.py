"""What a weaker role may not see is nowhere for it: asked of every page there is, with markers in the hidden fields."""

import pytest
from django.test import Client

from contacts.models import Affiliation, Contact, ContactPoint, Organization
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership, User
from ecosystem.services.memberships import add_membership
from tests.factories.ecosystem import make_user, sign_in
from tests.house.routes import dashboard_routes, ids_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

PHONE = "+12125550177"


@pytest.fixture
def asked(both):
    """A tenant with one of everything, its adviser, its helper, and what stands in the fields for the team."""
    tenant, _other = both
    with business_scope(tenant.business):
        contact = Contact.objects.get(given_name=f"{tenant.marker}given")
        Contact.objects.filter(pk=contact.pk).update(primary_phone=PHONE)
        ContactPoint.objects.filter(contact=contact, kind="phone").delete()
        ContactPoint.objects.create(
            contact=contact, kind="phone", value="212 555 0177", value_norm=PHONE, is_primary=True
        )
        add_membership(make_user("Ada Lane", email="ada@example.com"), role=Role.ADVISER)
        email = contact.primary_email
    hidden = [email, PHONE[1:], "212 555 0177", f"{tenant.marker}note", f"{tenant.marker}said"]
    return tenant, contact, [text.encode() for text in hidden]


def sights(client, tenant, contact, of=""):
    """Every page of the dashboard that a member gets, whole and as htmx asks for it, by the name of its route."""
    for route in dashboard_routes():
        if of not in route.name:
            continue
        ids = ids_of(tenant.business, route)
        if route.uuids.get("id") == "contacts.Contact":
            ids["id"] = contact.pk
        url = route.url(tenant.business.slug, ids)
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(url, headers=headers)
            if answer.status_code == 200:
                yield route.name, b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_sec_10_an_adviser_reads_no_address_and_no_word_that_was_said_on_any_page(asked):
    tenant, contact, hidden = asked
    client = sign_in(Client(), User.objects.get(email="ada@example.com"))
    seen, leaks = set(), []
    for name, body in sights(client, tenant, contact):
        seen.add(name)
        leaks += [(name, text) for text in hidden if text in body]
    assert leaks == []
    assert {"contacts:contact_list", "contacts:contact_detail", "contacts:timeline", "contacts:ladder"} <= seen


def test_sec_10_the_same_fields_are_there_for_the_team(asked):
    tenant, contact, hidden = asked
    for user in (tenant.owner, tenant.helper):
        assert not_among(sights(sign_in(Client(), user), tenant, contact, of="contact"), hidden) == []


def not_among(seen, texts):
    """Which of the texts stand on no page; what is left of the pages when each was found is not asked for."""
    missing = list(texts)
    for _name, body in seen:
        missing = [text for text in missing if text not in body]
        if not missing:
            break
    return missing


def permissions_told(tenant):
    """What the pages of people say of what somebody allows."""
    told = ["May email", "May not email", "No permission yet", "May reach by", f"Said yes to “{tenant.marker}topic”"]
    return [text.encode() for text in [*told, f"Said no to “{tenant.marker}other”", f"{tenant.marker}proof"]]


def test_sec_10_a_helper_reads_on_no_page_what_anybody_allows(asked):
    tenant, contact, _hidden = asked
    client = sign_in(Client(), tenant.helper)
    with business_scope(tenant.business):
        place = {"contact": contact, "organization": Organization.objects.get(name=f"{tenant.marker}firm")}
        assert Affiliation.objects.filter(**place, ended_on=None).exists()
    seen, leaks = set(), []
    for name, body in sights(client, tenant, contact):
        seen.add(name)
        leaks += [(name, text) for text in permissions_told(tenant) if text in body]
    assert leaks == []
    pages = {"contact_list", "contact_detail", "timeline", "ladder", "ladder_lane", "organization_detail"}
    assert {f"contacts:{page}" for page in pages} <= seen


def test_sec_10_whoever_may_see_permissions_reads_them_on_the_same_pages(asked):
    tenant, contact, _hidden = asked
    for user in (tenant.owner, User.objects.get(email="ada@example.com")):
        told = permissions_told(tenant)[:1] + permissions_told(tenant)[3:6]
        assert not_among(sights(sign_in(Client(), user), tenant, contact), told) == []


def test_sec_10_a_key_whose_maker_became_a_helper_reads_no_answer_in_a_timeline(asked):
    tenant, contact, _hidden = asked
    asking = {"HTTP_AUTHORIZATION": f"Bearer {tenant.api_key}"}
    url = f"/api/v1/contacts/{contact.pk}/interactions"
    assert b"consent_change" in Client().get(url, **asking).content
    with business_scope(tenant.business):
        Membership.objects.filter(user=tenant.owner).update(role=Role.HELPER)
    answer = Client().get(url, **asking)
    assert answer.status_code == 200
    assert b"call" in answer.content
    assert b"consent_change" not in answer.content


@pytest.mark.parametrize("part", ["", "begin"])
def test_sec_10_an_adviser_finds_nobody_by_their_address(asked, part):
    tenant, contact, hidden = asked
    client = sign_in(Client(), User.objects.get(email="ada@example.com"))
    sought = hidden[0].decode()[: 8 if part else None] + ("@" if part else "")
    answer = client.get(f"/b/{tenant.business.slug}/contacts/", {"q": sought})
    assert answer.status_code == 400
    assert contact.display_name.encode() not in answer.content


def test_sec_10_an_adviser_finds_by_names_alone_in_the_palette(asked):
    tenant, contact, hidden = asked
    adviser, owner = sign_in(Client(), User.objects.get(email="ada@example.com")), sign_in(Client(), tenant.owner)
    url = f"/b/{tenant.business.slug}/find/"
    name = contact.display_name.encode()
    for sought in (PHONE[-4:], hidden[0].decode()):
        assert name in owner.get(url, {"q": sought}).content, sought
        assert name not in adviser.get(url, {"q": sought}).content, sought
    for sought in ("", contact.display_name):
        seen = adviser.get(url, {"q": sought}).content
        assert name in seen
        assert [text for text in hidden if text in seen] == []


def test_sec_10_an_adviser_gets_no_file_and_no_key(asked):
    tenant, _contact, _hidden = asked
    client = sign_in(Client(), User.objects.get(email="ada@example.com"))
    with_files = [route for route in dashboard_routes() if "export" in route.name or "key" in route.name]
    assert with_files
    for route in with_files:
        url = route.url(tenant.business.slug, ids_of(tenant.business, route))
        assert {client.get(url).status_code, client.post(url).status_code} <= {403, 405}, route.name
