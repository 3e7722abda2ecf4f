"""Whom the rows of a list are already: the one rule, for the look at a list and for bringing it in."""

from collections.abc import Iterable
from uuid import UUID

from contacts.lists.rows import PersonRow
from ecosystem.base.addresses import fold
from ecosystem.base.sql import array_text, rows

# An address that a firm holds, or that is one of theirs as well, matches nobody; a number that several share is the
# first one's.
_BY_ADDRESS = """
SELECT 'e:' || point.value_norm AS key, point.contact_id
  FROM contacts_contactpoint AS point
 WHERE point.business_id = %(business_id)s AND point.kind = 'email' AND NOT point.is_shared
   AND point.contact_id IS NOT NULL AND point.value_norm = ANY ({emails})
UNION ALL
SELECT 'p:' || point.value_norm, (array_agg(point.contact_id ORDER BY point.contact_id))[1]
  FROM contacts_contactpoint AS point
 WHERE point.business_id = %(business_id)s AND point.kind = 'phone'
   AND point.contact_id IS NOT NULL AND point.value_norm = ANY ({phones})
 GROUP BY point.value_norm"""
_BY_NAME = """
SELECT person.display_name, (array_agg(person.id ORDER BY person.id))[1] AS id
  FROM contacts_contact AS person
 WHERE person.business_id = %(business_id)s AND person.deleted_at IS NULL
   AND person.primary_email = '' AND person.primary_phone = '' AND person.sort_name = ANY (%(names)s::text[])
 GROUP BY person.display_name
 ORDER BY id"""


def known_by_address(*, emails: str, phones: str) -> str:
    """The query of people by their addresses: `key` (the match key of a row) and `contact_id`.

    `emails` and `phones` are SQL for the arrays of what is looked for, `phones` of rows without an email only.
    """
    return _BY_ADDRESS.format(emails=emails, phones=phones)


def known_by_name(people: Iterable[PersonRow]) -> dict[str, UUID]:
    """Who is known of whom a row tells nothing but a name, by match key. One statement, and none without such rows.

    A bare name is somebody's of whom we have no more than that either, and who is shown by the same name. Whom a list
    brought stands in the order of names by the last one, whom the team added by the first: so both places are looked
    at, but Thomas James is not James Thomas. Everybody else of that name the search for doubles may suggest.
    """
    bare = {row.match_key: (row.sort_name, fold(row.display_name)) for row in people if row.is_bare_name}
    if not bare:
        return {}
    places = {name for names in bare.values() for name in names}
    known: dict[str, UUID] = {}
    for found in rows(_BY_NAME, {"names": array_text(sorted(places))}):
        known.setdefault(fold(found["display_name"]), found["id"])
    return {key: known[shown] for key, (_first, shown) in bare.items() if shown in known}
