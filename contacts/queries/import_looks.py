"""Whom the rows of a list would become: counted as the import itself would match them, changing nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contacts.lists.rows import PersonRow
from contacts.queries.import_matches import known_by_address, known_by_name
from ecosystem.base.addresses import address_hash, address_hashes
from ecosystem.base.sql import array_text, rows

# A mark is even while nobody is counted for a yes, and odd from then on.
_EVEN = 0xFFFF_FFFF_FFFF_FFFE

_KNOWN = known_by_address(emails="%(emails)s::text[]", phones="%(phones)s::text[]")
# The same rules as CHOOSE_YES of the import.
_FIND = f"""
WITH met AS ({_KNOWN}
    UNION ALL
    SELECT key, contact_id FROM unnest(%(name_keys)s::text[], %(name_ids)s::uuid[]) AS named (key, contact_id)
), refused AS (
    SELECT said.key
      FROM unnest(%(yes_keys)s::text[], %(yes_hashes)s::text[]) AS said (key, address_hash)
      JOIN contacts_suppression AS stop
        ON stop.business_id = %(business_id)s AND stop.channel = 'email' AND stop.address_hash = said.address_hash
       AND stop.lifted_at IS NULL AND (stop.topic_id IS NULL OR stop.topic_id = %(topic_id)s::uuid)
    UNION
    SELECT met.key
      FROM met
      JOIN contacts_consentstate AS state
        ON state.business_id = %(business_id)s AND state.contact_id = met.contact_id AND state.channel = 'email'
       AND state.topic_id = %(topic_id)s::uuid AND state.state IN ('granted', 'withdrawn')
    UNION
    SELECT met.key
      FROM met
      JOIN contacts_consent AS said
        ON said.business_id = %(business_id)s AND said.contact_id = met.contact_id AND said.channel = 'email'
       AND said.topic_id IS NULL AND said.act = 'withdrawn'
)
SELECT coalesce(met.key, refused.key) AS key, met.contact_id, refused.key IS NOT NULL AS is_refused,
       person.deleted_at IS NOT NULL AS is_gone
  FROM met
  LEFT JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = met.contact_id
  FULL JOIN refused ON refused.key = met.key"""  # noqa: S608


@dataclass(frozen=True)
class Look:
    """What some rows add to what was seen before: people, and who of them is known, comes back, or gets a new yes."""

    people: int
    known: int
    returning: int
    permitted: int


def look_at(people: Sequence[PersonRow], *, seen: set[int], topic_id: str) -> Look:
    """Count the people in some rows of a list, each of them once, and mark them in `seen`. Two statements at most.

    A person is known by address, without one by phone, without both by name. A yes counts where none stands yet and
    nobody said no: neither the person nor their address.
    """
    wanted: dict[str, bool] = {}
    for row in people:
        wanted[row.match_key] = wanted.get(row.match_key, False) or bool(topic_id and row.said_yes_at)
    wanted = {key: says for key, says in wanted.items() if not _is_marked(_mark(key), seen, yes=says)}
    found = _find(wanted, known_by_name(row for row in people if row.match_key in wanted), topic_id) if wanted else {}
    counts = {"people": 0, "known": 0, "returning": 0, "permitted": 0}
    for key, says in wanted.items():
        own, met = _mark(key), found.get(key, {})
        who = _mark(f"c:{met['contact_id']}") if met.get("contact_id") else own
        if not _is_marked(who, seen, yes=False):
            counts["people"] += 1
            counts["known"] += who != own
            counts["returning"] += met.get("is_gone", False)
        permitted = says and not met.get("is_refused") and not _is_marked(who, seen, yes=True)
        counts["permitted"] += permitted
        seen |= {who | permitted, own | says}
    return Look(**counts)


def _find(wanted: dict[str, bool], by_name: dict[str, UUID], topic_id: str) -> dict[str, dict[str, Any]]:
    keys = {kind: [key[2:] for key in wanted if key.startswith(kind)] for kind in ("e:", "p:")}
    said = [(key, one) for key, says in wanted.items() if says for one in address_hashes("email", key[2:])]
    given = {
        "emails": array_text(keys["e:"]),
        "phones": array_text(keys["p:"]),
        "name_keys": array_text(list(by_name)),
        "name_ids": array_text([str(contact_id) for contact_id in by_name.values()]),
        "yes_keys": array_text([key for key, _hash in said]),
        "yes_hashes": array_text([one for _key, one in said]),
        "topic_id": topic_id or None,
    }
    return {row["key"]: row for row in rows(_FIND, given)}


def _is_marked(mark: int, seen: set[int], *, yes: bool) -> bool:
    """Whether somebody was counted, or with `yes` also for a yes."""
    return mark | 1 in seen or (not yes and mark in seen)


def _mark(key: str) -> int:
    return int(address_hash("list", key)[-16:], 16) & _EVEN
