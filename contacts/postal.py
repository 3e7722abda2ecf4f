"""A postal address: its lines as they are written, and one text by which two are compared."""

from collections.abc import Callable

from django.utils.translation import gettext_lazy as _

from ecosystem.base.addresses import fold
from ecosystem.base.errors import Invalid

LONGEST_POSTAL = 200
# What a list may have of an address: the whole of it, or its parts.
POSTAL_MEANINGS = frozenset({"postal", "street", "street_more", "city", "region", "postcode", "country"})
# Where the postcode is written behind the town, also where no state stands between.
_TOWN_FIRST = frozenset({"US", "CA", "GB", "IE", "AU", "NZ", "IN", "ZA"})


def read_postal(text: str) -> tuple[str, str]:
    """The address line by line, without empty ones, and as compared; Invalid where it is too long to be one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    written = "\n".join(lines)
    if len(written) > LONGEST_POSTAL:
        sentence = _("A postal address has at most %(count)d letters.") % {"count": LONGEST_POSTAL}
        raise Invalid("postal_too_long", sentence, field="postal")
    return written, fold(", ".join(lines))[:LONGEST_POSTAL]


def put_together(whole: str, part: Callable[[str], str], *, country: str) -> str:
    """An address from what a list has of it: `whole` (or its beginning), then the parts, line by line.

    Parts are street, street_more, city, region, postcode, country. The town stands as people write it in `country`,
    that of the business. A country alone is no address.
    """
    city, state, code = part("city"), part("region"), part("postcode")
    town = f"{city} {code}" if country in _TOWN_FIRST else f"{code} {city}"
    if state:
        town = ", ".join(one for one in (city, f"{state} {code}".strip()) if one)
    lines = [line for line in (*whole.splitlines(), part("street"), part("street_more"), town) if line.strip()]
    return "\n".join([*lines, part("country")]) if lines else ""
