"""A file with what its columns mean, sent by a program in one call."""

import io

import openpyxl
import pytest
from django.test import Client, override_settings

from contacts.lists import csv_files
from contacts.models import ConsentState, Contact, Import
from contacts.services.topics import add_topic
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.scopes import Scope
from ecosystem.services.jobs import work_jobs
from tests.factories.api import make_program
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

LIST = "Who,Mail,Rung,Note\nBea Ruiz,bea@example.com,client,=1+1\nCleo,cleo@@example,,\n"
MAPPING = {"Who": "full_name", "Mail": "email", "Rung": "stage"}


def send(program, file=LIST, **about):
    headers = {"idempotency_key": about.pop("idempotency_key")} if "idempotency_key" in about else {}
    return program.post("imports/files", {"file": file, "about": {"mapping": MAPPING} | about}, **headers)


def test_a_file_comes_in_as_its_columns_are_said_to_mean(till, bakery):
    made = send(till, tags=["Fair"], idempotency_key="f1")
    assert (made.status_code, made.json()["name"], made.json()["state"], made.json()["rows"]) == (
        202,
        "people.csv",
        "running",
        2,
    )
    work_jobs(bakery.pk, now())
    told = till.get(made["Location"]).json()
    assert (told["state"], told["added"], told["problems"]) == ("done", 1, 1)
    (problem,) = till.get(f"{made['Location']}/problems").json()["items"]
    assert (problem["line"], problem["code"]) == (3, "email_invalid")
    with business_scope(bakery):
        bea = Contact.objects.get(primary_email="bea@example.com")
    told = till.get(f"contacts/{bea.pk}").json()
    assert (told["display_name"], told["stage"], told["tags"]) == ("Bea Ruiz", "client", ["Fair"])


def test_the_same_call_with_its_key_is_done_once_and_another_file_with_it_is_refused(till, bakery):
    first = send(till, idempotency_key="f1")
    again = send(till, idempotency_key="f1")
    assert (again.content, again["Idempotent-Replay"]) == (first.content, "true")
    for other in (
        send(till, LIST + "Di,di@example.com,,\n", idempotency_key="f1"),
        send(till, name="x", idempotency_key="f1"),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with business_scope(bakery):
        assert Import.objects.count() == 1


def test_a_file_is_looked_through_first(till, bakery):
    where = send(till, check_first=True, name="Fair")["Location"]
    work_jobs(bakery.pk, now())
    told = till.get(f"{where}/check").json()
    assert (told["state"], told["people"], told["problems"]) == ("done", 1, 1)
    assert till.post(f"{where}/start", None).json()["name"] == "Fair"


def test_without_a_mapping_the_columns_are_guessed_as_on_the_page(till, bakery):
    made = till.post("imports/files", {"file": "First name,E-mail\nBea,bea@example.com\n", "about": {}})
    assert made.status_code == 202, made.content
    work_jobs(bakery.pk, now())
    assert till.get("contacts?email=bea@example.com").json()["items"][0]["given_name"] == "Bea"


def test_of_a_workbook_with_several_sheets_one_is_named(till, bakery):
    book = openpyxl.Workbook()
    book.active.append(["Notes"])
    book.active.append(["x"])
    sheet = book.create_sheet("Guests")
    for row in (["Who", "Mail"], ["Bea Ruiz", "bea@example.com"]):
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    columns = {"mapping": {"Who": "full_name", "Mail": "email"}}
    refused = send(till, kept.getvalue(), **columns)
    assert (refused.status_code, refused.json()["code"]) == (400, "sheet_unknown")
    made = send(till, kept.getvalue(), sheet="Guests", **columns)
    assert (made.status_code, made.json()["rows"]) == (202, 1)


def test_sec_41_the_limits_are_those_of_the_page_and_what_is_refused_is_not_kept(till, bakery, monkeypatch):
    wide = ",".join(f"c{number}" for number in range(201)) + "\n1\n"
    long_cell = f"Who,Mail\n{'x' * 33_000},a@example.com\n"
    monkeypatch.setattr(csv_files, "MAX_ROWS", 3)
    rows = "Who,Mail\n" + "A,a@example.com\n" * 4
    for content, code in (
        (wide, "file_too_wide"),
        (long_cell, "file_broken"),
        (rows, "file_too_long"),
        ('Who,Mail\n"A,a@example.com\n', "file_broken"),
        (b"\x89PNG\x00\x00", "file_not_text"),
        (b"PK\x03\x04" + b"x" * 50, "file_broken"),
        ("Who,Mail\n", "file_only_header"),
    ):
        refused = send(till, content)
        assert (refused.status_code, refused.json()["code"]) == (400, code), content[:20]
        assert list(refused.json()["errors"]) == ["file"]
    with business_scope(bakery):
        assert Import.objects.count() == 0


def test_sec_41_more_than_25_megabytes_are_refused_by_their_length_and_only_a_form_may_be_that_large(till):
    def call(path, length, kind):
        return Client().post(
            f"/api/v1/{path}",
            b"",
            content_type=kind,
            headers={"authorization": f"Bearer {till.key}"},
            CONTENT_LENGTH=str(length),
        )

    form = "multipart/form-data; boundary=b"
    for path, length, kind in (
        ("imports/files", 27 * 1024 * 1024, form),
        ("imports/files", 2 * 1024 * 1024, "application/json"),
        ("imports", 2 * 1024 * 1024, form),
    ):
        assert call(path, length, kind).status_code == 413, (path, length, kind)
    big = send(till, "Who,Mail,Rung\n" + "Bea Ruiz,bea@example.com,\n" * 60_000)
    assert big.status_code == 202
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=3 * 1024 * 1024):
        over = send(till, "x" * (csv_files.MAX_BYTES + 1))
    assert (over.status_code, over.json()["code"]) == (400, "file_too_large")


def test_what_cannot_be_read_names_what_is_wrong(till, bakery):
    for body, status, names in (
        ({"file": LIST, "about": {"mapping": {"Whom": "full_name"}}}, 400, ["mapping"]),
        ({"file": LIST, "about": {"mapping": {"Who": "nickname"}}}, 400, ["about.mapping.Who"]),
        ({"file": LIST, "about": {"colour": "red"}}, 400, ["about.colour"]),
        ({"file": LIST, "about": {"tags": "Fair"}}, 400, ["about.tags"]),
        ({"file": LIST, "about": {"check_first": "yes"}}, 400, ["about.check_first"]),
        ({"file": LIST, "about": {"rule": "all"}}, 400, ["about.source", "about.topic_id"]),
        ({"file": LIST}, 400, ["about"]),
        ({"file": LIST, "about": {}, "rows": []}, 400, ["rows"]),
        ({"file": {"x": 1}, "about": {}}, 400, ["file"]),
    ):
        refused = till.post("imports/files", body)
        assert (refused.status_code, sorted(refused.json()["errors"])) == (status, names), body
    twice = "Mail,Mail\na@example.com,b@example.com\n"
    refused = till.post("imports/files", {"file": twice, "about": {"mapping": {"Mail": "email"}}})
    assert refused.json()["title"] == "Two columns of this list are called “Mail”. Give one of them another name."
    assert till.post("imports/files", {"about": {}}).status_code == 415
    for content in (b"", b"--b\r\n", b'--b\r\nContent-Disposition: form-data; name="about"\r\n\r\n{\r\n--b--\r\n'):
        for headers in ({}, {"idempotency-key": f"k{len(content)}"}):
            answer = Client().post(
                "/api/v1/imports/files",
                content,
                content_type="multipart/form-data; boundary=b",
                headers={"authorization": f"Bearer {till.key}", **headers},
            )
            assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), content
    with business_scope(bakery):
        assert Import.objects.count() == 0


def test_sec_59_a_file_needs_the_scopes_of_what_it_tells_and_is_not_kept_without_them(bakery, nora):
    make_contact(bakery, "Bea Ruiz", email="bea@example.com")
    with business_scope(bakery):
        topic = add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)
    yes = {"rule": "all", "topic_id": str(topic.pk), "source": "Paper form", "said_on": "2026-01-05"}
    narrow = make_program(bakery, nora, Scope.IMPORTS_WRITE, Scope.IMPORTS_READ)
    for about, scope in ((yes, Scope.CONSENTS_WRITE), ({"known": "update"}, Scope.STAGES_WRITE)):
        for check_first in (True, False):
            assert send(narrow, check_first=check_first, **about).status_code == 403
        assert narrow.get("imports").json()["items"] == []
        assert send(make_program(bakery, nora, Scope.IMPORTS_WRITE, scope), **about).status_code == 202
        with business_scope(bakery):
            work_jobs(bakery.pk, now())
            assert ConsentState.objects.filter(contact__primary_email="bea@example.com", state="granted").exists()
            Import.objects.all().delete()


def test_sec_01_a_topic_of_another_business_is_not_there(till, bakery, garage):
    with business_scope(garage):
        topic = add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)
    yes = {"rule": "all", "topic_id": str(topic.pk), "source": "Paper form", "said_on": "2026-01-05"}
    assert send(till, **yes).status_code == 404
    with business_scope(bakery):
        assert Import.objects.count() == 0


def test_cards_come_in_by_one_call_and_need_no_mapping(till, bakery):
    cards = "BEGIN:VCARD\nVERSION:4.0\nFN:Bea Ruiz\nEMAIL:bea@example.com\nEND:VCARD\nBEGIN:VCARD\nFN:Cleo Marsh\n"
    made = till.post("imports/files", {"file": cards, "about": {"name": "Phone", "tags": ["Fair"]}})
    assert (made.status_code, made.json()["rows"]) == (202, 2), made.content
    work_jobs(bakery.pk, now())
    assert till.get("contacts?email=bea@example.com").json()["items"][0]["tags"] == ["Fair"]
    (problem,) = till.get(f"{made['Location']}/problems").json()["items"]
    assert (problem["line"], problem["code"], problem["row"][0]) == (3, "card_cut", "Cleo Marsh")
    refused = till.post("imports/files", {"file": "BEGIN:VCARD" + "\x00", "about": {}})
    assert (refused.status_code, refused.json()["code"]) == (400, "file_not_text")
