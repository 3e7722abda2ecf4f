"""Rows of a list become people, or the sentence that says why not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from contacts.lists.columns import check_mapping, guess_mapping
from contacts.lists.rows import Permission, PersonRow, ProblemRow, RowReader, parse_moment, split_name
from ecosystem.base.errors import Invalid

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 14, 12, tzinfo=UTC)
HEADER = ["First Name", "Last Name", "E-mail Address", "Mobile", "Company", "Tags", "Newsletter", "Opt-in date"]


NO_PERMISSION = Permission("none")


def reader(permission=NO_PERMISSION):
    mapping = guess_mapping(HEADER)
    return RowReader(
        columns={meaning: int(index) for index, meaning in mapping.items()},
        width=len(HEADER),
        permission=permission,
        default_stage="suspect",
        region="US",
        zone=NEW_YORK,
        stage_names={},
        now=NOW,
    )


def test_columns_are_guessed_from_their_names():
    assert guess_mapping(HEADER) == {
        "0": "given_name",
        "1": "family_name",
        "2": "email",
        "3": "phone",
        "4": "organization",
        "5": "tags",
        "6": "yes",
        "7": "yes_date",
    }


def test_columns_of_an_address_are_guessed_and_an_address_to_write_to_is_none_for_post():
    header = ["Name", "Address line 1", "Address line 2", "Town", "State", "ZIP code", "Country"]
    parts = ["full_name", "street", "street_more", "city", "region", "postcode", "country"]
    assert guess_mapping(header) == {str(place): part for place, part in enumerate(parts)}
    assert guess_mapping(["Name", "Address"], [["Ana", "12 Mill Lane"]]) == {"0": "full_name", "1": "postal"}
    assert guess_mapping(["Name", "Address"], [["Ana", "ana@example.com"]]) == {"0": "full_name"}


@pytest.mark.parametrize(
    ("country", "cells", "postal"),
    [
        ("US", {"street": "12 Mill Lane", "street_more": "Flat 2", "city": "Marlow Bend", "region": "NY",
                "postcode": "10001", "country": "USA"}, "12 Mill Lane|Flat 2|Marlow Bend, NY 10001|USA"),
        ("US", {"postal": "12 Mill Lane\r\n\nMarlow  Bend, NY"}, "12 Mill Lane|Marlow Bend, NY"),
        ("US", {"postal": "12 Mill Lane", "city": "Bath", "postcode": "10001"}, "12 Mill Lane|Bath 10001"),
        ("US", {"postal": "1 Quay\nBath ::: 2 Quay\nBath"}, "1 Quay|Bath"),
        ("DE", {"street": "Tulpenweg 12", "city": "Berlin", "postcode": "10115"}, "Tulpenweg 12|10115 Berlin"),
        ("US", {"region": "NY", "country": "USA"}, "NY|USA"),
        ("US", {"country": "USA"}, ""),
        ("US", {"street": "x" * 201}, None),
    ],
)  # fmt: skip
def test_an_address_is_put_together_as_people_write_it(country, cells, postal):
    columns = {"full_name": 0} | {meaning: place for place, meaning in enumerate(cells, start=1)}
    read = replace(reader(), columns=columns, region=country).read(2, ["Ana", *cells.values()])
    if postal is None:
        assert (read.code, "200 letters" in read.sentence) == ("postal_too_long", True)
    else:
        assert read.postal == postal.replace("|", "\n")
        assert read.postal_norm == postal.replace("|", ", ").lower()


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"0": "email", "1": "email"}, "mapping_twice"),
        ({"0": "tags"}, "mapping_nobody"),
        ({"9": "email"}, "mapping_unknown"),
        ({"0": "password"}, "mapping_unknown"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(mapping, code):
    with pytest.raises(Invalid) as refusal:
        check_mapping(mapping, columns=2)
    assert refusal.value.code == code


def test_a_row_becomes_a_person():
    person = reader().read(
        2, ["Ána", "Peña", " Ana@Example.COM ", "(212) 555-0142", "Fold Coffee", "vip; bread", "yes", ""]
    )
    assert isinstance(person, PersonRow)
    assert (person.display_name, person.sort_name) == ("Ána Peña", "pena ana")
    assert (person.email_norm, person.phone_norm) == ("ana@example.com", "+12125550142")
    assert person.tags == ("vip", "bread")
    assert person.said_yes_at is None


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["Ana", "", "ana@@example", "", "", "", "", ""], "email_invalid"),
        (["", "", "", "", "Firm", "", "", ""], "row_nobody"),
        (["Ana"] * 500, "row_too_wide"),
        (["Ana", "", "", "12", "", "", "", ""], "phone_short"),
        (["x" * 80, "y" * 80 + " " + "z" * 80, "", "", "", "", "", ""], None),
    ],
)
def test_a_broken_row_says_what_is_wrong_and_keeps_what_it_held(row, code):
    read = reader().read(7, row)
    if code is None:
        assert isinstance(read, PersonRow)
        return
    assert isinstance(read, ProblemRow)
    assert (read.line, read.code) == (7, code)
    assert read.row[0] == row[0]


YES = Permission("column", topic_id="t", source="Paper form", said_on=date(2026, 3, 1))


@pytest.mark.parametrize(
    ("permission", "said", "day", "expected"),
    [
        (Permission("none"), "yes", "2026-01-05", None),
        (YES, "yes", "2026-01-05", datetime(2026, 1, 5, 17, tzinfo=UTC)),
        (YES, "yes", "", datetime(2026, 3, 1, 17, tzinfo=UTC)),
        (YES, "no", "2026-01-05", None),
        (YES, "", "2026-01-05", None),
        (YES, "yes", "03/04/2026", None),
        (YES, "yes", "2031-01-05", None),
        (YES, "yes", "2026-05-14", NOW),
        (Permission("column", topic_id="t", source="", said_on=date(2026, 3, 1)), "yes", "2026-01-05", None),
        (Permission("all", topic_id="t", source="Shop"), "", "", None),
        (Permission("all", topic_id="t", source="Shop"), "", "25/12/2025", datetime(2025, 12, 25, 17, tzinfo=UTC)),
    ],
)
def test_a_yes_needs_a_source_and_a_day(permission, said, day, expected):
    person = reader(permission).read(2, ["Ana", "", "ana@example.com", "", "", "", said, day])
    assert person.said_yes_at == expected


@pytest.mark.parametrize(
    ("given", "family", "full", "expected"),
    [
        ("", "", "Ana Maria Reyes", ("Ana Maria", "Reyes", "Ana Maria Reyes")),
        ("", "", "Reyes, Ana", ("Ana", "Reyes", "Ana Reyes")),
        ("", "", "Prince", ("Prince", "", "Prince")),
        ("Ana", "Reyes", "", ("Ana", "Reyes", "Ana Reyes")),
    ],
)
def test_names_are_split(given, family, full, expected):
    assert split_name(given, family, full) == expected


def test_a_day_without_a_time_is_noon_there():
    assert parse_moment("2026-07-01", NEW_YORK) == datetime(2026, 7, 1, 16, tzinfo=UTC)
    assert parse_moment("2026-07-01T08:30:00+02:00", NEW_YORK) == datetime(2026, 7, 1, 6, 30, tzinfo=UTC)
    assert parse_moment("13.02.2026", NEW_YORK) == datetime(2026, 2, 13, 17, tzinfo=UTC)
    assert parse_moment("yesterday", NEW_YORK) is None
