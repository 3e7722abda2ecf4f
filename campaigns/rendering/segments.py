"""How many parts a text is cut into on its way, counted as the provider counts and bills.

GSM 03.38: 160 septets alone, 153 in each part of several; a character of the extension table costs two and is never cut
in half. Any other character makes the whole text UCS-2: 70 code units alone, 67 in each part; an emoji costs two.
`static/js/texts.js` counts the same way while somebody writes.
"""

from dataclasses import dataclass

GSM, UCS = "gsm", "ucs"

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")

SINGLE = {GSM: 160, UCS: 70}
JOINED = {GSM: 153, UCS: 67}
# Numbers of North America that begin with 800 and its kin carry a longer header.
JOINED_TOLL_FREE = {GSM: 152, UCS: 66}
TOLL_FREE = tuple(f"+1{code}" for code in (800, 833, 844, 855, 866, 877, 888))


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs: its alphabet, its length in units of that alphabet, its parts, and how many units are left."""

    alphabet: str
    units: int
    parts: int
    left: int
    odd_characters: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether the text keeps to the alphabet of which 160 fit into one part."""
        return self.alphabet == GSM


def count_segments(text: str, *, is_toll_free: bool = False) -> Segments:
    """Count a text. `odd_characters` are those that make it UCS-2, each once, in their order."""
    odd = tuple(dict.fromkeys(letter for letter in text if letter not in BASIC and letter not in EXTENSION))
    alphabet = UCS if odd else GSM
    costs = [_cost(letter, alphabet) for letter in text]
    units = sum(costs)
    if units <= SINGLE[alphabet]:
        return Segments(alphabet, units, 1 if text else 0, SINGLE[alphabet] - units, odd)
    room = (JOINED_TOLL_FREE if is_toll_free else JOINED)[alphabet]
    parts, free = 0, 0
    for cost in costs:
        if cost > free:
            parts, free = parts + 1, room
        free -= cost
    return Segments(alphabet, units, parts, free, odd)


def is_toll_free(number: str) -> bool:
    """Whether texts from a number (E.164) are cut into the shorter parts."""
    return number.startswith(TOLL_FREE)


def longest_of(texts: list[str], *, is_toll_free: bool = False) -> Segments:
    """The dearest of some copies of one text: what a promise about its cost must be based on."""
    counted = [count_segments(text, is_toll_free=is_toll_free) for text in texts] or [count_segments("")]
    return max(counted, key=lambda one: (one.parts, one.units))


def _cost(letter: str, alphabet: str) -> int:
    if alphabet == UCS:
        return 2 if ord(letter) > 0xFFFF else 1
    return 2 if letter in EXTENSION else 1
