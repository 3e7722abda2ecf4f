"""No parser reads entities or a DTD: none of ours, and none of a library that the product may meet a file with."""

import ast
import io
import re
import time
import zipfile
from collections.abc import Iterator
from importlib import metadata, util

import pytest
from django.conf import settings
from packaging.requirements import Requirement

from contacts.services.imports import upload_import
from ecosystem.base.errors import DomainError
from ecosystem.base.tenancy import business_scope
from tests.house.test_source import name_of, sources

PARSERS = ("xml", "lxml", "pyexpat", "xmltodict", "html5lib", "bs4", "feedparser", "xmlrpc")
# Libraries of the product that import a parser somewhere, and why that opens nothing.
KNOWN = {
    "django": "the XML serializer of fixtures, which refuses a DTD and which nothing of ours calls",
    "django-allauth": "the languages of a provider of sign-ins that is not installed",
    "faker": "writes XML for inventors of demo data, reads none",
    "openpyxl": "reads through defusedxml, asked below",
    "et-xmlfile": "writes what openpyxl writes, reads nothing",
    "defusedxml": "it is the wall",
    "prompt-toolkit": "formats the prompt of a shell",
    "pillow": "reads a picture's own notes only when asked for them, through defusedxml",
    "psutil": "asks one system for its disks, which is not ours",
    "qrcode": "writes SVG, reads none",
}
BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">{entities}]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><a>&a29;</a></worksheet>""".format(
    entities="".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 30))
)
THEFT = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><a>&x;</a></rss>"""


def parsers_in(text: str) -> Iterator[str]:
    """The XML parsers that a source imports."""
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        yield from (name for name in names if name.partition(".")[0] in PARSERS)


def test_sec_43_our_own_source_imports_no_parser_but_the_one_without_entities():
    faults = [(name_of(file), name) for file in sources(with_migrations=True) for name in parsers_in(file.read_text())]
    assert faults == []


@pytest.mark.parametrize("line", ["import xml.etree.ElementTree as ET", "from lxml import etree", "import feedparser"])
def test_sec_43_each_parser_is_noticed(line):
    assert list(parsers_in(line))


def libraries() -> set[str]:
    """Every library of the product: those that requirements.txt names, and those that they bring along."""
    lines = (settings.BASE_DIR / "requirements.txt").read_text().splitlines()
    waiting = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    found: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        name = wanted.name.lower().replace("_", "-")
        extras = {*wanted.extras, ""}
        if name in found or not (wanted.marker is None or wanted.marker.evaluate()):
            continue
        found.add(name)
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                needed.marker = None
                waiting.append(needed)
    return found


def test_sec_43_every_library_that_imports_a_parser_is_known_for_a_reason():
    importing = re.compile(r"^\s*(?:from|import)\s+(?:xml|lxml|pyexpat|xmltodict)\b", re.MULTILINE)
    found = set()
    for name in libraries():
        files = [one.locate() for one in metadata.files(name) or [] if one.suffix == ".py" and "tests" not in one.parts]
        if any(importing.search(one.read_text(errors="ignore")) for one in files if one.exists()):
            found.add(name)
    assert found - KNOWN.keys() == set()


def test_sec_43_workbooks_are_read_without_entities():
    if util.find_spec("openpyxl") is None:
        assert "openpyxl" not in libraries()
        return
    import openpyxl  # here: the product may do without it

    assert openpyxl.DEFUSEDXML
    assert not openpyxl.LXML
    if "openpyxl" in libraries():
        assert "defusedxml" in libraries()


def workbook(part: str, content: str) -> bytes:
    """A workbook of which one part was written by somebody who means harm."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{sheet}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kind}">'
        '<sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{kind}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row r="1">'
        '<c r="A1" t="s"><v>0</v></c></row></sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}" count="1" uniqueCount="1"><si><t>Name</t></si></sst>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in {**parts, part: content}.items():
            packed.writestr(name, text)
    return file.getvalue()


PARTS = ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml")


@pytest.mark.django_db
@pytest.mark.parametrize("content", [BOMB, THEFT], ids=["billion laughs", "a file of ours"])
@pytest.mark.parametrize("part", PARTS)
def test_sec_43_a_file_that_would_grow_without_end_is_refused_at_once(bakery, part, content):
    begun = time.process_time()
    with business_scope(bakery), pytest.raises(DomainError) as refused:
        upload_import(workbook(part, content), file_name="people.xlsx")
    assert time.process_time() - begun < 1
    assert "root:" not in str(refused.value.message)


@pytest.mark.django_db
def test_sec_43_the_same_as_plain_xml_is_a_list_of_nobody_or_refused(bakery):
    begun = time.process_time()
    with business_scope(bakery):
        try:
            imported = upload_import(BOMB.encode(), file_name="people.xml")
        except DomainError:
            return
    assert time.process_time() - begun < 1
    assert "ha" * 100 not in str(imported.header)
