"""Excel workbooks as people have them, and as somebody makes them to do harm."""

import io
import time
import zipfile
from datetime import date, datetime
from datetime import time as time_of_day

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from contacts.lists import workbooks
from contacts.lists.workbooks import cell_as_text, sheet_as_csv, sheets_with_rows
from contacts.models import Contact, Import
from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope
from tests.contacts.test_import_known import bring_in

BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">%s]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&lol9;</t></is></c></row></sheetData></worksheet>""" % b"".join(
    b'<!ENTITY lol%d "%s">' % (n, b"&lol%s;" % (b"" if n == 1 else b"%d" % (n - 1)) * 10) for n in range(1, 10)
)


def workbook(**sheets):
    """The bytes of a workbook with these sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_part(content, name, part):
    """The same workbook with one of its parts put in the place of another."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info.filename))
        new.writestr(name, part)
    return changed.getvalue()


PEOPLE = [["Name", "Email", "Phone"], ["Ana Ruiz", "ana@example.com", 2125550142], ["Bo Lind", "bo@example.com", None]]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (2125550142, "General", "2125550142"),
        (2125550142.0, "General", "2125550142"),
        (1234.5, "General", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1020, "00000", "01020"),
        (0.25, "0%", "25%"),
        (datetime(2026, 1, 5), "d/m/yy", "2026-01-05"),
        (datetime(2026, 1, 5, 9, 30), "d/m/yy", "2026-01-05 09:30:00"),
        (date(2026, 1, 5), "d/m/yy", "2026-01-05"),
        (time_of_day(9, 30), "h:mm", "09:30:00"),
        (True, "General", "yes"),
        ("#N/A", "General", ""),
        ("  kept ", "General", "  kept "),
        (None, "General", ""),
    ],
)
def test_cells_come_in_as_people_write_them(value, number_format, text):
    assert cell_as_text(value, number_format) == text


def test_a_sheet_becomes_rows_and_empty_or_hidden_sheets_are_none():
    content = workbook(Notes=[], People=PEOPLE)
    assert sheets_with_rows(content) == ["People"]
    assert sheet_as_csv(content, "People").decode().splitlines() == [
        "Name,Email,Phone",
        "Ana Ruiz,ana@example.com,2125550142",
        "Bo Lind,bo@example.com",
    ]
    book = openpyxl.load_workbook(io.BytesIO(workbook(People=PEOPLE, Old=PEOPLE)))
    book["Old"].sheet_state = "hidden"
    written = io.BytesIO()
    book.save(written)
    assert sheets_with_rows(written.getvalue()) == ["People"]


def test_sec_43_a_workbook_of_a_billion_laughs_is_refused_in_less_than_a_second():
    for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"):
        content = with_part(workbook(People=PEOPLE), part, BOMB)
        begun = time.monotonic()
        with pytest.raises(Invalid) as refused:
            sheet_as_csv(content, sheets_with_rows(content)[0])
        assert refused.value.code == "file_declares", part
        assert time.monotonic() - begun < 1


def test_sec_41_a_bomb_is_refused_by_what_it_says_of_itself_before_it_is_unpacked(monkeypatch):
    bomb = with_part(workbook(People=PEOPLE), "xl/worksheets/sheet1.xml", b" " * (workbooks.MAX_UNPACKED + 1))
    assert len(bomb) < 200_000
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_args, **_more: pytest.fail("it was unpacked"))
    for content in (bomb, with_part(workbook(People=PEOPLE), "xl/sharedStrings.xml", b" " * (workbooks.MAX_WORDS + 1))):
        with pytest.raises(Invalid) as refused:
            sheets_with_rows(content)
        assert refused.value.code == "file_too_large"


def test_sec_41_a_part_that_lies_about_its_size_breaks_and_takes_no_memory():
    content = bytearray(with_part(workbook(People=PEOPLE), "xl/worksheets/sheet1.xml", b"<a>" + b" " * 5_000_000))
    real = (5_000_003).to_bytes(4, "little")
    assert content.count(real) >= 1
    lying = bytes(content.replace(real, (100).to_bytes(4, "little")))
    with pytest.raises(Invalid) as refused:
        sheet_as_csv(lying, sheets_with_rows(lying)[0])
    assert refused.value.code == "file_broken"


def test_sec_41_too_many_rows_columns_or_seconds_end_with_a_sentence(monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_ROWS", 1)
    with pytest.raises(Invalid, match=r"200,000 rows"):
        sheet_as_csv(workbook(People=PEOPLE), "People")
    monkeypatch.setattr(workbooks, "MAX_SECONDS", -1.0)
    with pytest.raises(Invalid, match="Save the sheet as CSV"):
        sheet_as_csv(workbook(People=PEOPLE), "People")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04", "file_broken"),
        (b"\xd0\xcf\x11\xe0 old", "file_is_old_excel"),
        (with_part(workbook(People=PEOPLE), "xl/worksheets/sheet1.xml", b"<worksheet><oops"), "file_broken"),
        (workbook(People=[]), "file_empty"),
    ],
)
def test_what_cannot_be_read_is_answered_with_a_sentence(content, code):
    with pytest.raises(Invalid) as refused:
        sheet_as_csv(content, sheets_with_rows(content)[0])
    assert refused.value.code == code


def test_a_packed_file_that_is_no_workbook_says_so():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("people.csv", "Name\nAna\n")
    with pytest.raises(Invalid) as refused:
        sheets_with_rows(packed.getvalue())
    assert refused.value.code == "file_not_workbook"


@pytest.mark.django_db
def test_people_of_a_workbook_come_in(bakery):
    done = bring_in(bakery, workbook(People=PEOPLE))
    assert (done.added_count, done.problem_count) == (2, 0)
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        assert ana.primary_phone == "+12125550142"


@pytest.mark.django_db
def test_the_sheet_is_chosen_where_several_hold_rows(as_nora, bakery):
    file = io.BytesIO(workbook(Old=[["Name"], ["Nobody"]], People=PEOPLE))
    file.name = "book.xlsx"
    answer = as_nora.post(reverse("contacts:import_list", kwargs={"slug": bakery.slug}), {"file": file})
    with business_scope(bakery):
        imported = Import.objects.get()
    kwargs = {"slug": bakery.slug, "id": imported.id}
    choose, columns = reverse("contacts:import_sheet", kwargs=kwargs), reverse("contacts:import_columns", kwargs=kwargs)
    assert answer["Location"] == choose
    assert as_nora.get(columns)["Location"] == choose
    assert 'value="People"' in as_nora.get(choose).content.decode()
    assert as_nora.post(choose, {"sheet": "Elsewhere"}).status_code == 422
    assert as_nora.post(choose, {"sheet": "People"})["Location"] == columns
    assert as_nora.get(choose)["Location"] == columns
    with business_scope(bakery):
        imported.refresh_from_db()
        assert (imported.header, imported.row_count, imported.sheets) == (["Name", "Email", "Phone"], 2, [])
        assert imported.file_name == "book.xlsx (People)"


@pytest.mark.django_db
def test_the_command_asks_which_sheet(bakery, tmp_path, capsys):
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(Old=[["Name"], ["Nobody"]], People=PEOPLE))
    with pytest.raises(CommandError, match="Old, People"):
        call_command("import_contacts", str(path), business=bakery.slug)
    call_command("import_contacts", str(path), business=bakery.slug, sheet="People")
    assert '"added": 2' in capsys.readouterr().out
