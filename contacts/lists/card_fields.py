"""One card (vCard) while it is read: what its lines put into the cells of a row, and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from contacts.lists.card_lines import MAX_CARD, Property, Unreadable, read_line

# Their names are those that `guess_mapping` knows; the ones at the end mean nothing to a list and are left out there.
COLUMNS = (
    "Name", "First name", "Last name", "Email", "Phone", "Company", "Street", "Street 2", "City", "State", "Postcode",
    "Country", "Tags", "Job title", "Birthday", "Website", "Note", "Other addresses", "Could not be read",
)  # fmt: skip
_UNREAD = "Could not be read"
# A cell behind the last column that begins with this sign says what is wrong with a card.
MARK = "\ue000"
_SEVERAL = " ::: "
_NO_PHONES = {"fax", "pager", "modem", "bbs"}
# Google's own group: everybody is in it.
_NO_TAGS = {"mycontacts"}
_PARTS_OF_ADDRESS = 7


@dataclass(slots=True)
class Card:
    """A card, or lines that belong to none (`is_stray`)."""

    line: int
    encoding: str
    is_stray: bool = False
    last: str = ""
    _size: int = 0
    _trouble: str = ""
    _cells: dict[str, str] = field(default_factory=dict)
    _emails: list[tuple[float, str]] = field(default_factory=list)
    _phones: list[tuple[float, str]] = field(default_factory=list)
    _addresses: list[tuple[int, list[str]]] = field(default_factory=list)

    def broken(self, code: str, line: bytes = b"") -> "Card":
        """Keep what is wrong with it; the first thing counts."""
        words = " ".join(line.decode(self.encoding, errors="replace").split())[:80]
        self._trouble = self._trouble or f"{MARK}{code}:{self.line}:{words}"
        return self

    def take(self, line: bytes) -> None:
        """Take in a line of it."""
        if self.is_stray:
            self._keep_unread(line)
            return
        try:
            one = read_line(line, self.encoding)
            self.last = one.head.name
            reader = _READERS.get(self.last)
            if reader is not None and self._has_room(line):
                reader(self, one)
        except Unreadable:
            # What has no name belongs to the line before: of a picture or a note it is nothing that we would take.
            if self.last in _READERS and self.last != "NOTE":
                self._keep_unread(line)
                self.broken("card_line", line)

    def _keep_unread(self, line: bytes) -> None:
        if self._has_room(line):
            self.add(_UNREAD, line.decode(self.encoding, errors="replace"), " / ")

    def _has_room(self, line: bytes) -> bool:
        """Whether the card is short enough with this line; pictures and the like do not count."""
        self._size += len(line) + len(_SEVERAL)
        if self._size > MAX_CARD:
            self.broken("card_too_long")
        return self._size <= MAX_CARD

    def row(self) -> list[str]:
        """Its cells, and behind them what is wrong."""
        self._cells["Email"], self._cells["Phone"] = _ordered(self._emails), _ordered(self._phones)
        if self._addresses:
            self._put_address()
        if not any(self._cells.get(name) for name in ("Name", "First name", "Last name", "Email", "Phone")):
            self.broken("card_nobody")
        # On one line each, so that the line of a row is the number of its card.
        cells = [" ".join(self._cells[name].split()) if name in self._cells else "" for name in COLUMNS]
        return [*cells, self._trouble] if self._trouble else cells

    def _put_address(self) -> None:
        """The address that is preferred, whole; the others stand together in a column of their own."""
        first, *others = [parts for _rank, parts in sorted(self._addresses, key=lambda pair: pair[0])]
        box, more, street, *town = [*first, *[""] * _PARTS_OF_ADDRESS][:_PARTS_OF_ADDRESS]
        lines = [one for one in (street, more, box) if one]
        self._cells["Street"], self._cells["Street 2"] = ", ".join(lines[:1]), ", ".join(lines[1:])
        self._cells.update(zip(("City", "State", "Postcode", "Country"), town, strict=True))
        self._cells["Other addresses"] = _SEVERAL.join(", ".join(filter(None, parts)) for parts in others)

    def add(self, name: str, text: str, sign: str) -> None:
        """Put something into a cell, behind what stands there."""
        self._cells[name] = sign.join(filter(None, (self._cells.get(name, ""), text)))

    def put(self, name: str, text: str) -> None:
        """Put something into a cell where nothing stands yet."""
        self._cells[name] = self._cells.get(name) or text

    def read_name(self, one: Property) -> None:
        """N: last name, first name, and three more that no list asks for."""
        family, given, *_more = [*one.parts(), ""]
        if not self._cells.get("First name") and not self._cells.get("Last name"):
            self._cells["First name"], self._cells["Last name"] = given, family

    def read_email(self, one: Property) -> None:
        """EMAIL, as an address or as mailto:address."""
        self._emails.append((one.head.rank, _without_scheme(one.text(), "mailto:")))

    def read_phone(self, one: Property) -> None:
        """TEL, as a number or as tel:number; the mobile ones first, and none for faxes."""
        if not one.head.types & _NO_PHONES:
            number = _without_scheme(one.text(), "tel:")
            self._phones.append((one.head.rank - (0.5 if "cell" in one.head.types else 0), number))

    def read_address(self, one: Property) -> None:
        """ADR: box, door, street, town, state, postcode, country."""
        parts = [", ".join(filter(None, map(str.strip, part.split("\n")))) for part in one.parts()]
        if any(parts):
            self._addresses.append((one.head.rank, parts[:_PARTS_OF_ADDRESS]))

    def read_tags(self, one: Property) -> None:
        """CATEGORIES, parted by commas."""
        self.add("Tags", ",".join(tag for tag in one.parts(",") if tag.lower() not in _NO_TAGS), ",")

    def read_kind(self, one: Property) -> None:
        """KIND: a group names other cards and is nobody."""
        if one.text().lower() == "group":
            self.broken("card_group")


def _ordered(found: list[tuple[float, str]]) -> str:
    """Those that are preferred first, each once."""
    if len(found) < 2:
        return found[0][1] if found else ""
    return _SEVERAL.join(dict.fromkeys(one for _rank, one in sorted(found, key=lambda pair: pair[0]) if one))


def _without_scheme(text: str, scheme: str) -> str:
    """The address in a URI; what a URI says behind it, as ;ext=5, is left out."""
    return text[len(scheme) :].partition(";")[0].partition("?")[0] if text.lower().startswith(scheme) else text


_READERS: dict[str, Callable[[Card, Property], None]] = {
    "FN": lambda card, one: card.put("Name", one.text()),
    "N": Card.read_name,
    "ORG": lambda card, one: card.put("Company", one.parts()[0]),
    "EMAIL": Card.read_email,
    "TEL": Card.read_phone,
    "ADR": Card.read_address,
    "CATEGORIES": Card.read_tags,
    "TITLE": lambda card, one: card.put("Job title", one.text()),
    "BDAY": lambda card, one: card.put("Birthday", one.text()),
    "URL": lambda card, one: card.add("Website", one.text(), " "),
    "NOTE": lambda card, one: card.add("Note", one.text(), " / "),
    "KIND": Card.read_kind,
    "X-ADDRESSBOOKSERVER-KIND": Card.read_kind,
}
