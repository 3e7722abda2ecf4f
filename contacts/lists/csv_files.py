"""Reads a CSV file as people have them: any encoding, any delimiter, with limits and plain sentences."""

import codecs
import contextlib
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from ecosystem.base.csv_lines import read_cell
from ecosystem.base.errors import Invalid

MAX_BYTES = 25 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_FIELD = 32 * 1024
SAMPLE_ROWS = 5
DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Tables in these encodings are what office programs still write; the guess is confined to them.
_LEGACY = ["cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "mac_roman", "cp932", "gb18030", "big5", "euc_kr"]


@dataclass(frozen=True)
class CsvShape:
    """How to read a file: its encoding, delimiter and header, with the first rows and the number of all."""

    encoding: str
    delimiter: str
    header: list[str]
    sample: list[list[str]]
    row_count: int


def read_shape(content: bytes, *, encoding: str = "", delimiter: str = "") -> CsvShape:
    """Find out how a file is to be read, where that is not known.

    Raises Invalid with a plain sentence for what is empty, too large, no table, or cut short.
    """
    if not content.strip():
        raise Invalid("file_empty", _("This file is empty. Choose the list once more."), field="file")
    if len(content) > MAX_BYTES:
        raise Invalid(
            "file_too_large", _("This file is larger than 25 MB. Split it and bring in the parts."), field="file"
        )
    encoding = encoding or detect_encoding(content)
    delimiter = delimiter or detect_delimiter(content[:65_536].decode(encoding, errors="ignore"))
    rows = iter_rows(content, encoding=encoding, delimiter=delimiter)
    first = next(rows, None)
    header = [read_cell(cell.strip()) for cell in first[1]] if first else []
    if not any(header):
        raise Invalid("file_no_header", _("The first line should name the columns, like: name, email."), field="file")
    if len(header) > MAX_COLUMNS:
        sentence = _("This list has %(count)s columns. Keep at most %(most)s.")
        raise Invalid("file_too_wide", sentence % {"count": len(header), "most": MAX_COLUMNS}, field="file")
    sample: list[list[str]] = []
    count = 0
    for _line, row in rows:
        count += 1
        if count <= SAMPLE_ROWS:
            sample.append([cell[:200] for cell in row[:MAX_COLUMNS]])
        if count > MAX_ROWS:
            sentence = _("This list has more than 200,000 rows. Split it and bring in the parts.")
            raise Invalid("file_too_long", sentence, field="file")
    _refuse_open_quote(content, encoding=encoding, delimiter=delimiter)
    if not count:
        raise Invalid("file_only_header", _("This list has a first line and nobody in it."), field="file")
    return CsvShape(encoding=encoding, delimiter=delimiter, header=header, sample=sample, row_count=count)


def detect_encoding(content: bytes) -> str:
    """The encoding's name: by its mark, else UTF-8 where that reads, else the likeliest old one."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    if b"\x00" in content:
        raise Invalid("file_not_text", _("This file is not a list. Save it as CSV and try again."), field="file")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        guess = from_bytes(content[:200_000], cp_isolation=_LEGACY).best()
        # Latin letters with accents fit many tables: without other signs it is what Excel writes in the West.
        encoding = guess.encoding if guess and not _reads_as_western(content) else "cp1252"
        return _first_that_reads(content, (encoding, "cp1252", "latin-1"))
    return "utf-8"


def _reads_as_western(content: bytes) -> bool:
    """True when the bytes above ASCII are few and all are letters or marks of cp1252."""
    high = [byte for byte in content[:200_000] if byte >= 0x80]
    letters = sum(1 for byte in high if byte >= 0xC0 or byte in (0x80, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97))
    return len(high) * 5 < len(content[:200_000]) and letters * 10 >= len(high) * 9


def _first_that_reads(content: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def detect_delimiter(text: str) -> str:
    """The sign that parts the most columns alike over the first lines; a comma where none does."""
    best, best_columns = ",", 1
    for delimiter in DELIMITERS:
        rows = list(itertools.islice(_rows_until_broken(text, delimiter), 20))
        columns = len(rows[0]) if rows else 1
        alike = sum(1 for row in rows if len(row) == columns)
        if columns > best_columns and alike * 2 >= len(rows):
            best, best_columns = delimiter, columns
    return best


def _rows_until_broken(text: str, delimiter: str) -> Iterator[list[str]]:
    with contextlib.suppress(csv.Error):
        yield from (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)


def _refuse_open_quote(content: bytes, *, encoding: str, delimiter: str) -> None:
    """A quotation mark that is never closed swallows every row after it: that is not a list to take in."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, errors="replace", newline="")
    line, reader = 0, csv.reader(text, delimiter=delimiter, strict=True)
    try:
        for _row in reader:
            line = reader.line_num
    except csv.Error as error:
        if "end of data" in str(error):
            sentence = _("After line %(line)s a quotation mark is opened and never closed.")
            raise Invalid("file_broken", sentence % {"line": line}, field="file") from error


def iter_rows(content: bytes | io.BufferedIOBase, *, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, the header first, with the number of the line it ends on.

    Raises Invalid where a quote never closes or a field is longer than 32 kB.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        sentence = _("Near line %(line)s a field does not end. Is a quotation mark missing there?")
        raise Invalid("file_broken", sentence % {"line": reader.line_num}, field="file") from error
