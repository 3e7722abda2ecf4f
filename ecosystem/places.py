"""Countries, currencies and time zones to choose from, named in the reader's language."""

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.utils.translation import get_language

# Codes of areas that are no country of their own.
_NOT_COUNTRIES = {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}

ZONES = frozenset(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def countries() -> list[tuple[str, str]]:
    """Every country with its name, by name."""
    names = _locale(get_language() or "en").territories
    found = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return sorted((pair for pair in found if pair[0] not in _NOT_COUNTRIES), key=lambda pair: pair[1])


def currencies() -> list[tuple[str, str]]:
    """Every currency that some country uses today, by its letters."""
    names = _locale(get_language() or "en").currencies
    used = {currency for code, _name in countries() for currency in get_territory_currencies(code)}
    return [(code, f"{code}, {names.get(code, code)}") for code in sorted(used)]


def zones() -> list[tuple[str, str]]:
    """Every time zone, by continent and place."""
    return [(name, name.replace("_", " ")) for name in sorted(ZONES)]


def country_of_zone(zone: str) -> str:
    """The country a time zone lies in, or nothing where that is not known."""
    return str(get_global("zone_territories").get(zone, ""))


def currency_of_country(country: str) -> str:
    """What is paid with in a country; the dollar where we do not know."""
    return next(iter(get_territory_currencies(country)), "USD") if country else "USD"
