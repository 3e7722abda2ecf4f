"""Reads a file of cards (vCard, .vcf) as the CSV text that the rest of an import knows: a row for each card.

Our own reader, since a broken card must cost no other one: vobject 0.9.9 ends at the first of them, and at
quoted-printable that is folded within a letter, and takes 1.7 ms a card.
"""

import csv
import io
import re
import time
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.lists.card_fields import COLUMNS, MARK, Card
from contacts.lists.card_lines import BEGIN, END, joined_lines
from contacts.lists.csv_files import MAX_BYTES, MAX_ROWS, detect_encoding
from ecosystem.base.errors import Invalid

# Of computing, not of waiting: a file of the greatest size takes half of it on a small machine.
MAX_SECONDS = 20.0
_FOLD = re.compile(rb"\r?\n[ \t]")
_ANY_CARD = re.compile(BEGIN, re.IGNORECASE)
_ALWAYS = ("Name", "Email", "Phone")
_SENTENCES = {
    "card_cut": gettext_lazy("The card that begins in line %(line)s of the file is cut short: its end is missing."),
    "card_line": gettext_lazy("In the card that begins in line %(line)s of the file this cannot be read: “%(words)s”."),
    "card_too_long": gettext_lazy("The card that begins in line %(line)s of the file is longer than 32 kB."),
    "card_stray": gettext_lazy("What stands in line %(line)s of the file belongs to no card: “%(words)s”."),
    "card_nobody": gettext_lazy("The card that begins in line %(line)s of the file has no name, email or phone."),
    "card_group": gettext_lazy("The card that begins in line %(line)s of the file is a group, and no person."),
}


def is_cards(content: bytes, *, file_name: str = "") -> bool:
    """Whether a file holds cards, or is named as if it did."""
    if file_name.lower().endswith((".vcf", ".vcard")):
        return True
    return _as_bytes(content[:4096]).lstrip()[: len(BEGIN)].upper() == BEGIN


def cards_as_csv(content: bytes) -> bytes:
    """The cards as CSV in UTF-8 with commas, a row each, the columns that one of them fills.

    A card that is broken is a row with what could be read of it, and `trouble_of` says what is wrong.
    Raises Invalid with a plain sentence for what holds no card, or too many.
    """
    if len(content) > MAX_BYTES:
        sentence = _("This file is larger than 25 MB. Split it and bring in the parts.")
        raise Invalid("file_too_large", sentence, field="file")
    content = _as_bytes(content)
    if not _ANY_CARD.search(content):
        sentence = _("There is no card in this file. Choose a vCard file, or a list as CSV or Excel.")
        raise Invalid("file_no_card", sentence, field="file")
    deadline = time.thread_time() + MAX_SECONDS
    written, used = io.StringIO(), {COLUMNS.index(name) for name in _ALWAYS}
    writer = csv.writer(written)
    for count, card in enumerate(_cards(content, _encoding_of(content)), start=1):
        if count > MAX_ROWS:
            sentence = _("This file has more than 200,000 cards. Split it and bring in the parts.")
            raise Invalid("file_too_long", sentence, field="file")
        if time.thread_time() > deadline or written.tell() > MAX_BYTES:
            sentence = _("This file is too large for us to read at once. Split it and bring in the parts.")
            raise Invalid("file_too_large", sentence, field="file")
        row = card.row()
        used.update(place for place, cell in enumerate(row[: len(COLUMNS)]) if cell)
        writer.writerow(row)
    written.seek(0)
    return _only(sorted(used), csv.reader(written))


def trouble_of(row: Sequence[str], width: int) -> Invalid | None:
    """What is wrong with the card that became this row of a list so many columns wide."""
    if len(row) <= width or not row[width].startswith(MARK):
        return None
    code, _sign, rest = row[width][len(MARK) :].partition(":")
    line, _sign, words = rest.partition(":")
    if code not in _SENTENCES:
        return None
    return Invalid(code, _SENTENCES[code] % {"line": line[:8], "words": words[:80]})


def _only(places: list[int], rows: Iterator[list[str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([COLUMNS[place] for place in places])
    writer.writerows([*(row[place] for place in places), *row[len(COLUMNS) :]] for row in rows)
    return written.getvalue().encode()


def _as_bytes(content: bytes) -> bytes:
    """The file in one byte a plain letter, its lines parted by \\n at least."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", errors="replace").encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    return content if b"\n" in content else content.replace(b"\r", b"\n")


def _encoding_of(content: bytes) -> str:
    """In what its letters are written, looked at without folds, since one of them may part a letter."""
    return detect_encoding(_FOLD.sub(b"", content))


def _cards(content: bytes, encoding: str) -> Iterator[Card]:
    """The cards in their order; what stands between them, and a card without an end, as broken ones."""
    card: Card | None = None
    inner = 0
    for number, line in joined_lines(content):
        edge = line.strip().upper() if line[:1] in (b"B", b"b", b"E", b"e") else b""
        if inner:
            inner += (edge == BEGIN) - (edge == END)
        elif edge == BEGIN and card and card.last == "AGENT":
            inner = 1  # a card within the card: who speaks for the person
        elif edge == BEGIN:
            if card:
                yield card.broken("card_cut")
            card = Card(number, encoding)
        elif edge == END and card and not card.is_stray:
            yield card
            card = None
        elif line.strip():
            card = card or Card(number, encoding, is_stray=True).broken("card_stray", line)
            card.take(line)
    if card:
        yield card.broken("card_cut")
