"""Files as people have them: read right, or refused with a sentence."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from contacts.forms.imports import ImportUploadForm
from contacts.lists.csv_files import MAX_FIELD, iter_rows, read_shape
from ecosystem.base.csv_lines import csv_line, read_cell
from ecosystem.base.errors import Invalid

LETTERS = st.characters(codec="utf-8", exclude_characters="\x00")
PEOPLE = "Name;E-Mail;Ort\r\nZoë Brückner;zoe@example.com;Köln\r\nÁna Peña;ana@example.com;Málaga\r\n"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_encoding_and_delimiter_are_found(encoding, expected):
    shape = read_shape(PEOPLE.encode(encoding))
    assert (shape.encoding, shape.delimiter, shape.row_count) == (expected, ";", 2)
    assert shape.header == ["Name", "E-Mail", "Ort"]
    assert shape.sample[0] == ["Zoë Brückner", "zoe@example.com", "Köln"]


def test_cyrillic_of_an_old_program_is_read():
    text = "Имя,Почта\n" + "".join(f"Мария Иванова номер {n},maria{n}@example.com\n" for n in range(20))
    shape = read_shape(text.encode("cp1251"))
    assert shape.header == ["Имя", "Почта"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"  \n \n", "file_empty"),
        (b"name,email\x00\x01\x02", "file_not_text"),
        (b",,,\n", "file_no_header"),
        (b"name,email\n", "file_only_header"),
        (b"name,email\n" + b'"' + b"x" * (MAX_FIELD + 10) + b"\n", "file_broken"),
        (b'name\nAna\n"never ends\nBo\n', "file_broken"),
        (",".join(f"c{n}" for n in range(500)).encode() + b"\n1\n", "file_too_wide"),
    ],
)
def test_sec_41_what_is_no_list_is_refused_with_a_sentence(content, code):
    with pytest.raises(Invalid) as refusal:
        read_shape(content)
    assert refusal.value.code == code
    assert str(refusal.value).endswith((".", "?"))


def test_sec_41_a_file_of_more_than_25_megabytes_is_refused():
    content = b"name,email\n" + b"x" * (25 * 1024 * 1024)
    with pytest.raises(Invalid, match="larger than 25 MB") as refusal:
        read_shape(content)
    assert refusal.value.code == "file_too_large"
    for size, is_taken in ((len(content), False), (25 * 1024 * 1024, True)):
        sent = SimpleUploadedFile("people.csv", content[:size])
        assert ImportUploadForm({}, {"file": sent}).is_valid() is is_taken


def test_sec_41_a_list_of_more_than_200_000_rows_is_refused():
    with pytest.raises(Invalid) as refusal:
        read_shape(b"email\n" + b"a@example.com\n" * 200_001)
    assert refusal.value.code == "file_too_long"


def test_blank_lines_are_no_rows_and_lines_are_counted_as_an_editor_does():
    rows = list(iter_rows(b'name\n\n"two\nlines"\n\nlast\n', encoding="utf-8", delimiter=","))
    assert rows == [(1, ["name"]), (4, ["two\nlines"]), (6, ["last"])]


@given(
    rows=st.lists(
        st.tuples(
            st.text(alphabet=LETTERS, min_size=1, max_size=20).filter(str.strip),
            st.emails(),
        ),
        min_size=1,
        max_size=8,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_a_csv_writer_writes_is_read_back(rows, delimiter):
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "email"])
    writer.writerows(rows)
    shape = read_shape(buffer.getvalue().encode())
    read = iter_rows(buffer.getvalue().encode(), encoding=shape.encoding, delimiter=delimiter)
    assert [tuple(row) for _line, row in read][1:] == rows


@given(
    cells=st.lists(
        st.one_of(
            st.text(alphabet=LETTERS, max_size=12),
            st.text(alphabet="'=+-@\t\r1a", max_size=6),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_sec_42_what_is_written_is_no_formula_and_is_read_back_as_it_was(cells):
    (written,) = csv.reader(io.StringIO(csv_line(cells), newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in written)
    assert [read_cell(cell) for cell in written] == cells
