"""What the list of everyone can be narrowed by, as its business knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contacts.queries.people_filter import PeopleFilter
from ecosystem.base import sql

MOST_OFFERED = 200

# A choice that was made is read by its key, also where it is not among the first.
_CHOICES = """
SELECT 'tag' AS what, id, name FROM (
    SELECT id, name FROM contacts_tag WHERE business_id = %(business_id)s ORDER BY name_norm LIMIT %(most)s) AS tags
UNION ALL
SELECT 'tag', id, name FROM contacts_tag WHERE business_id = %(business_id)s AND id = %(tag_id)s::uuid
UNION ALL
SELECT 'topic', id, name FROM (
    SELECT id, name FROM contacts_topic WHERE business_id = %(business_id)s ORDER BY name, id LIMIT %(most)s) AS topics
UNION ALL
SELECT 'organization', id, name FROM (
    SELECT id, name FROM contacts_organization WHERE business_id = %(business_id)s AND deleted_at IS NULL
     ORDER BY sort_name, id LIMIT %(most)s) AS organizations
UNION ALL
SELECT 'organization', id, name FROM contacts_organization
 WHERE business_id = %(business_id)s AND id = %(organization_id)s::uuid AND deleted_at IS NULL"""


@dataclass(frozen=True)
class Choice:
    """Something to narrow the list by."""

    id: UUID
    name: str


@dataclass(frozen=True)
class PeopleChoices:
    """The business's tags, topics and organizations, at most 200 of each and those that are chosen, by id."""

    tags: Mapping[UUID, Choice]
    topics: Mapping[UUID, Choice]
    organizations: Mapping[UUID, Choice]


def people_choices(wanted: PeopleFilter) -> PeopleChoices:
    """What can be chosen beside what is chosen, in one statement."""
    given = {"most": MOST_OFFERED, "tag_id": wanted.tag_id, "organization_id": wanted.organization_id}
    by_what: dict[str, dict[UUID, Choice]] = {"tag": {}, "topic": {}, "organization": {}}
    for row in sql.rows(_CHOICES, given):
        by_what[row["what"]].setdefault(row["id"], Choice(row["id"], row["name"]))
    return PeopleChoices(by_what["tag"], by_what["topic"], by_what["organization"])
