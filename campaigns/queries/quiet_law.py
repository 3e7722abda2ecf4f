"""Hours in which the law lets a business send texts, and where an address or a number may be: tables, with dates.

In `campaigns/data/text_hours.csv` a state's own lines count, else those of its country (`+`: any state that is known),
else the common ones (`*`). A law that changes is a new line with its date, and an end for the old one.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import phonenumbers
from babel.core import get_global
from phonenumbers.timezone import time_zones_for_number

from campaigns.queries.quiet_clock import Week
from ecosystem.places import ZONES

_FOLDER = Path(__file__).resolve().parent.parent / "data"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STATE_AND_CODE = re.compile(r"\b([A-Z]{2})[ ,]+(\d{5})(?:-\d{4})?\b")
_CODE = re.compile(r"\b(\d{5})(?:-\d{4})?\b")
_STATE = re.compile(r",\s*([A-Z]{2})\s*(?:,?\s*(?:USA|U\.S\.A\.|UNITED STATES))?\s*$")


@dataclass(frozen=True, slots=True)
class HoursLine:
    """One line of the table: on which days, from when to when, and while which law is in force."""

    country: str
    state: str
    days: tuple[int, ...]
    opens: int
    closes: int
    since: date
    until: date | None

    def is_in_force(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class State:
    """A state with its clocks and the first three figures of its postal codes."""

    country: str
    code: str
    zones: tuple[str, ...]
    postal_codes: tuple[range, ...]


def text_week(country: str, state: str, on: date) -> Week:
    """The hours in which texts may be sent to somebody, Monday to Sunday; the state is empty where it is not known."""
    lines = [line for line in _lines() if line.is_in_force(on)]
    wanted = [(country, state), (country, "+")] if state else []
    for place in [*wanted, ("*", "*")]:
        found = [line for line in lines if (line.country, line.state) == place]
        if found:
            hours = {day: (line.opens, line.closes) for line in found for day in line.days}
            return tuple(hours.get(day) for day in range(7))
    raise LookupError("The table of hours has no common line.")


def state_of_address(postal: str, country: str) -> State | None:
    """The state that a postal address names, by its letters or its code; None where it names none that we know."""
    text = " ".join(postal.upper().split())
    both = _STATE_AND_CODE.search(text)
    if both:
        return _state_of_code(both[2]) or _states().get(both[1])
    if country != "US":
        return None
    code, letters = _CODE.findall(text), _STATE.search(text)
    return (_state_of_code(code[-1]) if code else None) or (_states().get(letters[1]) if letters else None)


@lru_cache(maxsize=4096)
def country_of_number(number: str) -> str:
    """The country of a number in international form, or nothing where it has none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


@lru_cache(maxsize=4096)
def zones_of_area(number: str) -> tuple[str, ...]:
    """The zones that an area code hints at: people take their number along. Nothing where it hints at none."""
    try:
        zones = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zones) if set(zones) <= ZONES else ()


@lru_cache(maxsize=256)
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every zone of a country."""
    return tuple(
        sorted(zone for zone, land in get_global("zone_territories").items() if land == country) if country else ()
    )


def _state_of_code(code: str) -> State | None:
    first = int(code[:3])
    return next((state for state in _states().values() if any(first in codes for codes in state.postal_codes)), None)


@lru_cache(maxsize=1)
def _lines() -> tuple[HoursLine, ...]:
    return tuple(
        HoursLine(
            line["country"],
            line["state"],
            tuple(_days(line["days"])),
            _minute(line["opens"]),
            _minute(line["closes"]),
            date.fromisoformat(line["from"]),
            date.fromisoformat(line["until"]) if line["until"] else None,
        )
        for line in _table("text_hours.csv")
    )


@lru_cache(maxsize=1)
def _states() -> dict[str, State]:
    return {
        line["state"]: State(
            line["country"],
            line["state"],
            tuple(line["zones"].split()),
            tuple(_codes(part) for part in line["postal_codes"].split()),
        )
        for line in _table("states.csv")
    }


def _table(name: str) -> Iterable[dict[str, str]]:
    return list(csv.DictReader((_FOLDER / name).read_text(encoding="utf-8").splitlines()))


def _days(words: str) -> range:
    first, _dash, last = words.partition("-")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)


def _minute(words: str) -> int:
    hours, minutes = words.split(":")
    return int(hours) * 60 + int(minutes)


def _codes(part: str) -> range:
    first, _dash, last = part.partition("-")
    return range(int(first), int(last or first) + 1)
