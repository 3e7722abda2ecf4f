"""REL-28: a list of 200,000 rows comes in while people watch, can be stopped, and says which rows are to be mended.

Short with all other tests; `WHOLE=1` brings in all 200,000.
"""

import time

import pytest
from django.urls import reverse

from contacts.models import Contact, Import
from contacts.services.import_slices import work_import
from contacts.services.imports import cancel_import, map_import, permit_import, start_import, upload_import
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from tests.campaigns.sizes import size
from tests.contacts.test_imports import make_topic
from tests.contacts.test_imports_killed import list_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

ROWS = int(size(6_000, 200_000))
SLICE = int(size(1_500, 20_000))
MOST_SECONDS = size(120, 300)
MOST_PAGE_SECONDS = 2.0


def started(business):
    """The list, handed to the workers."""
    with business_scope(business):
        imported = upload_import(list_of(ROWS), file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="column", topic=make_topic(), source="Paper form", tags=["list"])
        return start_import(imported.id)


def test_rel_28_a_large_list_comes_in_with_progress_and_a_file_of_what_is_to_be_mended(as_nora, bakery):
    begun = time.monotonic()
    imported = started(bakery)
    detail = reverse("contacts:import_detail", kwargs={"slug": bakery.slug, "id": imported.id})
    shown, slowest, more = [], 0.0, True
    while more:
        more = work_import(bakery.id, imported.job_id, slice_rows=SLICE)
        asked = time.monotonic()
        page = as_nora.get(detail, headers={"HX-Request": "true"})
        slowest = max(slowest, time.monotonic() - asked)
        with business_scope(bakery):
            shown.append(Job.objects.get(id=imported.job_id).done)
        assert page.status_code == 200
    assert time.monotonic() - begun < MOST_SECONDS
    assert slowest < MOST_PAGE_SECONDS
    assert shown == sorted(shown)
    assert len(set(shown)) >= ROWS // SLICE
    assert shown[-1] == ROWS
    with business_scope(bakery):
        done = Import.objects.get(id=imported.id)
    mended = ROWS // 50 + (ROWS % 50 > 7)
    assert (done.state, done.problem_count) == ("done", mended)
    file = as_nora.get(reverse("contacts:import_problems", kwargs={"slug": bakery.slug, "id": imported.id}))
    assert len(b"".join(file.streaming_content).decode("utf-8-sig").splitlines()) == mended + 1


def test_rel_28_a_large_list_stops_after_its_slice(bakery):
    imported = started(bakery)
    assert work_import(bakery.id, imported.job_id, slice_rows=SLICE)
    with business_scope(bakery):
        came = Contact.objects.filter(source="import").count()
        cancel_import(imported.id)
    assert not work_import(bakery.id, imported.job_id, slice_rows=SLICE)
    with business_scope(bakery):
        assert Import.objects.get(id=imported.id).state == "cancelled"
        assert Contact.objects.filter(source="import").count() == came > 0
