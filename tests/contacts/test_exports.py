"""People taken out as a file: whole, plain for table programs, for whoever asked alone, and for some days."""

import csv
import io
from datetime import timedelta
from urllib.parse import urlsplit

import openpyxl
import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact, ContactPoint, ContactTag, ExportPiece, PeopleExport
from contacts.queries.people_filter import PeopleFilter
from contacts.services import exports
from contacts.services.consent import withdraw_consent
from contacts.services.exports import ask_for_people, work_expiry, work_export
from ecosystem.base import access
from ecosystem.base.access import Action, Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Job, Membership, User
from ecosystem.services.jobs import request_cancel
from tests.contacts.test_import_known import bring_in
from tests.contacts.test_imports import bring_in as bring_in_yes
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db


def write(business, format="csv", wanted=None, member=None):
    """A file, written to its end."""
    with business_scope(business):
        actor = member or Membership.objects.get(role="owner")
        export = ask_for_people(format, wanted or PeopleFilter(), actor=actor, total=0)
    while work_export(business.id, export.job_id):
        pass
    with business_scope(business):
        return PeopleExport.objects.get(pk=export.pk)


def address(business, export, token=""):
    """Where the file lies."""
    kwargs = {"slug": business.slug, "id": export.id, "token": token or export.token}
    return reverse("contacts:export_file", kwargs=kwargs)


def fetch(client, business, export):
    """What the file holds."""
    answer = client.get(address(business, export))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def lines(content):
    """The rows of a CSV file, each by the words of its first line."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_rel_35_a_file_of_n_people_has_n_rows(as_nora, bakery, garage, monkeypatch):
    monkeypatch.setattr(exports, "SLICE", 7)
    people = [make_contact(bakery, f"Pia {n}", email=f"p{n}@example.com") for n in range(23)]
    make_contact(garage, "Not Ours", email="not-ours@example.com")
    with business_scope(bakery):
        everyone = Contact.objects.filter(deleted_at=None).count()
    export = write(bakery)
    rows = lines(fetch(as_nora, bakery, export))
    assert len(rows) == everyone == export.row_count
    assert {str(person.pk) for person in people} <= {row["Id"] for row in rows}
    assert not any("ours" in row["Email"] for row in rows)
    with business_scope(bakery):
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
        assert actions[-2:] == ["people_exported", "people_export_fetched"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_sec_42_formulas_are_text_and_come_back_as_they_were(as_nora, bakery, garage, kind):
    with business_scope(bakery):
        Contact.objects.filter(source="staff").update(deleted_at=timezone.now())
    values = ["=HYPERLINK(1)", "+Plus", "-Minus", "@At", "'=Quoted"]
    for number, value in enumerate(values):
        contact = make_contact(bakery, "Ana Ruiz", email=f"p{number}@example.com", tags=["vip"], stage="client")
        with business_scope(bakery):
            ContactPoint.objects.create(
                contact=contact, kind="postal", value=f"{value}\nBath", value_norm=f"{value}, bath", is_primary=True
            )
            Contact.objects.filter(pk=contact.pk).update(given_name=value, display_name=f"{value} Ruiz")
    content = fetch(as_nora, bakery, write(bakery, kind))
    if kind == "xlsx":
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
        assert not any(cell.data_type == "f" for cell in cells)
        shown = [str(cell.value) for cell in cells if cell.value]
    else:
        shown = [cell for row in lines(content) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in shown)
    done = bring_in(garage, content)
    assert done.problem_count == 0
    with business_scope(garage):
        back = Contact.objects.filter(source="import", primary_email__startswith="p").order_by("primary_email")
        assert [person.given_name for person in back] == values
        assert {person.stage for person in back} == {"client"}
        points = ContactPoint.objects.filter(kind="postal", is_primary=True, contact__in=back)
        assert sorted(points.values_list("value", flat=True)) == sorted(f"{value}\nBath" for value in values)
        assert ContactTag.objects.filter(contact__in=back, tag__name="vip").count() == len(values)


def test_what_was_filtered_stands_in_the_file(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="client")
    make_contact(bakery, "Bo Lind", email="bo@example.com", stage="prospect")
    page = as_nora.get(reverse("contacts:export_list", kwargs={"slug": bakery.slug}) + "?stage=client")
    assert "Those whom the list showed" in page.content.decode()
    start = reverse("contacts:export_start", kwargs={"slug": bakery.slug})
    answer = as_nora.post(start, {"who": "these", "format": "csv", "stage": "client"})
    with business_scope(bakery):
        export = PeopleExport.objects.get()
    assert answer["Location"] == reverse("contacts:export_detail", kwargs={"slug": bakery.slug, "id": export.id})
    while work_export(bakery.id, export.job_id):
        pass
    assert [row["Name"] for row in lines(fetch(as_nora, bakery, export))] == ["Ana Ruiz"]
    for bad in ({"who": "these", "format": "pdf", "stage": "client"}, {"who": "all", "format": "csv", "stage": "zz"}):
        assert as_nora.post(start, bad).status_code in (302, 400, 422)
    with business_scope(bakery):
        assert PeopleExport.objects.count() == 1


def test_sec_25_a_file_is_asked_for_and_fetched_after_a_fresh_sign_in_only(as_nora, bakery):
    export = write(bakery)
    later = timezone.now() + timedelta(minutes=16)
    with time_machine.travel(later):
        start = reverse("contacts:export_start", kwargs={"slug": bakery.slug})
        for answer in (as_nora.post(start, {"who": "all", "format": "csv"}), as_nora.get(address(bakery, export))):
            assert answer.status_code == 302
            assert "reauthenticate" in answer["Location"]
    with business_scope(bakery):
        assert PeopleExport.objects.count() == 1


def test_sec_12_a_file_is_there_for_whoever_asked_and_for_nobody_else(as_nora, as_gus, as_sam, bakery, garage):
    export = write(bakery)
    assert len(export.token) == 43
    gus = reverse("contacts:export_file", kwargs={"slug": garage.slug, "id": export.id, "token": export.token})
    assert as_gus.get(gus).status_code == 404
    assert as_gus.get(address(bakery, export)).status_code == 404
    assert Client().get(address(bakery, export)).status_code == 404
    assert as_sam.get(address(bakery, export)).status_code == 403
    with business_scope(bakery):
        Membership.objects.filter(user=User.objects.get(email="sam@example.com")).update(role=Role.MANAGER)
    assert as_sam.get(address(bakery, export)).status_code == 404
    assert as_sam.get(address(bakery, export).rpartition("/file/")[0] + "/").status_code == 404
    assert as_nora.get(address(bakery, export, token="A" * 43)).status_code == 404
    path = urlsplit(address(bakery, export)).path
    for trick in ("../../etc/passwd", "..%2f..%2fetc", "%2e%2e/%2e%2e", "x%00", "%00", "..", "é"):
        tricked = f"{path.rpartition(export.token)[0]}{trick}/"
        assert as_nora.get(tricked).status_code == 404, trick


def test_sec_10_who_may_not_see_addresses_takes_none_out(as_nora, bakery, monkeypatch):
    make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0142")
    allowed = access.PERMISSIONS[Role.OWNER] - {Action.SEE_ADDRESSES}
    monkeypatch.setitem(access.PERMISSIONS, Role.OWNER, allowed)
    content = fetch(as_nora, bakery, write(bakery))
    assert b"ana@example.com" not in content
    assert b"555-0142" not in content
    assert "Email" not in lines(content)[0]


def yeses(client, business):
    """What each may be emailed about, as a new file tells it."""
    rows = lines(fetch(client, business, write(business)))
    return {row["Email"].lower().strip(): row["May be emailed about"] for row in rows}


def test_only_what_holds_is_told_as_a_yes(as_nora, bakery):
    bring_in_yes(bakery, rule="column")
    told = {
        row["Email"].lower().strip(): row["May be emailed about"]
        for row in lines(fetch(as_nora, bakery, write(bakery)))
    }
    assert told["ana@example.com"] == "News"
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        withdraw_consent(ana, channel="email", topic=None, source="unsubscribe")
    told = {
        row["Email"].lower().strip(): row["May be emailed about"]
        for row in lines(fetch(as_nora, bakery, write(bakery)))
    }
    assert told["ana@example.com"] == ""


def test_a_file_is_thrown_away_when_its_days_are_over(as_nora, bakery):
    export = write(bakery)
    with business_scope(bakery):
        assert ExportPiece.objects.filter(export=export).exists()
    assert work_expiry(bakery.id, timezone.now()) == export.expires_at
    with business_scope(bakery):
        assert ExportPiece.objects.filter(export=export).exists()
    assert work_expiry(bakery.id, export.expires_at) is None
    with business_scope(bakery):
        assert not ExportPiece.objects.exists()
        PeopleExport.objects.update(expires_at=timezone.now())
    assert as_nora.get(address(bakery, export)).status_code == 404
    detail = reverse("contacts:export_detail", kwargs={"slug": bakery.slug, "id": export.id})
    assert "Its days are over" in as_nora.get(detail).content.decode()


def test_a_stopped_file_leaves_nothing_and_a_broken_slice_is_done_again(as_nora, bakery, monkeypatch):
    monkeypatch.setattr(exports, "SLICE", 1)
    make_contact(bakery, "Ana Ruiz")
    with business_scope(bakery):
        export = ask_for_people("csv", PeopleFilter(), actor=Membership.objects.get(role="owner"), total=2)
    assert work_export(bakery.id, export.job_id)
    with business_scope(bakery):
        request_cancel(export.job_id)
    assert not work_export(bakery.id, export.job_id)
    with business_scope(bakery):
        assert not ExportPiece.objects.exists()
        assert Job.objects.get(id=export.job_id).cancel_requested_at is not None
    assert as_nora.get(address(bakery, export)).status_code == 404
