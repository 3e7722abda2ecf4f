"""What the ladder board can be narrowed by, as its business knows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contacts.queries.ladder import BoardFilter
from contacts.queries.people_choices import MOST_OFFERED
from ecosystem.base import sql

# The tag that was chosen is read by its key, also where it is not among the first.
_CHOICES = """
SELECT 'tag' AS what, id, name FROM (
    SELECT id, name FROM contacts_tag WHERE business_id = %(business_id)s ORDER BY name_norm LIMIT %(most)s) AS tags
UNION ALL
SELECT 'tag', id, name FROM contacts_tag WHERE business_id = %(business_id)s AND id = %(tag_id)s::uuid
UNION ALL
SELECT 'member', id, name FROM (
    SELECT member.id, coalesce(nullif(login.name, ''), login.email) AS name
      FROM ecosystem_membership AS member JOIN ecosystem_user AS login ON login.id = member.user_id
     WHERE member.business_id = %(business_id)s
     ORDER BY member.created_at, member.id LIMIT %(most)s) AS members"""


@dataclass(frozen=True)
class BoardChoices:
    """Names by id: the business's tags, at most 200 and the chosen one, and its team, the longest in it first."""

    tags: Mapping[UUID, str]
    members: Mapping[UUID, str]


def board_choices(wanted: BoardFilter) -> BoardChoices:
    """What can be chosen beside what is chosen, in one statement."""
    found: dict[str, dict[UUID, str]] = {"tag": {}, "member": {}}
    for row in sql.rows(_CHOICES, {"most": MOST_OFFERED, "tag_id": wanted.tag_id}):
        found[row["what"]].setdefault(row["id"], row["name"])
    return BoardChoices(found["tag"], found["member"])
