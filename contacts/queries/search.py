"""Finding people and organizations by any word of a name, part of an email, or end of a phone number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contacts.models import Contact, Tag
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

_HITS = """
WITH hits AS MATERIALIZED (
    SELECT hit.contact_id, hit.token = %(word_0)s AS is_whole
      FROM contacts_searchtoken AS hit
     WHERE hit.business_id = %(business_id)s AND hit.contact_id IS NOT NULL
       AND hit.token >= %(word_0)s AND hit.token < %(end_0)s AND (%(addresses)s OR hit.source = 'name'){also}
     ORDER BY hit.token LIMIT %(looked_at)s
), best AS (SELECT contact_id, bool_or(is_whole) AS is_whole FROM hits GROUP BY contact_id)
"""
_ALSO = """
       AND EXISTS (SELECT 1 FROM contacts_searchtoken AS other
                    WHERE other.business_id = %(business_id)s AND other.contact_id = hit.contact_id
                      AND other.token >= %(word_{n})s AND other.token < %(end_{n})s
                      AND (%(addresses)s OR other.source = 'name'))"""
_PEOPLE = (
    _HITS
    + """
SELECT person.id, person.display_name, person.stage, person.primary_email, person.primary_phone
  FROM best JOIN contacts_contact AS person ON person.id = best.contact_id AND person.business_id = %(business_id)s
 WHERE person.deleted_at IS NULL
 ORDER BY best.is_whole DESC, person.touched_at DESC, person.sort_name LIMIT %(most)s"""
)
_FIRMS = (
    (_HITS.replace("contact_id", "organization_id"))
    + """
SELECT firm.id, firm.name FROM best
  JOIN contacts_organization AS firm ON firm.id = best.organization_id AND firm.business_id = %(business_id)s
 WHERE firm.deleted_at IS NULL ORDER BY best.is_whole DESC, firm.sort_name LIMIT %(most)s"""
)
# By the number of words.
PEOPLE = {count: _PEOPLE.format(also="".join(_ALSO.format(n=n) for n in range(1, count))) for count in range(1, 5)}
_FIRM_ALSO = _ALSO.replace("contact_id", "organization_id")
FIRMS = {count: _FIRMS.format(also="".join(_FIRM_ALSO.format(n=n) for n in range(1, count))) for count in range(1, 5)}
_BY_EMAIL = """
SELECT person.id, person.display_name, person.stage, person.primary_email, person.primary_phone
  FROM (SELECT contact_id FROM contacts_contactpoint
         WHERE business_id = %(business_id)s AND kind = 'email' AND value_norm >= %(word_0)s AND value_norm < %(end_0)s
         ORDER BY value_norm LIMIT %(looked_at)s) AS point
  JOIN contacts_contact AS person ON person.id = point.contact_id AND person.business_id = %(business_id)s
 WHERE person.deleted_at IS NULL LIMIT %(most)s"""


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
    found = sql.rows(PEOPLE[len(words)], _bounds(words, most, by_address=by_address)) if words else []
    if not found and words and words[0].startswith("#"):
        # Digits that are no phone number may stand in a name.
        words = _plain_words(text)
        found = sql.rows(PEOPLE[len(words)], _bounds(words, most))
    return [_person(row, by_address=by_address) for row in found]


def search_organizations(text: str, *, most: int, by_address: bool = True) -> list[FoundThing]:
    """The organizations whose names and addresses (or names alone) hold every word of a text. One statement."""
    words = words_of_query(text) if by_address else _plain_words(text)
    found = sql.rows(FIRMS[len(words)], _bounds(words, most, by_address=by_address)) if words else []
    return [FoundThing(row["id"], row["name"]) for row in found]


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


def _bounds(words: list[str], most: int, *, by_address: bool = True) -> dict[str, object]:
    given: dict[str, object] = {"most": most, "looked_at": MOST_LOOKED_AT, "addresses": by_address}
    for number, word in enumerate(words):
        given |= {f"word_{number}": word, f"end_{number}": word + _LAST}
    return given


def _person(row: Mapping[str, object], *, by_address: bool = True) -> FoundPerson:
    beside = str(row["primary_email"] or row["primary_phone"] or "") if by_address else ""
    return FoundPerson(UUID(str(row["id"])), str(row["display_name"]), str(row["stage"] or ""), beside)
