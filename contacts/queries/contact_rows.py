"""People as programs read them: PostgreSQL writes the JSON of each, so that a page of fifty costs little.

The statements are put together from constants here, not by the ORM, which would take longer than PostgreSQL does.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from contacts.queries.contacts import refuse_merged
from contacts.queries.people_filter import ORDERS, PeopleFilter
from contacts.queries.people_pages import page_of
from ecosystem.base import sql
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, page_by_id
from ecosystem.models import LADDER, SIDE_KINDS

PEOPLE = """
    SELECT person.id, person.version, json_build_object(
               'id', person.id,
               'given_name', person.given_name,
               'family_name', person.family_name,
               'display_name', person.display_name,
               'language', person.language,
               'email', CASE WHEN %(with_addresses)s THEN person.primary_email ELSE '' END,
               'phone', CASE WHEN %(with_addresses)s THEN person.primary_phone ELSE '' END,
               'postal', CASE WHEN %(with_addresses)s THEN coalesce((
                   SELECT point.value FROM contacts_contactpoint AS point
                    WHERE point.business_id = %(business_id)s AND point.contact_id = person.id
                      AND point.kind = 'postal' AND point.is_primary), '') ELSE '' END,
               'owner_id', person.owner_id,
               'stage', person.stage,
               'stage_since', to_char(person.stage_since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'roles', held.roles,
               'kinds', ARRAY(
                   SELECT (SELECT jsonb_object_agg(kind, jsonb_build_object(
                                      'kind', kind, 'label', label, 'definition', definition))
                             FROM ecosystem_kindsetting WHERE business_id = %(business_id)s) -> theirs.kind
                     FROM unnest(array_prepend(person.stage, held.roles)) AS theirs (kind)
                    WHERE theirs.kind IS NOT NULL),
               'tags', ARRAY(
                   SELECT tag.name FROM contacts_contacttag AS given
                     JOIN contacts_tag AS tag ON tag.business_id = %(business_id)s AND tag.id = given.tag_id
                    WHERE given.business_id = %(business_id)s AND given.contact_id = person.id
                    ORDER BY tag.name_norm),
               'source', person.source,
               'source_detail', person.source_detail,
               'do_not_contact', person.do_not_contact,
               'last_touch_at', to_char(person.last_touch_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'fed_at', to_char(person.fed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'created_at', to_char(person.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'updated_at', to_char(person.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'version', person.version)::text AS json
      FROM contacts_contact AS person
     CROSS JOIN LATERAL (
        SELECT ARRAY(
                   SELECT role.kind::text FROM contacts_roleassignment AS role
                    WHERE role.business_id = %(business_id)s AND role.contact_id = person.id AND role.ended_at IS NULL
                    ORDER BY role.kind) AS roles
        OFFSET 0) AS held
     WHERE person.business_id = %(business_id)s AND person.deleted_at IS NULL"""
# A filter that is not wished for is NULL, and falls away when the statement is planned.
FILTERED = (
    PEOPLE
    + """
       AND (%(only_id)s::uuid IS NULL OR person.id = %(only_id)s::uuid)
       AND (%(stage)s::text IS NULL OR person.stage = %(stage)s::text)"""
)
WITH_TAG = """
       AND EXISTS (SELECT 1 FROM contacts_contacttag AS wanted
                    WHERE wanted.business_id = %(business_id)s AND wanted.tag_id = %(tag_id)s::uuid
                      AND wanted.contact_id = person.id)"""
WITH_ROLE = """
       AND EXISTS (SELECT 1 FROM contacts_roleassignment AS held
                    WHERE held.business_id = %(business_id)s AND held.kind = %(role)s AND held.ended_at IS NULL
                      AND held.contact_id = person.id)"""
DOWN = """
       AND (%(beyond)s::uuid IS NULL OR person.id < %(beyond)s::uuid)
     ORDER BY person.id DESC LIMIT %(limit)s"""
UP = """
       AND (%(beyond)s::uuid IS NULL OR person.id > %(beyond)s::uuid)
     ORDER BY person.id LIMIT %(limit)s"""
# By: is a tag asked for, is a role asked for, is it read upwards.
STATEMENTS = {
    (False, False, False): FILTERED + DOWN,
    (False, False, True): FILTERED + UP,
    (False, True, False): FILTERED + WITH_ROLE + DOWN,
    (False, True, True): FILTERED + WITH_ROLE + UP,
    (True, False, False): FILTERED + WITH_TAG + DOWN,
    (True, False, True): FILTERED + WITH_TAG + UP,
    (True, True, False): FILTERED + WITH_TAG + WITH_ROLE + DOWN,
    (True, True, True): FILTERED + WITH_TAG + WITH_ROLE + UP,
}
# Everybody, as programs read them that copy a whole list, page after page: one plan is right for all of these.
EVERYBODY = {
    "everybody": PEOPLE
    + """
     ORDER BY person.id DESC LIMIT %(limit)s""",
    "everybody_beyond": PEOPLE
    + """
       AND person.id < %(beyond)s ORDER BY person.id DESC LIMIT %(limit)s""",
}
CHOSEN = (
    PEOPLE
    + """
       AND person.id = ANY(%(ids)s::uuid[])"""
)


@dataclass(frozen=True)
class ContactRow:
    """A person, printed."""

    id: UUID
    version: int
    json: str


def contact_page(
    *,
    kind: str = "",
    tag_id: UUID | None = None,
    only_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
    with_addresses: bool = True,
) -> Page[ContactRow]:
    """The live people of a kind and with a tag, the newest first, in one statement.

    Without `with_addresses` email, phone and postal address are empty.
    """
    wanted = {
        "stage": kind if kind in LADDER else None,
        "role": kind if kind in SIDE_KINDS else None,
        "tag_id": tag_id,
        "only_id": only_id,
        "with_addresses": with_addresses,
    }

    def read(beyond: UUID | None, upwards: bool, limit: int) -> list[ContactRow]:
        given = {**wanted, "beyond": beyond, "limit": limit}
        if upwards or kind or tag_id or only_id:
            found = sql.rows(STATEMENTS[tag_id is not None, wanted["role"] is not None, upwards], given)
        else:
            name = "everybody" if beyond is None else "everybody_beyond"
            found = sql.rows(EVERYBODY[name], given, prepared=name, keeps_plan=True)
        return [ContactRow(**row) for row in found]

    return page_by_id(Contact, read, cursor, limit)


def filtered_page(
    wanted: PeopleFilter, *, cursor: str | None = None, limit: int = 50, with_addresses: bool = True, now: datetime
) -> Page[ContactRow]:
    """The live people whom a filter lets through, in its order, in two statements: who they are, and them printed."""
    keys = [name.lstrip("-") for name in ORDERS[wanted.order]]
    page = page_of(wanted, now=now, cursor=cursor, limit=limit, read=lambda people: people.only(*keys))
    asked = {"ids": sql.array_text([str(person.pk) for person in page.items]), "with_addresses": with_addresses}
    rows = sql.rows(CHOSEN, asked, prepared="people_chosen", keeps_plan=True) if page.items else []
    printed = {row["id"]: ContactRow(**row) for row in rows}
    items = [printed[person.pk] for person in page.items if person.pk in printed]
    return Page(items, page.next_cursor, page.previous_cursor)


def contact_row(contact_id: UUID, *, with_addresses: bool = True) -> ContactRow:
    """One person; NotFound for every id that is not a live person of the business, Moved for one made one with such."""
    found = contact_page(only_id=contact_id, limit=1, with_addresses=with_addresses).items
    if not found:
        refuse_merged(contact_id)
        raise NotFound("contact_not_found", _("This person is not in your list. Somebody may have taken them off."))
    return found[0]
