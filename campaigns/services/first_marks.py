"""The first time that a person followed a link of a letter, or opened it: kept with the letter, once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contacts.models import Channel, Interaction
from contacts.services.interactions import NewInteraction
from ecosystem.base.sql import array_text, rows
from ecosystem.services.tallies import count

# The letters that tell of somebody, in one order of locks, each with the moment of its first time ever.
_MARK = """
WITH given AS (
    SELECT * FROM unnest(%(messages)s::uuid[], %(firsts)s::timestamptz[]) AS given(id, moment)
), held AS MATERIALIZED (
    SELECT message.id, message.contact_id, message.sequence_id, message.step_key, given.moment,
           message.COLUMN IS NULL AS is_first,
           message.is_replaced
      FROM given
      JOIN campaigns_message AS message ON message.business_id = %(business_id)s AND message.id = given.id
      JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = message.contact_id
     WHERE NOT message.is_test
     ORDER BY message.id FOR NO KEY UPDATE OF message
), marked AS (
    UPDATE campaigns_message AS message SET COLUMN = held.moment, updated_at = clock_timestamp()
      FROM held
     WHERE held.is_first AND message.business_id = %(business_id)s AND message.id = held.id
)
SELECT id::text, contact_id, sequence_id, step_key, is_first AND NOT is_replaced AS is_counted FROM held"""
_STATEMENTS = {column: _MARK.replace("COLUMN", column) for column in ("clicked_at", "opened_at")}


@dataclass(frozen=True, slots=True)
class MarkedLetter:
    """A letter whose reader is known."""

    contact_id: UUID


def mark_letters(
    column: Literal["clicked_at", "opened_at"], moments: Mapping[str, datetime], *, number: str
) -> dict[str, MarkedLetter]:
    """Keep the first time of each letter and count it at its step; the letters, by id, that count for somebody.

    Test letters do not, nor do letters of people who are gone.
    """
    found = rows(
        _STATEMENTS[column],
        {
            "messages": array_text(list(moments)),
            "firsts": array_text([at.isoformat() for at in moments.values()]),
        },
        prepared=f"mark_{column}",
        keeps_plan=True,
    )
    steps = Counter(
        f"{row['sequence_id']}:{row['step_key']}" for row in found if row["is_counted"] and row["sequence_id"]
    )
    for key, people in steps.items():
        count(number, key, people)
    return {row["id"]: MarkedLetter(row["contact_id"]) for row in found}


def line_of_letter(
    kind: str, letter: MarkedLetter, *, message_id: str, source: str, key: str, occurred_at: datetime, **params: Any
) -> NewInteraction:
    """The line that tells in its reader's timeline what they did with a letter; once for a source and key."""
    return NewInteraction(
        contact_id=letter.contact_id,
        kind=kind,
        source=source,
        external_id=key,
        occurred_at=occurred_at,
        channel=Channel.EMAIL,
        direction=Interaction.Direction.NONE,
        object_id=UUID(message_id),
        params=params,
    )
