"""The page of a person: what it costs, and the cards that come by their own address."""

from uuid import uuid4

import pytest
from django.urls import reverse

from contacts.models import Affiliation, ContactPoint, ContactTag, Interaction, Note, Organization, Tag
from contacts.panels import CONTACT_PANELS
from contacts.timeline_kinds import TIMELINE_KINDS
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.contacts import make_contact
from tests.statements import statements_of


def url_of(business, person, name="contact_detail", **more) -> str:
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": person.pk, **more})


@pytest.fixture
def ana(bakery):
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="+1 202 555 0142", stage="client")


def surround(business, person, *, count: int, first: int = 0) -> None:
    """So many of everything that a page of a person shows."""
    with business_scope(business):
        numbers = range(first, first + count)
        tags = Tag.objects.bulk_create(Tag(name=f"Tag {n}", name_norm=f"tag {n}") for n in numbers)
        firms = Organization.objects.bulk_create(Organization(name=f"F{n}", sort_name=f"f{n}") for n in numbers)
        ContactTag.objects.bulk_create(ContactTag(tag=tag, contact=person) for tag in tags)
        Affiliation.objects.bulk_create(Affiliation(contact=person, organization=firm) for firm in firms)
        ContactPoint.objects.bulk_create(
            ContactPoint(contact=person, kind="handle", value=f"@a{n}", value_norm=f"a{n}") for n in numbers
        )
        # One line of every kind there is at least, each of which may tell of another table.
        kinds = [kind for kind, _told in TIMELINE_KINDS.items()]
        Interaction.objects.bulk_create(
            Interaction(
                contact=person,
                kind=kind,
                occurred_at=now(),
                source="test",
                external_id=f"{kind} {n}",
                object_id=uuid4(),
            )
            for n in numbers
            for kind in kinds
        )
        Note.objects.bulk_create(Note(contact=person, body=f"Note {n}") for n in numbers)


def test_rel_37_a_persons_page_and_each_of_its_cards_cost_no_more_statements_for_50_and_200_rows_than_for_1(
    as_nora, bakery, ana
):
    pages = [url_of(bakery, ana), url_of(bakery, ana, "timeline")]
    pages += [url_of(bakery, ana, "contact_panel", card=name) for name, _panel in CONTACT_PANELS.items()]
    costs = []
    for first, count in ((0, 1), (1, 49), (50, 150)):
        surround(bakery, ana, count=count, first=first)
        costs.append({page: len(statements_of(as_nora, page)) for page in pages})
    assert costs[1] == costs[2]
    assert all(costs[1][page] <= costs[0][page] <= 8 for page in pages), costs[0]


def test_every_card_has_its_place_with_a_link_that_works_without_scripts(as_nora, bakery, ana):
    page = as_nora.get(url_of(bakery, ana)).content.decode()
    for name, panel in CONTACT_PANELS.items():
        address = url_of(bakery, ana, "contact_panel", card=name)
        assert f'hx-get="{address}" hx-trigger="load, again"' in page
        assert f'<a href="{address}">{panel.title}</a>' in page
        whole = as_nora.get(address).content.decode()
        assert f"<h1>{panel.title}</h1>" in whole
        card = as_nora.get(address, headers={"hx-request": "true"}).content.decode()
        assert "<html" not in card
        assert card.strip()
        assert card.strip() in whole or "csrfmiddlewaretoken" in card


def test_a_role_that_may_not_see_a_card_has_no_place_for_it_and_is_refused(as_helper, bakery, ana):
    page = as_helper.get(url_of(bakery, ana)).content.decode()
    refused = [name for name, _panel in CONTACT_PANELS.items() if f"/cards/{name}/" not in page]
    assert refused
    for name in refused:
        assert as_helper.get(url_of(bakery, ana, "contact_panel", card=name)).status_code == 403


def test_there_is_no_card_of_another_name_and_none_of_the_garages_people(as_nora, garage, bakery, ana):
    assert as_nora.get(url_of(bakery, ana, "contact_panel", card="nothing")).status_code == 404
    other = make_contact(garage, "Gustav")
    assert as_nora.get(url_of(bakery, other, "contact_panel", card="permission")).status_code == 404
