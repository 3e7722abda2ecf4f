"""Which clocks count for the people that letters go to, and which hours are open by them.

Where somebody is: as they said themselves, else by the state of their postal address, else by the country of their
number, else where the business is. Where that leaves several zones, only the hours that are open in all of them count.
Hours of quiet that somebody asked for count beside those of the business, and alone where both leave no hour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from campaigns.queries.quiet_clock import ALWAYS, Clocks, Place, Week, common_hours, week_of
from campaigns.queries.quiet_law import (
    country_of_number,
    state_of_address,
    text_week,
    zones_of_area,
    zones_of_country,
)
from contacts.models import Channel
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import array_text, rows
from ecosystem.places import ZONES

_PEOPLE = """
SELECT message.id, message.channel, message.address, coalesce(person.timezone, '') AS timezone,
       person.quiet_from_minute, person.quiet_until_minute,
       coalesce(person.primary_phone, '') AS phone, coalesce(postal.value, '') AS postal,
       profile.timezone AS business_zone, profile.country,
       rule.opens_minute, rule.closes_minute, coalesce(rule.at_weekends, true) AS at_weekends
  FROM campaigns_message AS message
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = %(business_id)s
  LEFT JOIN campaigns_channelrule AS rule
         ON rule.business_id = %(business_id)s AND rule.channel = message.channel
  LEFT JOIN contacts_contact AS person ON person.business_id = %(business_id)s AND person.id = message.contact_id
  LEFT JOIN LATERAL (
        SELECT point.value FROM contacts_contactpoint AS point
         WHERE point.business_id = %(business_id)s AND point.contact_id = message.contact_id AND point.kind = 'postal'
         ORDER BY point.is_primary DESC, point.id LIMIT 1) AS postal ON true
 WHERE message.business_id = %(business_id)s AND message.id = ANY (%(ids)s::uuid[])
   AND message.message_class <> 'transactional' AND NOT message.is_test"""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a person may be: zones, and the state where it is known."""

    zones: tuple[str, ...]
    country: str = ""
    state: str = ""


def clocks_of(message_ids: Iterable[UUID]) -> dict[UUID, Clocks]:
    """The clocks that count for the reader of each message that keeps hours, by the message's id."""
    found = rows(_PEOPLE, {"ids": array_text([str(one) for one in message_ids])})
    today = clock_now().date()
    return {row["id"]: _clocks(row, today) for row in found}


def whereabouts(row: Mapping[str, Any], *, is_law: bool) -> Whereabouts:
    """Where somebody may be. For the law an area code tells only the country, since people take their number along."""
    number = row["address"] if row["channel"] == Channel.SMS else row["phone"]
    country = country_of_number(number) if number else ""
    state = state_of_address(row["postal"], row["country"]) if row["postal"] else None
    if row["timezone"] in ZONES:
        return Whereabouts((row["timezone"],), state.country if state else country, state.code if state else "")
    if state is not None:
        return Whereabouts(state.zones, state.country, state.code)
    zones = (zones_of_country(country) if is_law else zones_of_area(number)) or zones_of_country(country)
    return Whereabouts(zones or (row["business_zone"],), country)


def _clocks(row: Mapping[str, Any], today: date) -> Clocks:
    is_text = row["channel"] == Channel.SMS
    there = whereabouts(row, is_law=is_text)
    law = text_week(there.country, there.state, today) if is_text else ALWAYS
    taste, wish = _taste(row), own_week(row["quiet_from_minute"], row["quiet_until_minute"])
    both = common_hours(taste, wish)
    tried = [both] if wish == ALWAYS else [both, wish]
    for week in tried:
        clocks = Clocks(tuple(Place(zone, common_hours(law, week)) for zone in there.zones))
        if week == law == ALWAYS or clocks.next_open(clock_now()) is not None:
            return clocks
    if is_text:
        return clocks
    # A matter of taste is not worth never writing: where no hour is open everywhere, the business's own clock counts.
    return Clocks((Place(row["business_zone"], both if any(both) else wish),))


def own_week(quiet_from: int | None, quiet_until: int | None) -> Week:
    """The hours in which somebody may be written to who asked for quiet from one minute of a day to another's."""
    return ALWAYS if quiet_from is None or quiet_until is None else week_of(quiet_until, quiet_from)


def _taste(row: Mapping[str, Any]) -> Week:
    if row["opens_minute"] is None:
        return week_of(0, 1440, at_weekends=row["at_weekends"])
    return week_of(row["opens_minute"], row["closes_minute"], at_weekends=row["at_weekends"])
