"""The page of a person: what it costs, and the cards that come by their own address."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from contacts.models import Affiliation, ContactPoint, ContactTag, Interaction, Note, Organization, Tag
from contacts.panels import CONTACT_PANELS
from contacts.queries.timeline import MOST_FOLDED
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


def history(business, person, months: int, a_month: int = 15) -> None:
    """Some talks in each of the last months, the first of them in March 2026."""
    with business_scope(business):
        Interaction.objects.bulk_create(
            Interaction(
                contact=person,
                kind="call",
                occurred_at=datetime(2026, 3 + month, 14, 12, minute, tzinfo=UTC),
                source="test",
                external_id=f"{month} {minute}",
            )
            for month in range(months)
            for minute in range(a_month)
        )


def test_a_long_history_folds_by_month_and_each_month_opens_without_scripts(as_nora, bakery, ana):
    with business_scope(bakery):
        own = Interaction.objects.filter(contact=ana).count()
    history(bakery, ana, 3)
    page = as_nora.get(url_of(bakery, ana)).content.decode()
    assert f'{url_of(bakery, ana)}?months#months"' in page
    assert "April 2026" not in page
    folded = as_nora.get(url_of(bakery, ana), {"months": ""}).content.decode()
    at = [folded.index(f"?month={month}#timeline") for month in ("2026-05", "2026-04", "2026-03")]
    assert at == sorted(at)
    assert folded.count("<small>15 lines</small>") == 3
    fragment = as_nora.get(url_of(bakery, ana, "timeline"), {"months": ""}, headers={"hx-request": "true"})
    assert "April 2026" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    april = as_nora.get(url_of(bakery, ana), {"month": "2026-04"}).content.decode()
    assert (april.count('class="day"'), april.count("14 April")) == (1, 1)
    assert "14 March" not in april
    assert "Back to the newest" in april
    assert own < 15


def test_months_before_those_that_were_counted_are_a_link_away(as_nora, bakery, ana):
    with business_scope(bakery):
        Interaction.objects.bulk_create(
            Interaction(
                contact=ana, kind="call", occurred_at=datetime(2025, month, day, 12, tzinfo=UTC),
                source="test", external_id=f"{month} {day} {number}",
            )
            for month, day, count in ((9, 14, MOST_FOLDED), (8, 14, 1), (2, 14, 3))
            for number in range(count)
        )  # fmt: skip
    newest = as_nora.get(url_of(bakery, ana), {"months": ""}).content.decode()
    assert "September 2025" in newest
    assert "August 2025" not in newest
    assert f'href="{url_of(bakery, ana)}?months=2025-08#months"' in newest
    assert "Before that" in newest
    before = as_nora.get(url_of(bakery, ana), {"months": "2025-08"}).content.decode()
    assert before.index("August 2025") < before.index("February 2025")
    assert "September 2025" not in before.partition('id="months"')[2]
    assert "<small>3 lines</small>" in before
    assert "Before that" not in before
    nothing = as_nora.get(url_of(bakery, ana, "timeline"), {"months": "2025-01"}, headers={"hx-request": "true"})
    assert "Nothing between you before that." in nothing.content.decode()


def test_a_month_of_many_lines_goes_on_within_itself(as_nora, bakery, ana):
    history(bakery, ana, 2, a_month=30)
    march = as_nora.get(url_of(bakery, ana), {"month": "2026-03"}).content.decode()
    assert "Show the 10 before this" in march
    cursor = march.partition("?cursor=")[2].partition("&")[0]
    rest = as_nora.get(url_of(bakery, ana, "timeline"), {"cursor": cursor, "month": "2026-03"})
    assert rest.content.decode().count("14 March") == 1
    assert "before this" not in rest.content.decode()


@pytest.mark.parametrize("month", ["2026-13", "x", "2026-3", "0000-01", "9999-12", "2026-03-01"])
def test_what_is_no_month_shows_the_newest(as_nora, bakery, ana, month):
    page = as_nora.get(url_of(bakery, ana), {"month": month})
    assert page.status_code == 200
    assert "Back to the newest" not in page.content.decode()


def test_a_short_history_has_nothing_to_fold(as_nora, bakery, ana):
    assert "?months" not in as_nora.get(url_of(bakery, ana)).content.decode()


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
