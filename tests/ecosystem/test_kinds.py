"""Kinds of people as a business sees them: renamed, explained, switched off and on, and taken back."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import RoleAssignment
from ecosystem.base.tenancy import business_scope
from ecosystem.models import KindSetting
from ecosystem.queries.tallies import tally
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import make_member, make_user, sign_in

VENDOR = {"label": "Vendor", "label_plural": "Vendors", "definition": "You buy from them", "cadence_days": 90}


def url(business, name="kind_edit", kind="vendor"):
    return reverse(f"ecosystem:{name}", kwargs={"slug": business.slug, "kind": kind})


def setting_of(business, kind="vendor"):
    with business_scope(business):
        return KindSetting.objects.get(kind=kind)


def undo_of(response):
    page = response.content.decode()
    return unescape(re.search(r'action="([^"]+/undo/[^"]+)"', page).group(1))


def page_of(client, business, name, **kwargs):
    return client.get(reverse(f"contacts:{name}", kwargs={"slug": business.slug, **kwargs})).content.decode()


def test_before_a_kind_is_switched_off_the_page_says_what_becomes_of_its_people(as_nora, bakery):
    for name in ("Mill", "Dairy"):
        make_contact(bakery, name, roles=["vendor"])
    asked = as_nora.post(url(bakery), VENDOR)
    page = asked.content.decode()
    assert asked.status_code == 200
    assert "2 people are among your Vendors now. They stay in your list" in page
    assert setting_of(bakery).is_on
    done = as_nora.post(url(bakery), {**VENDOR, "sure": "yes"}, follow=True).content.decode()
    assert "Vendors is switched off. Nobody is lost" in done
    assert not setting_of(bakery).is_on


def test_a_kind_that_is_off_is_in_no_menu_and_no_count_and_loses_nobody(as_nora, bakery):
    mill = make_contact(bakery, "Mill", stage=None, roles=["vendor"])
    as_nora.post(url(bakery), {**VENDOR, "sure": "yes"})
    assert 'kind=vendor"' not in page_of(as_nora, bakery, "contact_list")
    assert ">Vendor<" not in page_of(as_nora, bakery, "contact_add")
    today = as_nora.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug})).content.decode()
    assert 'data-kind="vendor"' not in today
    listed = page_of(as_nora, bakery, "contact_list")
    assert "Mill" in listed
    assert 'data-kind="vendor"' not in listed
    with business_scope(bakery):
        assert RoleAssignment.objects.get(contact=mill, kind="vendor").ended_at is None
        assert tally("people_by_role", "vendor") == 1
    as_nora.post(url(bakery), {**VENDOR, "is_on": "on"})
    assert 'kind=vendor"' in page_of(as_nora, bakery, "contact_list")


def test_nobody_can_be_made_what_is_switched_off(as_nora, bakery, ana):
    as_nora.post(url(bakery), {**VENDOR, "sure": "yes"})
    as_nora.post(reverse("contacts:role_assign", kwargs={"slug": bakery.slug, "id": ana.pk}), {"kind": "vendor"})
    with business_scope(bakery):
        assert not RoleAssignment.objects.filter(contact=ana).exists()


def test_a_new_word_is_on_every_page_and_in_the_program_and_undo_takes_it_back(as_nora, bakery, ana):
    said = {"label": "Patient", "label_plural": "Patients", "definition": "Comes for care", "cadence_days": 60}
    make_contact(bakery, "Cleo Park", stage="client")
    saved = as_nora.post(url(bakery, kind="client"), said, follow=True)
    board = page_of(as_nora, bakery, "ladder")
    listed = page_of(as_nora, bakery, "contact_list")
    assert "Patients" in board
    assert "Clients" not in board
    assert 'title="Comes for care"' in listed
    assert "Comes for care" in board
    as_nora.post(undo_of(saved))
    assert (setting_of(bakery, "client").label, setting_of(bakery, "client").definition) == (
        "Client",
        "Bought at least once",
    )


def test_undo_stops_at_a_later_change_and_at_what_we_did_not_sign(as_nora, bakery):
    first = as_nora.post(url(bakery), {**VENDOR, "label": "Miller", "is_on": "on"}, follow=True)
    as_nora.post(url(bakery), {**VENDOR, "label": "Grower", "is_on": "on"})
    page = as_nora.post(undo_of(first), follow=True).content.decode()
    assert "It was changed again since, so it stays as it is now." in page
    page = as_nora.post(url(bakery, "kind_undo") + "?to=made-up", follow=True).content.decode()
    assert "This can be taken back no longer." in page
    assert setting_of(bakery).label == "Grower"


def test_an_undo_of_another_business_is_worth_nothing_here(as_nora, as_gus, bakery, garage):
    theirs = as_gus.post(url(garage), {**VENDOR, "label": "Miller", "is_on": "on"}, follow=True)
    to = undo_of(theirs).split("?")[1]
    page = as_nora.post(f"{url(bakery, 'kind_undo')}?{to}", follow=True).content.decode()
    assert "This can be taken back no longer." in page
    assert setting_of(bakery).label == "Vendor"


@pytest.mark.parametrize("role", ["staff", "helper", "adviser"])
def test_kinds_are_for_those_who_may_change_settings(bakery, role):
    client = sign_in(Client(), make_member(bakery, role))
    assert client.get(url(bakery)).status_code == 403
    assert client.post(url(bakery), {**VENDOR, "sure": "yes"}).status_code == 403
    assert setting_of(bakery).is_on


def test_somebody_known_joins_the_team_though_associates_are_switched_off(as_nora, bakery):
    max_ = make_contact(bakery, "Max Orr", email="max@example.com")
    with business_scope(bakery):
        KindSetting.objects.filter(kind="associate").update(is_on=False)
    make_member(bakery, "helper", make_user("Max Orr", email="max@example.com"))
    with business_scope(bakery):
        assert RoleAssignment.objects.get(contact=max_).kind == "associate"
