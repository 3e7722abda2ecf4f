"""Everybody is looked at for pairs: the page asks each second, and what it says aloud stays in its place."""

import pytest
from django.urls import reverse

from contacts.models import DuplicateCandidate
from contacts.services.duplicates import search_duplicates, work_search
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.services.jobs import work_jobs
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
LIVE = '<p class="vh" role="status" id="job-said"></p>'


def test_while_everybody_is_looked_at_one_line_comes_anew_and_only_the_end_is_said(as_nora, bakery):
    make_contact(bakery, "Bo Lind")
    make_contact(bakery, "Lind Bo")
    url = reverse("contacts:duplicate_list", kwargs={"slug": bakery.slug})
    with business_scope(bakery):
        search_duplicates(actor=None)
    page = as_nora.get(url).content.decode()
    assert page.count("job-said") == page.count(LIVE) == 1
    assert page.index(LIVE) < page.index('id="pairs"')
    assert "aria-live" not in page.partition('id="pairs"')[2].partition("</main>")[0]
    part = as_nora.get(f"{url}?said=0", headers=HTMX)
    quiet = part.content.decode()
    assert "HX-Retarget" not in part
    assert "Looking at everybody" in quiet
    assert not any(word in quiet for word in ("job-said", 'id="pairs"', "aria-live", "<button", "<form"))
    work_jobs(bakery.pk, now())
    ended = as_nora.get(f"{url}?said=0", headers=HTMX)
    assert (ended["HX-Retarget"], ended["HX-Reswap"]) == ("#pairs", "outerHTML")
    told = ended.content.decode()
    assert '<p id="job-said" hx-swap-oob="innerHTML">Looked at everybody: 1 pair is alike.</p>' in told
    assert ("Bo Lind" in told, "hx-get" in told) == (True, False)


def test_each_way_to_be_alike_is_a_slice_that_is_shown_and_a_search_cut_short_ends_the_same(as_nora, bakery):
    ana, anna = sorted(
        (
            make_contact(bakery, "Ana Ruiz", phone="+12125550142"),
            make_contact(bakery, "Ruiz Ana", phone="+12125550142"),
        ),
        key=lambda one: one.pk,
    )
    url = reverse("contacts:duplicate_list", kwargs={"slug": bakery.slug})
    seen = []
    for _search in range(2):
        with business_scope(bakery):
            job = search_duplicates(actor=None)
        told = []
        while work_search(bakery.pk, job.pk):
            with business_scope(bakery):
                job.refresh_from_db()
            told.append((job.done, job.total))
            bar = as_nora.get(url, headers=HTMX).content.decode()
            assert f'value="{job.done}"' in bar
            assert f'max="{job.total}"' in bar
        assert told == [(1, 4), (2, 4), (3, 4)]
        # Asked once more after the last slice, as by a worker that died before it said so, it adds nothing.
        assert not work_search(bakery.pk, job.pk)
        work_jobs(bakery.pk, now())
        with business_scope(bakery):
            seen += DuplicateCandidate.objects.values_list("first_id", "second_id", "score", "reasons")
    assert seen == [(ana.pk, anna.pk, 100, ["same_phone", "same_name"])] * 2
