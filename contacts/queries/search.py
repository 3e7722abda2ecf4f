"""Finding people and organizations by any word of a name, part of an email, or end of a phone number."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contacts.models import Contact, SearchToken, Tag
from ecosystem.base import sql
from ecosystem.base.addresses import fold

MOST_WORDS = 4
LONGEST_QUERY = 100
FEWEST_DIGITS = 3
# Words that begin so are looked at up to here; the best of them are shown.
MOST_LOOKED_AT = 400
_LAST = "\U0010ffff"
_NOT_IN_WORDS = re.compile(r"[\W_]+")
_PHONE = re.compile(r"[\d\s()+./-]+")

# Each place has its range of the key, read in its order and no further than needed. The other words are each read
# once, as a whole range, instead of being asked for at every hit.
_RANGE = """
SELECT holder_id, token = %(word_0)s AS is_whole FROM contacts_searchtoken
 WHERE business_id = %(business_id)s AND place = {place} AND token >= %(word_0)s AND token < %(end_0)s{also}
 ORDER BY token LIMIT %(looked_at)s"""
_ALSO = " AND holder_id IN (SELECT holder_id FROM word_{n})"
_WORD = """word_{n} AS MATERIALIZED (
SELECT holder_id FROM contacts_searchtoken
 WHERE business_id = %(business_id)s AND place = ANY (%(places)s) AND token >= %(word_{n})s AND token < %(end_{n})s
), """
_BEST = """best AS (
SELECT holder_id, bool_or(is_whole) AS is_whole FROM ({ranges}) AS hit GROUP BY holder_id
)"""
_PEOPLE = """
SELECT person.id, person.display_name, person.stage, person.primary_email, person.primary_phone
  FROM best JOIN contacts_contact AS person ON person.id = best.holder_id AND person.business_id = %(business_id)s
 WHERE person.deleted_at IS NULL
 ORDER BY best.is_whole DESC, person.touched_at DESC, person.sort_name, person.id LIMIT %(most)s"""
_FIRMS = """
SELECT firm.id, firm.name FROM best
  JOIN contacts_organization AS firm ON firm.id = best.holder_id AND firm.business_id = %(business_id)s
 WHERE firm.deleted_at IS NULL ORDER BY best.is_whole DESC, firm.sort_name, firm.id LIMIT %(most)s"""


def _statements(shown: str, places: Sequence[int]) -> dict[int, str]:
    """The statement that finds holders by their words in some places, by the number of words.

    Made of the pieces above when this module is loaded: nothing that anybody types is ever part of it.
    """
    found = {}
    for count in range(1, MOST_WORDS + 1):
        also = "".join(_ALSO.format(n=n) for n in range(1, count))
        ranges = " UNION ALL ".join(f"({_RANGE.format(place=int(place), also=also)})" for place in places)
        words = "".join(_WORD.format(n=n) for n in range(1, count))
        found[count] = "".join(("WITH ", words, _BEST.format(ranges=ranges), shown))
    return found


Place = SearchToken.Place
# By whether addresses are looked at too.
PEOPLE_PLACES = {True: [Place.NAME, Place.ADDRESS], False: [Place.NAME]}
FIRM_PLACES = {True: [Place.FIRM_NAME, Place.FIRM_ADDRESS], False: [Place.FIRM_NAME]}
PEOPLE = {by_address: _statements(_PEOPLE, places) for by_address, places in PEOPLE_PLACES.items()}
FIRMS = {by_address: _statements(_FIRMS, places) for by_address, places in FIRM_PLACES.items()}
_BY_EMAIL = """
SELECT person.id, person.display_name, person.stage, person.primary_email, person.primary_phone
  FROM (SELECT contact_id, value_norm FROM contacts_contactpoint
         WHERE business_id = %(business_id)s AND kind = 'email' AND value_norm >= %(word_0)s AND value_norm < %(end_0)s
         ORDER BY value_norm LIMIT %(looked_at)s) AS point
  JOIN contacts_contact AS person ON person.id = point.contact_id AND person.business_id = %(business_id)s
 WHERE person.deleted_at IS NULL ORDER BY point.value_norm, person.id LIMIT %(most)s"""

_WORDS_OF_PERSON = """
SELECT contacts_search_name(sort_name) AS word
  FROM contacts_contact WHERE business_id = %(business_id)s AND id = %(id)s
 UNION
SELECT contacts_search_point(kind, value_norm)
  FROM contacts_contactpoint WHERE business_id = %(business_id)s AND contact_id = %(id)s"""


@dataclass(frozen=True)
class FoundPerson:
    """A person as a search shows them; `beside` tells those of one name apart."""

    id: UUID
    name: str
    stage: str
    beside: str


@dataclass(frozen=True)
class FoundThing:
    """An organization or a tag, by name."""

    id: UUID
    name: str


def search_people(text: str, *, most: int, by_address: bool = True) -> list[FoundPerson]:
    """The people in whose names and addresses every word of a text begins some word; whole words first, then who was
    touched last. Nobody for a text without words. One statement, two for digits that end no phone number.

    Without `by_address` names alone are looked at, and no address is told.
    """
    if "@" in text and by_address:
        word = fold(text).replace(" ", "")
        return [_person(row) for row in sql.rows(_BY_EMAIL, _bounds([word], most))]
    words = words_of_query(text) if by_address else _plain_words(text)
    found = _found(PEOPLE, PEOPLE_PLACES, words, most, by_address=by_address)
    if not found and words and words[0].startswith("#"):
        # Digits that are no phone number may stand in a name.
        found = _found(PEOPLE, PEOPLE_PLACES, _plain_words(text), most, by_address=by_address)
    return [_person(row, by_address=by_address) for row in found]


def search_organizations(text: str, *, most: int, by_address: bool = True) -> list[FoundThing]:
    """The organizations whose names and addresses (or names alone) hold every word of a text. One statement."""
    words = words_of_query(text) if by_address else _plain_words(text)
    found = _found(FIRMS, FIRM_PLACES, words, most, by_address=by_address)
    return [FoundThing(row["id"], row["name"]) for row in found]


def words_of_person(contact_id: UUID) -> list[str]:
    """The words that a person is found by, cut once more from their name and addresses."""
    return [str(row["word"]) for row in sql.rows(_WORDS_OF_PERSON, {"id": contact_id})]


def search_tags(text: str, *, most: int) -> list[FoundThing]:
    """The tags that begin with a text. One statement."""
    first = fold(text)
    found = Tag.objects.filter(name_norm__gte=first, name_norm__lt=first + _LAST).order_by("name_norm")[:most]
    return [FoundThing(tag.pk, tag.name) for tag in found] if first else []


def people_of_late(*, most: int, by_address: bool = True) -> list[FoundPerson]:
    """The people with whom something happened last, newest first. One statement."""
    people = Contact.objects.filter(deleted_at=None).order_by("-touched_at", "-id")[:most]
    names = ("id", "display_name", "stage", "primary_email", "primary_phone")
    return [_person(row, by_address=by_address) for row in people.values(*names)]


def words_of_query(text: str) -> list[str]:
    """The words of a search as they are kept, the longest first, at most four; the digits of a phone number backwards,
    since people know its end."""
    digits = re.sub(r"\D", "", text)
    if len(digits) >= FEWEST_DIGITS and _PHONE.fullmatch(text):
        return ["#" + digits[::-1][:63]]
    return _plain_words(text)


def _plain_words(text: str) -> list[str]:
    text = text[:LONGEST_QUERY].replace("\x00", "")
    words = {word[:64] for word in _NOT_IN_WORDS.split(fold(text)) if word}
    return sorted(words, key=lambda word: (-len(word), word))[:MOST_WORDS]


def _found(
    statements: Mapping[bool, Mapping[int, str]],
    places: Mapping[bool, list[SearchToken.Place]],
    words: list[str],
    most: int,
    *,
    by_address: bool,
) -> list[dict[str, Any]]:
    """Who has every one of the words, the whole ones first; nobody for none."""
    if not words:
        return []
    given = {**_bounds(words, most), "places": [int(place) for place in places[by_address]]}
    return sql.rows(statements[by_address][len(words)], given)


def _bounds(words: list[str], most: int) -> dict[str, object]:
    given: dict[str, object] = {"most": most, "looked_at": MOST_LOOKED_AT}
    for number, word in enumerate(words):
        given |= {f"word_{number}": word, f"end_{number}": word + _LAST}
    return given


def _person(row: Mapping[str, object], *, by_address: bool = True) -> FoundPerson:
    beside = str(row["primary_email"] or row["primary_phone"] or "") if by_address else ""
    return FoundPerson(UUID(str(row["id"])), str(row["display_name"]), str(row["stage"] or ""), beside)
