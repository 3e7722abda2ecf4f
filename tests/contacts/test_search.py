"""Finding people and organizations by any word of them, and the palette that does it."""

import re

import pytest
from django.db import connection
from django.urls import reverse

from benchmarks.search_words import BENCHMARK
from contacts.models import Contact, ContactPoint, Organization, SearchToken
from contacts.queries.search import search_organizations, search_people, words_of_query
from contacts.queries.search_proof import words_differ
from contacts.services.contacts import delete_contact, details_of, edit_contact, restore_contact
from contacts.services.organizations import add_organization
from ecosystem.base import sql
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.finding import DEEDS
from tests.campaigns.sizes import size
from tests.factories.contacts import make_contact, make_contacts, make_organization, make_talk
from tests.statements import statements_of


def find_url(business, text: str | None = None) -> str:
    url = reverse("ecosystem:find", kwargs={"slug": business.slug})
    return url if text is None else f"{url}?q={text}"


def found(business, text: str) -> list[str]:
    with business_scope(business):
        return [person.name for person in search_people(text, most=8)]


def words_kept(person: Contact):
    return SearchToken.objects.filter(holder_id=person.pk)


@pytest.fixture
def maria(bakery) -> Contact:
    return make_contact(
        bakery, "Márija Ødegård-Smith", email="m.oakley+news@harbormill.com", phone="+1 202 555 0142", stage="client"
    )


@pytest.mark.parametrize(
    "text",
    [
        "marija",
        "MÁRI",
        "ødegard",
        "smith",
        "smi mar",
        "mar smi ode",
        "oakley",
        "harbor",
        "m.oakley+news@harbor",
        "0142",
        "555 0142",
        "(202) 555-0142",
        "oakley marija",
    ],
)
def test_any_word_of_a_name_part_of_an_email_and_end_of_a_phone_number_finds(bakery, maria, text):
    make_contact(bakery, "Ben Ode", email="ben@example.com", phone="+1 202 555 0199")
    assert found(bakery, text) == ["Márija Ødegård-Smith"]


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "'", "smith ben", "arija", "com", "\x00", "0143", "@"])
def test_what_is_no_beginning_finds_nobody(bakery, maria, text):
    make_contact(bakery, "Ben Ode", email="ben@gmail.com")
    assert found(bakery, text) == []


def test_whole_words_come_first_and_then_who_was_touched_last(bakery):
    for name in ("Annabel Lee", "Ann Late", "Ann Early"):
        person = make_contact(bakery, name)
        make_talk(bakery, person, days_ago={"Annabel Lee": 1, "Ann Late": 2, "Ann Early": 3}[name])
    assert found(bakery, "ann") == ["Ann Late", "Ann Early", "Annabel Lee"]


def test_those_of_one_name_who_were_touched_at_once_stand_in_one_order_every_time(bakery):
    people = [make_contact(bakery, "Sam Lee", email=f"sam@n{number:02}.example.com") for number in range(40)]
    firms = [make_organization(bakery, "Sam Mill") for _times in range(40)]
    with business_scope(bakery):
        Contact.objects.update(touched_at=now())
        # Written once more, the first stand last on the disk.
        for model, first in ((Contact, people[:6]), (Organization, firms[:6])):
            model.objects.filter(pk__in=[one.pk for one in reversed(first)]).update(version=2)
        with connection.cursor() as cursor:
            # Gathered by hashing, hits come in no order of their own.
            cursor.execute("SET LOCAL enable_sort TO off")
        for text in ("sam", "lee sam", "sam@"):
            assert [one.id for one in search_people(text, most=8)] == [one.pk for one in people[:8]], text
        assert [one.id for one in search_organizations("mill", most=8)] == [one.pk for one in firms[:8]]


def test_digits_that_are_no_phone_are_words_of_a_name(bakery):
    make_contact(bakery, "Studio 54321")
    assert found(bakery, "54321") == ["Studio 54321"]


def test_an_edit_is_found_by_the_new_words_and_no_longer_by_the_old(bakery, maria):
    with business_scope(bakery):
        details = details_of(maria)
        changed = details.__class__(given_name="Zoe", family_name="Berg", email="zoe@example.com")
        edit_contact(maria, changed, version=maria.version, before=details, actor=None, now=now())
    assert found(bakery, "zoe") == found(bakery, "berg") == ["Zoe Berg"]
    assert found(bakery, "smith") == found(bakery, "oakley") == found(bakery, "0142") == []


def test_sec_68_who_is_deleted_or_erased_leaves_no_word_and_comes_back_with_all(bakery, maria):
    with business_scope(bakery):
        words = set(words_kept(maria).values_list("token", flat=True))
        delete_contact(maria, actor=None, now=now())
        assert not words_kept(maria).exists()
        maria.points.get(kind="phone").delete()
        assert not words_kept(maria).exists()
        restore_contact(maria, actor=None, now=now())
        back = set(words_kept(maria).values_list("token", flat=True))
        assert back == {word for word in words if not word.startswith("#")}
        delete_contact(maria, actor=None, now=now())
        passing = Contact.objects.create(display_name="Zed Smith", sort_name="zed smith")
        ContactPoint.objects.create(contact=passing, kind="email", value="z@example.com", value_norm="z@example.com")
        assert words_kept(passing).count() == 4
        sql.execute("DELETE FROM contacts_contact WHERE id = %(id)s", {"id": passing.pk})
        assert not words_kept(passing).exists()
    assert found(bakery, "smith") == []


def test_a_word_that_two_addresses_share_stays_until_both_are_gone(bakery, maria):
    with business_scope(bakery):
        ContactPoint.objects.create(contact=maria, kind="email", value="x", value_norm="oakley@example.com")
        for address, still in (("m.oakley+news@harbormill.com", True), ("oakley@example.com", False)):
            ContactPoint.objects.get(value_norm=address).delete()
            assert words_kept(maria).filter(token="oakley").exists() is still
        assert words_differ() == []


def test_an_address_takes_its_words_along_to_whoever_it_goes_to(bakery, maria):
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        mill = add_organization(name="Mill", main_contact=None, is_context=False, actor=None)
        point = maria.points.get(kind="email")
        ContactPoint.objects.filter(pk=point.pk).update(contact=ben)
        assert words_differ() == []
        assert [person.name for person in search_people("oakley", most=8)] == ["Ben Ode"]
        ContactPoint.objects.filter(pk=point.pk).update(contact=None, organization=mill)
        assert words_differ() == []
        assert search_people("oakley", most=8) == []
        assert [one.name for one in search_organizations("oakley mill", most=5)] == ["Mill"]


def test_rel_40_words_that_are_lost_or_left_over_are_told(bakery, maria):
    with business_scope(bakery):
        assert words_differ() == []
        words_kept(maria).filter(token="smith").delete()
        SearchToken.objects.create(place=SearchToken.Place.NAME, token="zoe", holder_id=maria.pk)
        assert words_differ() == [
            "1 words of names and addresses find nobody.",
            "1 words are kept that stand in no name and address of whoever they lead to.",
        ]


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_rel_38_a_search_takes_less_than_its_limit_in_a_business_of_very_many():
    """With WHOLE=1 a hundred thousand people and then half a million."""
    for scale in (size(0.002, 0.2), size(0.004, 1)):
        report = BENCHMARK.report(scale)
        assert report["holds_floor"], report


def test_people_who_come_in_by_the_thousand_are_found_too(in_bakery, bakery):
    people = Contact.objects.bulk_create(
        Contact(display_name=f"Row {n}", sort_name=f"row {n} bulk", primary_email="") for n in range(40)
    )
    ContactPoint.objects.bulk_create(
        ContactPoint(contact=person, kind="email", value="x", value_norm=f"bulk{n}.wheat@example.com", is_primary=True)
        for n, person in enumerate(people)
    )
    assert len(search_people("bulk", most=100)) == 40
    assert [person.name for person in search_people("wheat bulk7", most=100)] == ["Row 7"]


def test_organizations_are_found_by_any_word_until_they_are_deleted(in_bakery, bakery):
    mill = add_organization(name="Härbor Mill Ltd", main_contact=None, is_context=False, actor=None)
    assert [one.name for one in search_organizations("mill harb", most=5)] == ["Härbor Mill Ltd"]
    Organization.objects.filter(pk=mill.pk).update(deleted_at=now())
    assert search_organizations("mill", most=5) == []


def test_the_garages_people_are_not_found(bakery, garage, maria, as_gus):
    make_contact(garage, "Gustav Smith")
    assert found(garage, "smith") == ["Gustav Smith"]
    page = as_gus.get(find_url(garage, "smith")).content.decode()
    assert "Gustav Smith" in page
    assert "Márija" not in page
    assert as_gus.get(find_url(bakery, "smith")).status_code == 404


def test_a_search_is_cut_to_four_words_and_a_hundred_letters():
    assert words_of_query("a bb ccc dddd eeeee") == ["eeeee", "dddd", "ccc", "bb"]
    assert words_of_query("x" * 500) == ["x" * 64]


def test_the_page_works_without_scripts_and_finds_people_deeds_and_places(as_nora, bakery, maria):
    page = as_nora.get(find_url(bakery, "smith")).content.decode()
    assert f'<a href="{reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": maria.pk})}">' in page
    assert 'role="search"' in page
    page = as_nora.get(find_url(bakery, "add pers")).content.decode()
    assert reverse("contacts:contact_add", kwargs={"slug": bakery.slug}) in page
    page = as_nora.get(find_url(bakery, "ladd")).content.decode()
    assert f'<b><a href="{reverse("contacts:ladder", kwargs={"slug": bakery.slug})}">' in page
    assert "Nothing by that name" in as_nora.get(find_url(bakery, "zzzz")).content.decode()


def test_tags_lead_to_those_who_have_them(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", tags=["Seeded rye"])
    page = as_nora.get(find_url(bakery, "seed")).content.decode()
    link = re.search(r'<b><a href="([^"]+\?tag=[^"]+)">Seeded rye', page)[1]
    assert "Ana Ruiz" in as_nora.get(link).content.decode()


def test_nothing_typed_shows_who_was_touched_last(as_nora, bakery):
    first, second = make_contact(bakery, "Ana Ruiz"), make_contact(bakery, "Ben Ode")
    make_talk(bakery, second, days_ago=5)
    make_talk(bakery, first, days_ago=2)
    page = as_nora.get(find_url(bakery), headers={"hx-request": "true"}).content.decode()
    assert page.index("Of late") < page.index("Ana Ruiz") < page.index("Ben Ode")
    assert page.count('role="option"') >= 2 + len(list(DEEDS))


def test_sec_10_the_palette_shows_a_helper_what_a_helper_may_do(as_helper, as_nora, bakery, maria):
    for text in ("", "add", "smith"):
        page = as_helper.get(find_url(bakery, text)).content.decode()
        assert reverse("contacts:contact_add", kwargs={"slug": bakery.slug}) not in page
        assert reverse("ecosystem:api_key_list", kwargs={"slug": bakery.slug}) not in page
    assert "Márija" in as_helper.get(find_url(bakery, "smith")).content.decode()
    assert (
        reverse("contacts:contact_add", kwargs={"slug": bakery.slug}) in as_nora.get(find_url(bakery)).content.decode()
    )


def test_the_palette_costs_at_most_eight_statements_for_1_and_200_people(as_nora, bakery):
    costs = []
    for more in (1, 199):
        make_contacts(bakery, more)
        make_organization(bakery, f"Person Mill {more}")
        costs.append(len(statements_of(as_nora, find_url(bakery, "pers"))))
    assert costs[0] == costs[1] <= 8


def test_sec_06_the_palette_takes_no_other_parameter(as_nora, bakery):
    assert as_nora.get(find_url(bakery) + "?q=a&include=b").status_code == 400
