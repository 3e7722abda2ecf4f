"""What a member finds by a text: what apps search for, what they may do, where they may go."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from ecosystem.base.access import may
from ecosystem.base.addresses import fold
from ecosystem.finding import DEEDS, FINDERS, Found, FoundGroup
from ecosystem.navigation import MENU

LONGEST_TEXT = 100


def find_anything(request: HttpRequest, text: str) -> list[FoundGroup]:
    """Everything that a text finds, by group; groups without a line are left out. Only what the member may see."""
    text = text.strip()[:LONGEST_TEXT].replace("\x00", "")
    membership = request.membership  # type: ignore[attr-defined]
    found: list[FoundGroup] = []
    for finder in FINDERS:
        if may(membership, finder.action):
            found += finder.find(request, text)
    slug = request.business.slug  # type: ignore[attr-defined]
    deeds = [one for one in DEEDS if may(membership, one.action)]
    places = [one for one in MENU if one.action is None or may(membership, one.action)]
    for title, entries in ((_("Do"), deeds), (_("Go"), places)):
        lines = (Found(one.label, reverse(one.url_name, kwargs={"slug": slug}), one.icon) for one in entries)
        found.append(FoundGroup(title, _that_fit(lines, text)))
    return [group for group in found if group.items]


def _that_fit(lines: Iterable[Found], text: str) -> list[Found]:
    """Those with a word that begins with each word of the text."""
    wanted = fold(text).split()
    fitting = []
    for line in lines:
        words = fold(str(line.label)).split()
        if all(any(word.startswith(one) for word in words) for one in wanted):
            fitting.append(line)
    return fitting
