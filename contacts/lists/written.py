"""How rows are written into a file: CSV, or an Excel workbook of one sheet that is packed while it streams."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from ecosystem.base.csv_lines import csv_line, plain_cell

MARK = "\ufeff"
# What XML 1.0 cannot hold at all.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
_TAIL = "</sheetData></worksheet>"
_PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
        ' Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


def csv_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as lines of CSV."""
    return "".join(csv_line(row) for row in rows).encode()


def sheet_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as the XML of a sheet: each cell is text, and text that no program takes for a formula."""
    return "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows).encode()


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A workbook around the rows of its one sheet, piece by piece; nothing of it is held as a whole."""
    out = _Outgoing()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{part}')
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(_HEAD.encode())
            for piece in pieces:
                sheet.write(piece)
                yield out.taken()
            sheet.write(_TAIL.encode())
    yield out.taken()


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    plain = escape(_NOT_XML.sub("", plain_cell(text)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'


class _Outgoing(io.RawIOBase):
    """What a ZipFile writes to and cannot turn back in: bytes that are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, given: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._waiting.append(bytes(given))
        return len(given)

    def taken(self) -> bytes:
        """What came since the last time."""
        found, self._waiting = b"".join(self._waiting), []
        return found
