"""REL-33: files that are kept for a business have so much room; their bytes are counted while they come and go."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from contacts.models import ExportPiece, Import, PeopleExport
from contacts.queries.people_filter import PeopleFilter
from contacts.services import exports
from contacts.services.exports import ask_for_people, work_expiry, work_export
from contacts.services.imports import cancel_import, upload_import
from contacts.services.proofs import kept_bytes_differ
from ecosystem.base.tenancy import business_scope
from ecosystem.models import BrandImage, Business, Job, Membership
from ecosystem.queries.quotas import usage_of
from ecosystem.queries.tallies import tallies
from ecosystem.services.brand import keep_image
from ecosystem.services.quotas import QuotaFull
from tests.contacts.test_people_quota import bring_in, give
from tests.factories.api import make_program
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

LIST = b"First name,Email\n" + b"".join(b"Ada %d,ada%d@example.com\n" % (n, n) for n in range(40_000))
SMALL = b"First name,Email\nAda,ada@example.com\n"


def kept(business: Business) -> dict[str, int]:
    with business_scope(business):
        assert kept_bytes_differ() == []
        return {key: amount for (_name, key), amount in tallies(["bytes_kept"]).items() if amount}


def picture() -> bytes:
    out = BytesIO()
    Image.effect_noise((300, 300), 90).save(out, format="PNG")
    return out.getvalue()


def test_rel_33_the_bytes_of_files_are_counted_while_they_come_and_go(bakery, garage):
    with business_scope(bakery):
        imported = upload_import(SMALL, file_name="people.csv")
    assert kept(bakery) == {"imports": len(SMALL)}
    assert kept(garage) == {}
    with business_scope(bakery):
        cancel_import(imported.pk)
    assert kept(bakery) == {}
    bring_in(bakery, SMALL)
    assert kept(bakery) == {}
    with business_scope(bakery):
        keep_image(picture())
        size = len(BrandImage.objects.get().content)
        assert usage_of("storage").used == size
    assert kept(bakery) == {"pictures": size}
    with business_scope(bakery):
        BrandImage.objects.all().delete()
    assert kept(bakery) == {}


def test_rel_33_a_file_that_was_taken_out_counts_until_it_is_thrown_away(bakery):
    with business_scope(bakery):
        export = ask_for_people("csv", PeopleFilter(), actor=Membership.objects.get(), total=1)
    while work_export(bakery.pk, export.job_id):
        pass
    with business_scope(bakery):
        size = sum(len(piece.content) for piece in ExportPiece.objects.all())
    assert kept(bakery) == {"exports": size}
    with business_scope(bakery):
        PeopleExport.objects.update(expires_at=timezone.now())
    work_expiry(bakery.pk, timezone.now())
    assert kept(bakery) == {}


def test_rel_33_a_list_without_room_is_refused_before_anything_is_kept(as_nora, bakery):
    give(bakery, storage=1)
    url = reverse("contacts:import_list", kwargs={"slug": bakery.slug})
    answer = as_nora.post(url, {"file": SimpleUploadedFile("people.csv", LIST)})
    assert answer.status_code == 422
    (sentence,) = answer.context["form"].errors["file"]
    assert sentence.startswith("Room for files: 0 MB of 1 MB, and this needs 1.")
    assert "Files that were taken out go by themselves after three days" in answer.content.decode()
    with business_scope(bakery):
        assert not Import.objects.exists()
    assert kept(bakery) == {}
    give(bakery, storage=2)
    assert as_nora.post(url, {"file": SimpleUploadedFile("people.csv", LIST)}).status_code == 302


def fill(business: Business) -> None:
    """Leave no room at all."""
    with business_scope(business):
        upload_import(LIST, file_name="people.csv")
    give(business, storage=1)


def test_rel_33_where_there_is_no_room_no_file_is_taken_out_and_no_picture_is_kept(bakery):
    fill(bakery)
    before = kept(bakery)
    with business_scope(bakery):
        member = Membership.objects.get()
        with pytest.raises(QuotaFull, match="Room for files"):
            ask_for_people("csv", PeopleFilter(), actor=member, total=1)
        with pytest.raises(QuotaFull) as full:
            keep_image(picture())
    assert full.value.field == "mark"
    assert kept(bakery) == before


def test_rel_33_a_program_is_told_by_a_code_that_there_is_no_room_for_its_list(bakery, nora):
    fill(bakery)
    told = make_program(bakery, nora).post("imports", {"name": "Fair", "rows": [{"full_name": "Bea Ruiz"}]})
    assert (told.status_code, told.json()["code"]) == (409, "quota_storage")
    with business_scope(bakery):
        assert Import.objects.count() == 1


def test_rel_33_a_file_that_finds_no_more_room_while_it_is_written_says_so_and_leaves_nothing(bakery, monkeypatch):
    monkeypatch.setattr(exports, "SLICE", 1)
    make_contact(bakery)
    with business_scope(bakery):
        export = ask_for_people("csv", PeopleFilter(), actor=Membership.objects.get(), total=2)
    assert work_export(bakery.pk, export.job_id)
    fill(bakery)
    work_export(bakery.pk, export.job_id)
    with business_scope(bakery):
        job = Job.objects.get(pk=export.job_id)
    assert (job.state, job.message.startswith("Room for files: ")) == ("failed", True)
    assert kept(bakery).keys() == {"imports"}
