"""Reads an Excel workbook as the CSV text that the rest of an import knows, with limits before anything is parsed.

The reader is openpyxl, row by row; its XML is read by defusedxml, which refuses what XML can declare of its own.
"""

import csv
import io
import os
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import openpyxl
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext as _
from openpyxl.xml import DEFUSEDXML

from contacts.lists.csv_files import MAX_BYTES, MAX_COLUMNS, MAX_ROWS
from ecosystem.base.errors import Invalid

# What a workbook may be once it is unpacked; its table of words is held in memory whole.
MAX_UNPACKED = 120 * 1024 * 1024
MAX_WORDS = 24 * 1024 * 1024
MAX_PARTS = 2_000
MAX_SECONDS = 10.0
SHEETS_LOOKED_AT = 50
FIRST_ROWS = 20
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ONLY_ZEROS = re.compile(r"0+")

if not DEFUSEDXML or os.environ.get("OPENPYXL_DEFUSEDXML", "True") != "True":
    raise RuntimeError("Workbooks are read by defusedxml alone: install it, and leave OPENPYXL_DEFUSEDXML as it is.")


def is_workbook(content: bytes) -> bool:
    """Whether a file is packed or locked as Excel does it, and not text."""
    return content.startswith((_ZIP, _OLE))


def sheets_with_rows(content: bytes) -> list[str]:
    """The names of the sheets in which something stands, in their order; hidden ones are left out.

    Raises Invalid with a plain sentence for what is no workbook, too large, or made to do harm.
    """
    with _Workbook(content) as book:
        found = [name for name in book.names()[:SHEETS_LOOKED_AT] if any(True for _row in book.first_rows(name))]
    if not found:
        raise Invalid("file_empty", _("There is nobody in this workbook. Choose the list once more."), field="file")
    return found


def sheet_as_csv(content: bytes, sheet: str) -> bytes:
    """One sheet as CSV in UTF-8 with commas, dates and numbers as people write them. Raises Invalid as above."""
    written = io.StringIO()
    writer = csv.writer(written)
    with _Workbook(content) as book:
        if sheet not in book.names():
            raise Invalid("sheet_unknown", _("There is no such sheet in this workbook."), field="sheet")
        for count, row in enumerate(book.rows(sheet)):
            if count > MAX_ROWS:
                sentence = _("This list has more than 200,000 rows. Split it and bring in the parts.")
                raise Invalid("file_too_long", sentence, field="file")
            writer.writerow(row)
            if written.tell() > MAX_BYTES:
                raise _too_large()
    return written.getvalue().encode()


class _Workbook:
    """An open workbook; what goes wrong while it is read comes out as a sentence."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._deadline = time.monotonic() + MAX_SECONDS

    def __enter__(self) -> "_Workbook":
        _refuse_bombs(self._content)
        try:
            self._book = openpyxl.load_workbook(io.BytesIO(self._content), read_only=True, data_only=True)
        except Exception as error:
            raise _sentence_for(error) from error
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        self._book.close()
        if error is not None and not isinstance(error, Invalid) and isinstance(error, Exception):
            raise _sentence_for(error) from error

    def names(self) -> list[str]:
        """The sheets with cells that are not hidden."""
        return [sheet.title for sheet in self._book.worksheets if sheet.sheet_state == "visible"]

    def first_rows(self, name: str) -> Iterator[list[str]]:
        """What stands in the first rows."""
        return self._rows(name, FIRST_ROWS)

    def rows(self, name: str) -> Iterator[list[str]]:
        """Every row in which something stands. One column more than may be is read, so that it is noticed."""
        return self._rows(name, None)

    def _rows(self, name: str, most: int | None) -> Iterator[list[str]]:
        sheet = self._book[name]
        # What a sheet says of its size may be wrong; its rows are what counts.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_row=most, max_col=MAX_COLUMNS + 1):
            if time.monotonic() > self._deadline:
                raise _too_large()
            cells = [cell_as_text(cell.value, getattr(cell, "number_format", "") or "") for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield cells


def cell_as_text(value: Any, number_format: str = "") -> str:
    """A cell as somebody would write it: days as 2026-01-05, whole numbers without a point, zeros in front kept."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, date | time_of_day):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, int | float):
        return _number(value, number_format)
    text = str(value)
    return "" if text in ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!") else text


def _number(value: float, number_format: str) -> str:
    if number_format.endswith("%"):
        return f"{value * 100:.12g}%"
    if value == int(value) and abs(value) < 1e15:
        digits = str(int(value))
        return digits.zfill(len(number_format)) if _ONLY_ZEROS.fullmatch(number_format) else digits
    return f"{value:.15g}"


def _refuse_bombs(content: bytes) -> None:
    """Look at what the file says of its parts before one of them is unpacked; what lies about it breaks when read."""
    if len(content) > MAX_BYTES:
        raise Invalid(
            "file_too_large", _("This file is larger than 25 MB. Split it and bring in the parts."), field="file"
        )
    if content.startswith(_OLE):
        sentence = _("This is an old or a locked Excel file. Open it and choose Save as, Excel workbook or CSV.")
        raise Invalid("file_is_old_excel", sentence, field="file")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise _broken() from error
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        sentence = _("This is a packed file and no workbook. Unpack it, or save your list as Excel workbook or CSV.")
        raise Invalid("file_not_workbook", sentence, field="file")
    words = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED or words > MAX_WORDS:
        raise _too_large()


def _sentence_for(error: Exception) -> Invalid:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    if any(isinstance(cause, DefusedXmlException) for cause in causes):
        sentence = _("This workbook declares things that no list needs. We did not read it. Save it as CSV instead.")
        return Invalid("file_declares", sentence, field="file")
    return _broken()


def _broken() -> Invalid:
    sentence = _("This workbook cannot be read: it is damaged. Open it in your table program and save it once more.")
    return Invalid("file_broken", sentence, field="file")


def _too_large() -> Invalid:
    sentence = _("This workbook is too large for us to unpack. Save the sheet as CSV and bring in that file.")
    return Invalid("file_too_large", sentence, field="file")
