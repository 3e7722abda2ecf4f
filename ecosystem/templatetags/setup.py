"""What the pages of the set-up shorten."""

import re

from django import template

register = template.Library()

LONGEST = 12


@register.filter
def short_name(name: str) -> str:
    """As many whole words of a name as fit into the circle of the map: "Oat & Ember Bakery" is "Oat & Ember"."""
    words = name.split()
    while len(words) > 1 and len(" ".join(words)) > LONGEST:
        words.pop()
    kept = re.sub(r"\s+[^\w]+$", "", " ".join(words))
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}…"
