"""Files of cards (vCard) as phones and programs write them, and as somebody makes them to do harm."""

import csv
import io
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from contacts.lists import cards
from contacts.lists.card_lines import MAX_CARD, joined_lines
from contacts.lists.cards import cards_as_csv, is_cards, trouble_of
from contacts.lists.columns import guess_mapping
from contacts.lists.csv_files import iter_rows, read_shape
from contacts.models import Contact, Import, ImportProblem
from contacts.services.import_problems import mend_problem
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope

ANA = """BEGIN:VCARD
VERSION:3.0
N:Ruiz;Ana;Maria;Dr.;
FN:Dr. Ana Ruiz
ORG:Mill & Sons\\, Ltd.;Sales
item1.EMAIL;TYPE=INTERNET,WORK:ana@example.com
item1.X-ABLabel:Shop
EMAIL;TYPE=pref:ana.home@example.com
TEL;TYPE=WORK,FAX:212-555-0109
TEL;TYPE=WORK:212-555-0100
TEL;TYPE="CELL,VOICE":(212) 555-0142
ADR;TYPE=WORK:;;9 Side Street;Salem;OR;97301;
ADR;TYPE=HOME,pref:;Door 4;1 Mill\\nLane;Ashford;OR;97201;USA
CATEGORIES:myContacts,Fair\\; spring,Bread
BDAY:1988-04-15
NOTE:Likes rye.\\nPays
 late.
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ
 SkZJRgABAQ
END:VCARD
"""


def card(*lines, version="3.0"):
    """One card with these lines."""
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def table(content):
    """The rows that a file of cards becomes, each by the names of its columns; `wrong` is the code of its trouble."""
    header, *rows = csv.reader(
        io.StringIO(cards_as_csv(content if isinstance(content, bytes) else content.encode()).decode())
    )
    found = []
    for row in rows:
        trouble = trouble_of(row, len(header))
        found.append(
            {name: cell for name, cell in zip(header, row, strict=False) if cell}
            | ({"wrong": trouble.code} if trouble else {})
        )
    return found


def test_what_a_card_says_stands_in_the_columns_that_a_list_knows():
    assert table(ANA) == [
        {
            "Name": "Dr. Ana Ruiz",
            "First name": "Ana",
            "Last name": "Ruiz",
            "Email": "ana.home@example.com ::: ana@example.com",
            "Phone": "(212) 555-0142 ::: 212-555-0100",
            "Company": "Mill & Sons, Ltd.",
            "Street": "1 Mill, Lane",
            "Street 2": "Door 4",
            "City": "Ashford",
            "State": "OR",
            "Postcode": "97201",
            "Country": "USA",
            "Tags": "Fair; spring,Bread",
            "Birthday": "1988-04-15",
            "Note": "Likes rye. Payslate.",
            "Other addresses": "9 Side Street, Salem, OR, 97301",
        }
    ]
    header = cards_as_csv(ANA.encode()).decode().splitlines()[0].split(",")
    meanings = {header[int(place)]: meaning for place, meaning in guess_mapping(header).items()}
    assert meanings == {
        "Name": "full_name",
        "First name": "given_name",
        "Last name": "family_name",
        "Email": "email",
        "Phone": "phone",
        "Company": "organization",
        "Street": "street",
        "Street 2": "street_more",
        "City": "city",
        "State": "region",
        "Postcode": "postcode",
        "Country": "country",
        "Tags": "tags",
    }


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg M=C3=BCller", version="2.1"), "Jörg Müller"),
        (card("FN;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:J=F6rg M=FCller", version="2.1"), "Jörg Müller"),
        # Folded within the bytes of one letter.
        (card("FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=\r\n=B6rg M=C3=BCller", version="2.1"), "Jörg Müller"),
        (card("FN:Jörg Müller").encode().replace(b"\xc3\xb6", b"\xc3\r\n \xb6"), "Jörg Müller"),
        (card("FN;CHARSET=windows-1252:Jörg Müller", version="2.1").encode("cp1252"), "Jörg Müller"),
        (card("FN:Jörg Müller").encode("cp1252"), "Jörg Müller"),
        (card("FN:Jörg Müller").encode("utf-16"), "Jörg Müller"),
        (card("FN:Jörg Müller").encode("utf-8-sig"), "Jörg Müller"),
        (card("FN:Jörg Müller").replace("\r\n", "\r").encode(), "Jörg Müller"),
        (card("FN;CHARSET=shift_jis:山田", version="2.1").encode("cp932"), "山田"),
        # In 2.1 a line is folded at a space that stays, later at one that was put there.
        (card("FN:Jörg\r\n Müller", version="2.1"), "Jörg Müller"),
        (card("FN:Jörg Mül\r\n\tler"), "Jörg Müller"),
        (card("fn:Jörg Müller").replace("BEGIN:VCARD", "begin:vcard"), "Jörg Müller"),
        # What stands in the wrong encoding is read as it can be, and an encoding that is none of letters is not used.
        (card("FN;CHARSET=nonsense:Jörg Müller"), "Jörg Müller"),
        (card("FN;CHARSET=idna:xn--jrg-sna"), "xn--jrg-sna"),
        (card("FN;ENCODING=b:SsO2cmcgTcO8bGxlcg=="), "Jörg Müller"),
    ],
)
def test_letters_are_read_however_they_are_written(content, name):
    assert [one["Name"] for one in table(content)] == [name]


def test_the_newest_form_of_cards_writes_addresses_as_links():
    (found,) = table(
        card(
            "FN;LANGUAGE=en:Bo Lind",
            'TEL;VALUE=uri;PREF=2;TYPE="voice,home":tel:+1-212-555-0100;ext=5',
            "TEL;VALUE=uri;PREF=1:tel:+1-212-555-0142",
            "EMAIL:mailto:bo@example.com",
            'ADR;LABEL="1 Mill Lane: back; Ashford":;;1 Mill Lane;Ashford;;;',
            version="4.0",
        )
    )
    assert found == {
        "Name": "Bo Lind",
        "Email": "bo@example.com",
        "Phone": "+1-212-555-0142 ::: +1-212-555-0100",
        "Street": "1 Mill Lane",
        "City": "Ashford",
    }


def test_signs_that_are_escaped_or_in_code_do_not_part_a_name():
    assert table(card("N:O\\;Neil;Bo\\\\;;;"))[0] == {"First name": "Bo\\", "Last name": "O;Neil"}
    coded = card("N;ENCODING=QUOTED-PRINTABLE:O=3BNeil;Bo;;;", version="2.1")
    assert table(coded)[0] == {"First name": "Bo", "Last name": "O;Neil"}


def test_a_broken_card_costs_no_other_one_and_keeps_what_could_be_read():
    content = "".join(
        [
            card("FN:Ana", "EMAIL:ana@example.com"),
            card("FN:Bo", "EMAIL bo@example.com"),
            "BEGIN:VCARD\r\nFN:Cleo\r\nEMAIL:cleo@example.com\r\n",
            card("FN:Di"),
            "lost words\r\nand more\r\n",
            card("NOTE:Somebody"),
            card("FN:Bakers", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1"),
            card("FN:Eve", "NOTE:" + "x" * MAX_CARD),
            card("FN:Fay", "NOTE:She said:", "see you, or write"),
            card("FN:Gil", "AGENT:", card("FN:Gil's agent").strip(), "EMAIL:gil@example.com"),
            "BEGIN:VCARD\r\nFN:Hal",
        ]
    )
    assert table(content) == [
        {"Name": "Ana", "Email": "ana@example.com"},
        {"Name": "Bo", "Could not be read": "EMAIL bo@example.com", "wrong": "card_line"},
        {"Name": "Cleo", "Email": "cleo@example.com", "wrong": "card_cut"},
        {"Name": "Di"},
        {"Could not be read": "lost words / and more", "wrong": "card_stray"},
        {"Note": "Somebody", "wrong": "card_nobody"},
        {"Name": "Bakers", "wrong": "card_group"},
        {"Name": "Eve", "wrong": "card_too_long"},
        {"Name": "Fay", "Note": "She said:"},
        {"Name": "Gil", "Email": "gil@example.com"},
        {"Name": "Hal", "wrong": "card_cut"},
    ]


def test_a_cut_line_of_coded_letters_takes_no_card_with_it():
    content = card("FN:Ana", "NOTE;ENCODING=QUOTED-PRINTABLE:cut=", version="2.1") + card("FN:Bo")
    assert table(content) == [{"Name": "Ana", "Note": "cut"}, {"Name": "Bo"}]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_no_card"),
        (b"name,email\nAna,ana@example.com\n", "file_no_card"),
        (b"BEGIN:VCARD\x00\nEND:VCARD", "file_not_text"),
        (b"x" * (cards.MAX_BYTES + 1), "file_too_large"),
    ],
)
def test_what_is_named_as_cards_and_holds_none_is_refused_with_a_sentence(content, code):
    assert is_cards(content, file_name="phone.VCF")
    with pytest.raises(Invalid) as refused:
        cards_as_csv(content)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_cards_are_known_by_what_they_are_and_a_list_is_not_taken_for_one():
    assert is_cards(b"\xef\xbb\xbf\r\nbegin:vcard\r\n")
    assert is_cards("BEGIN:VCARD\n".encode("utf-16"))
    assert not is_cards(b"name,email\nBEGIN:VCARD,x\n", file_name="people.csv")


def test_sec_41_cards_beyond_the_limit_of_rows_are_refused(monkeypatch):
    monkeypatch.setattr(cards, "MAX_ROWS", 2)
    with pytest.raises(Invalid) as refused:
        cards_as_csv((card("FN:Ana") * 3).encode())
    assert refused.value.code == "file_too_long"


def test_sec_41_a_file_that_takes_too_long_to_read_is_refused(monkeypatch):
    monkeypatch.setattr(cards, "MAX_SECONDS", -1)
    with pytest.raises(Invalid) as refused:
        cards_as_csv(card("FN:Ana").encode())
    assert refused.value.code == "file_too_large"


@pytest.mark.parametrize(
    "line",
    [
        "PHOTO;ENCODING=b:" + "A" * 72 + ("\r\n " + "A" * 72) * 60_000,
        "NOTE;ENCODING=QUOTED-PRINTABLE:" + "=C3=A9=\r\n" * 200_000,
        "N:" + ";" * 2_000_000,
        "NOTE:" + "\\" * 30_001,
        'FN;TYPE="' + '"' * 30_001 + ":x",
        "FN;X=" + '"a"' * 10_000,
        "FN" + ";a" * 15_000 + ":x",
    ],
    ids=["picture", "soft breaks", "signs", "escapes", "quotes", "more quotes", "parameters"],
)
def test_sec_41_no_line_takes_long_to_read_or_costs_the_card_after_it(line):
    begun = time.process_time()
    rows = table(card("FN:Ana", line) + card("FN:Bo"))
    assert [row["Name"] for row in rows] == ["Ana", "Bo"]
    assert max(len(cell) for row in rows for cell in row.values()) <= MAX_CARD
    assert time.process_time() - begun < 3


def test_sec_41_of_a_line_that_is_folded_without_end_only_its_beginning_is_kept():
    content = ("NOTE:" + "x" * 70 + ("\r\n " + "x" * 70) * 5_000).encode()
    assert MAX_CARD < max(len(line) for _number, line in joined_lines(content)) < MAX_CARD + 100


@given(
    st.lists(
        st.one_of(
            st.sampled_from([b"BEGIN:VCARD", b"END:VCARD", b"VERSION:2.1", b"AGENT:", b" ", b"\t;", b"="]),
            st.sampled_from([b"FN", b"N", b"TEL", b"EMAIL", b"ADR", b"ORG", b"CATEGORIES", b"KIND", b"PHOTO"]).flatmap(
                lambda name: st.binary(max_size=30).map(
                    lambda rest: name + b";ENCODING=QUOTED-PRINTABLE;CHARSET=utf-16:"[: len(rest)] + b":" + rest
                )
            ),
            st.binary(max_size=30),
        ),
        max_size=25,
    )
)
def test_whatever_stands_in_a_file_of_cards_becomes_rows_or_a_sentence(lines):
    try:
        written = cards_as_csv(b"BEGIN:VCARD\n" + b"\n".join(lines))
    except Invalid:
        return
    shape = read_shape(written, encoding="utf-8", delimiter=",")
    rows = [row for _line, row in iter_rows(written, encoding="utf-8", delimiter=",")][1:]
    assert len(rows) == shape.row_count
    assert [line for line, _row in iter_rows(written, encoding="utf-8", delimiter=",")] == list(range(1, len(rows) + 2))
    assert all(len(row) in (len(shape.header), len(shape.header) + 1) for row in rows)


def _ready(business, content, file_name="phone.vcf"):
    with business_scope(business):
        imported = upload_import(content.encode(), file_name=file_name)
        map_import(imported.pk, mapping=imported.mapping)
        permit_import(imported.pk, rule="none")
        return start_import(imported.pk)


@pytest.mark.django_db
def test_cards_come_in_as_any_list_does_and_a_broken_one_is_mended_on_the_page(bakery):
    content = ANA + card("FN:Bo Lind", "EMAIL bo@example.com") + card("FN:Cleo", "EMAIL:cleo@@example")
    imported = _ready(bakery, content)
    while work_import(bakery.pk, imported.job_id):
        pass
    with business_scope(bakery):
        done = Import.objects.get(pk=imported.pk)
        assert (done.state, done.row_count, done.added_count, done.problem_count) == ("done", 3, 1, 2)
        ana = Contact.objects.get(primary_email="ana.home@example.com")
        assert (ana.display_name, ana.given_name, ana.family_name) == ("Dr. Ana Ruiz", "Ana", "Ruiz")
        broken, bad = ImportProblem.objects.filter(imported=done).order_by("line")
        assert (broken.line, broken.code, bad.line, bad.code) == (3, "card_line", 4, "email_invalid")
        assert broken.sentence == (
            "In the card that begins in line 21 of the file this cannot be read: “EMAIL bo@example.com”."
        )
        assert "EMAIL bo@example.com" in broken.row
        assert not any("\ue000" in cell for cell in broken.row)
        assert mend_problem(done.pk, broken.pk, {done.header.index("Email"): "bo@example.com"}) is None
        assert Contact.objects.get(primary_email="bo@example.com").display_name == "Bo Lind"


@pytest.mark.django_db
def test_cards_killed_between_two_slices_end_the_same(bakery):
    imported = _ready(bakery, "".join(card(f"FN:Person {n}", f"EMAIL:p{n}@example.com") for n in range(7)))
    assert work_import(bakery.pk, imported.job_id, slice_rows=3)
    with business_scope(bakery):
        assert Contact.objects.filter(display_name__startswith="Person").count() == 3
    while work_import(bakery.pk, imported.job_id, slice_rows=3):
        pass
    with business_scope(bakery):
        assert Import.objects.get(pk=imported.pk).added_count == 7


@pytest.mark.django_db
def test_the_page_takes_cards_and_says_so(as_nora, bakery):
    page = reverse("contacts:import_list", kwargs={"slug": bakery.slug})
    told = as_nora.get(page).content.decode()
    assert ".vcf" in told
    assert "vCard" in told
    kept = as_nora.post(page, {"file": SimpleUploadedFile("phone.vcf", ANA.encode())}, follow=True)
    assert "Mill &amp; Sons, Ltd." in kept.content.decode()
    refused = as_nora.post(page, {"file": SimpleUploadedFile("phone.vcf", b"nobody")})
    assert "There is no card in this file." in refused.content.decode()
