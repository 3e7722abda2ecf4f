"""Switching a kind off, the help of a page, and what an adviser sees of a person."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import faults_of, keep_picture
from tests.factories.contacts import make_contact, make_talk
from tests.factories.ecosystem import make_member, make_user


@pytest.mark.parametrize("scripts", [True, False])
def test_a_kind_is_switched_off_after_one_look_and_taken_back(visit, nora, bakery, scripts):
    make_contact(bakery, "Harbor Mill", roles=["vendor"])
    visitor = visit(nora, width=390, scripts=scripts)
    page = visitor.open(reverse("ecosystem:kind_edit", kwargs={"slug": bakery.slug, "kind": "vendor"}))
    page.get_by_label("Use this kind").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 person is among your Vendors now.")).to_be_visible()
    if scripts:
        assert faults_of(page) == []
    keep_picture(page, "kind-switch-off")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_text("Vendors is switched off.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Every page says Vendors again.")).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.parametrize("scripts", [True, False])
def test_help_opens_where_one_stands(visit, nora, bakery, scripts):
    page = visit(nora, width=320, scripts=scripts).open(reverse("contacts:ladder", kwargs={"slug": bakery.slug}))
    page.get_by_text("How this page works").click()
    expect(page.get_by_text("Where each person stands on their way to you.")).to_be_visible()
    if scripts:
        assert faults_of(page) == []


def test_an_adviser_reads_a_person_without_addresses(looks_right, visit, bakery):
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="212 555 0142")
    make_talk(bakery, ana)
    ada = make_member(bakery, "adviser", make_user("Ada Lane", email="ada@example.com"))
    url = reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk})
    looks_right(ada, url, name="person-adviser", widths=(1440, 320))
    page = visit(ada).open(url)
    expect(page.get_by_text("For the team only")).to_be_visible()
    expect(page.get_by_text("ana@example.com")).to_have_count(0)
