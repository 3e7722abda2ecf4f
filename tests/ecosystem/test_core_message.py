"""The core message: read by the whole team, written by those who may."""

import pytest
from django.test import Client
from django.urls import reverse

from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Business, BusinessProfile
from ecosystem.queries.businesses import get_profile

WORDS = {
    "core_message": "Slow bread for a fast town.",
    "core_unique": "Baked at 4am.",
    "core_audience": "People who eat.",
}


@pytest.fixture
def edit(bakery: Business) -> str:
    return reverse("ecosystem:core_message_edit", kwargs={"slug": bakery.slug})


@pytest.fixture
def read(bakery: Business) -> str:
    return reverse("ecosystem:core_message", kwargs={"slug": bakery.slug})


def profile_of(bakery: Business) -> BusinessProfile:
    with business_scope(bakery):
        return get_profile()


def test_the_owner_writes_it_and_the_team_reads_it(as_nora: Client, as_sam: Client, bakery: Business, edit, read):
    version = profile_of(bakery).version
    response = as_nora.post(edit, WORDS | {"core_message": " Slow  bread for a fast town. ", "version": version})
    assert (response.status_code, response.headers["Location"]) == (302, read)
    page = as_sam.get(read).content.decode()
    assert "Slow bread for a fast town." in page
    assert "Baked at 4am." in page
    assert "Write it anew" not in page
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="core_message_changed").count() == 1


def test_an_empty_sentence_is_refused_with_what_was_typed(as_nora: Client, bakery: Business, edit):
    response = as_nora.post(edit, WORDS | {"core_message": "", "version": profile_of(bakery).version})
    page = response.content.decode()
    assert response.status_code == 422
    assert "One thing to fix" in page
    assert "Baked at 4am." in page
    assert profile_of(bakery).core_unique == ""


def test_an_edit_made_on_an_old_page_changes_nothing(as_nora: Client, bakery: Business, edit):
    version = profile_of(bakery).version
    as_nora.post(edit, WORDS | {"version": version})
    response = as_nora.post(edit, WORDS | {"core_message": "Something else.", "version": version})
    assert response.status_code == 409
    assert "Somebody else changed this meanwhile" in response.content.decode()
    assert profile_of(bakery).core_message == "Slow bread for a fast town."


def test_staff_may_read_but_not_write(as_sam: Client, bakery: Business, edit, read):
    assert as_sam.get(read).status_code == 200
    assert as_sam.get(edit).status_code == 403
    assert as_sam.post(edit, WORDS | {"version": 1}).status_code == 403
    assert profile_of(bakery).core_message == ""


def test_gus_next_door_finds_neither(as_gus: Client, edit, read):
    assert [as_gus.get(path).status_code for path in (edit, read)] == [404, 404]
