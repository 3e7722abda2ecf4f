"""What the list of everyone can be narrowed by, as its business knows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contacts.queries.people_filter import PeopleFilter
from ecosystem.base import sql

MOST_OFFERED = 200

# A choice that was made is read by its key, also where it is not among the first.
_CHOICES = """
SELECT 'tag' AS what, id, name, NULL::text AS wanted, false AS is_own FROM (
    SELECT id, name FROM contacts_tag WHERE business_id = %(business_id)s ORDER BY name_norm LIMIT %(most)s) AS tags
UNION ALL
SELECT 'tag', id, name, NULL, false FROM contacts_tag WHERE business_id = %(business_id)s AND id = %(tag_id)s::uuid
UNION ALL
SELECT 'topic', id, name, NULL, false FROM (
    SELECT id, name FROM contacts_topic WHERE business_id = %(business_id)s ORDER BY name, id LIMIT %(most)s) AS topics
UNION ALL
SELECT 'organization', id, name, NULL, false FROM (
    SELECT id, name FROM contacts_organization WHERE business_id = %(business_id)s AND deleted_at IS NULL
     ORDER BY sort_name, id LIMIT %(most)s) AS organizations
UNION ALL
SELECT 'organization', id, name, NULL, false FROM contacts_organization
 WHERE business_id = %(business_id)s AND id = %(organization_id)s::uuid AND deleted_at IS NULL
UNION ALL
SELECT 'view', id, name, wanted::text, true FROM (
    SELECT id, name, wanted FROM contacts_peopleview
     WHERE business_id = %(business_id)s AND member_id = %(member_id)s::uuid AND deleted_at IS NULL
     ORDER BY name_norm LIMIT %(most)s) AS own
UNION ALL
SELECT 'view', id, name, wanted::text, false FROM (
    SELECT id, name, wanted FROM contacts_peopleview
     WHERE business_id = %(business_id)s AND member_id IS NULL AND deleted_at IS NULL
     ORDER BY name_norm LIMIT %(most)s) AS of_team"""


@dataclass(frozen=True)
class Choice:
    """Something to narrow the list by."""

    id: UUID
    name: str


@dataclass(frozen=True)
class KeptView:
    """A filter that was kept under a name, by this member or for the whole team."""

    id: UUID
    name: str
    wanted: PeopleFilter
    is_own: bool


@dataclass(frozen=True)
class PeopleChoices:
    """The business's tags, topics and organizations, at most 200 of each and those that are chosen, by id; and the
    views that a member finds above the list, their own first."""

    tags: Mapping[UUID, Choice]
    topics: Mapping[UUID, Choice]
    organizations: Mapping[UUID, Choice]
    views: list[KeptView]


def people_choices(wanted: PeopleFilter, *, member_id: UUID | None = None) -> PeopleChoices:
    """What can be chosen beside what is chosen, in one statement."""
    given = {
        "most": MOST_OFFERED,
        "tag_id": wanted.tag_id,
        "organization_id": wanted.organization_id,
        "member_id": member_id,
    }
    by_what: dict[str, dict[UUID, Choice]] = {"tag": {}, "topic": {}, "organization": {}}
    views = []
    for row in sql.rows(_CHOICES, given):
        if row["what"] == "view":
            kept = PeopleFilter.from_json(json.loads(row["wanted"]))
            views.append(KeptView(row["id"], row["name"], kept, row["is_own"]))
        else:
            by_what[row["what"]].setdefault(row["id"], Choice(row["id"], row["name"]))
    return PeopleChoices(by_what["tag"], by_what["topic"], by_what["organization"], views)
