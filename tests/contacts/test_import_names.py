"""Rows of a list that tell nothing but a name: whom they are, whoever brought that person."""

import pytest

from contacts.models import Contact, Import
from contacts.queries.imports import preview_import
from ecosystem.base.tenancy import business_scope
from tests.contacts.test_import_checks import brought_in, permitted
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

TWO_COLUMNS = b"First name,Last name,Email\nAna,Ruiz,\n"


def as_told(business, content: bytes) -> Import:
    """The list, brought in; of as many people known before as the look at it had told."""
    imported, before = permitted(business, content), how_many(business)
    with business_scope(business):
        told = preview_import(imported)
    done = brought_in(business, imported)
    assert (told.people_count, told.known_count) == (done.added_count + done.known_count, done.known_count)
    assert how_many(business) == before + done.added_count
    return done


def how_many(business) -> int:
    with business_scope(business):
        return Contact.objects.count()


@pytest.mark.parametrize(
    "content",
    [TWO_COLUMNS, b"Name,Email\nAna Ruiz,\n", b'Name,Email\n"Ruiz, Ana",\n', "Name,Email\nÁNA  ruiz,\n".encode()],
    ids=["two columns", "one column", "last name first", "in other letters"],
)
@pytest.mark.parametrize("by_list", [False, True], ids=["added by the team", "brought by a list"])
def test_a_bare_name_is_known_however_it_came_and_however_it_is_written(bakery, by_list, content):
    if by_list:
        assert as_told(bakery, TWO_COLUMNS).added_count == 1
    else:
        make_contact(bakery, "Ana Ruiz")
    done = as_told(bakery, content)
    assert (done.added_count, done.known_count) == (0, 1)


@pytest.mark.parametrize(
    ("there", "listed"),
    [
        ({"name": "Thomas James"}, b"First name,Last name,Email\nJames,Thomas,\n"),
        ({"name": "James Thomas"}, b'Name,Email\n"James, Thomas",\n'),
        ({"name": "Ana Ruiz", "email": "ana@example.com"}, TWO_COLUMNS),
        ({"name": "Ana Ruiz", "phone": "+1 202 555 0142"}, TWO_COLUMNS),
        ({"name": "Ana"}, TWO_COLUMNS),
        ({"name": "Ana Ruiz Gil"}, TWO_COLUMNS),
    ],
    ids=["turned round", "turned round in one column", "has an email", "has a number", "half a name", "more names"],
)
def test_people_who_are_not_one_for_sure_stay_two(bakery, there, listed):
    make_contact(bakery, **there)
    done = as_told(bakery, listed)
    assert (done.added_count, done.known_count) == (1, 0)


def test_one_name_is_nobody_of_the_business_next_door(bakery, garage):
    make_contact(garage, "Ana Ruiz")
    assert as_told(bakery, TWO_COLUMNS).known_count == 0
