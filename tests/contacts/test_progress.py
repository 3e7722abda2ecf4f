"""Long work on a page: the count comes anew every second; what is said aloud stays in its place, and changes seldom."""

import pytest
from django.urls import reverse

from contacts.models import BulkEdit, PeopleExport
from contacts.queries.people_filter import PeopleFilter
from contacts.services.bulk import edit_matching
from contacts.services.exports import ask_for_people
from contacts.services.imports import start_import
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from tests.contacts.test_import_checks import permitted
from tests.contacts.test_imports_killed import list_of
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import membership_of

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LIVE = '<p class="vh" role="status" id="job-said"></p>'


@pytest.fixture(params=["import", "export", "bulk edit"])
def url(request, bakery, nora) -> str:
    """The page of long work that has just begun."""
    imported = permitted(bakery, list_of(30)) if request.param == "import" else None
    make_contact(bakery, "Ana Ruiz")
    with business_scope(bakery):
        if imported is not None:
            start_import(imported.id)
            name, made = "import_detail", imported
        elif request.param == "export":
            ask_for_people("csv", PeopleFilter(), actor=membership_of(bakery, nora), total=200)
            name, made = "export_detail", PeopleExport.objects.get()
        else:
            edit_matching("stage", "client", PeopleFilter(), actor=membership_of(bakery, nora), total=200)
            name, made = "bulk_edit_detail", BulkEdit.objects.get()
        Job.objects.update(total=200)
    return reverse(f"contacts:{name}", kwargs={"slug": bakery.slug, "id": made.pk})


def far(bakery, done: int) -> None:
    with business_scope(bakery):
        Job.objects.update(done=done, state="running")


def test_only_the_count_comes_anew_and_a_tenth_is_said_once(as_nora, bakery, url):
    page = as_nora.get(url).content.decode()
    assert page.count("job-said") == page.count(LIVE) == 1
    assert "aria-live" not in page.partition('id="progress"')[2].partition("</section>")[0]
    assert f'hx-get="{url}?said=0"' in page
    far(bakery, 19)
    part = as_nora.get(f"{url}?said=0", headers=HTMX)
    assert "HX-Retarget" not in part
    quiet = part.content.decode()
    assert "19 of 200" in quiet
    assert not any(word in quiet for word in ("job-said", "<button", "<form", "<h2", "<section"))
    far(bakery, 60)
    told = as_nora.get(f"{url}?said=0", headers=HTMX).content.decode()
    assert '<p id="job-said" hx-swap-oob="innerHTML">60 of 200</p>' in told
    assert f'hx-get="{url}?said=3"' in told
    assert "job-said" not in as_nora.get(f"{url}?said=3", headers=HTMX).content.decode()


def test_the_end_comes_whole_and_is_said(as_nora, bakery, url):
    with business_scope(bakery):
        Job.objects.update(state="failed", done=60)
    ended = as_nora.get(f"{url}?said=3", headers=HTMX)
    assert (ended["HX-Retarget"], ended["HX-Reswap"]) == ("#progress", "outerHTML")
    page = ended.content.decode()
    assert "hx-get" not in page
    assert page.count('<section class="card" id="progress"') == 1
    said = page.partition('<p id="job-said" hx-swap-oob="innerHTML">')[2].partition("</p>")[0].strip()
    assert said
    assert f'<h2 id="h-progress">{said}' in page
