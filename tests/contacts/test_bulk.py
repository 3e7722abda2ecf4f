"""Changing many people at once, and taking it back."""

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import BulkEdit, Contact, ContactTag, Interaction, StageChange
from contacts.queries.people_filter import PeopleFilter
from contacts.services.bulk import MOST_AT_ONCE, edit_chosen, edit_matching, undo_edit, work_bulk
from contacts.services.contacts import delete_contact
from contacts.services.stages import change_stage
from contacts.services.tags import ensure_tags, tag_contact
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Job
from ecosystem.queries.tallies import tally
from ecosystem.services.jobs import end_job, request_cancel, work_jobs
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_business, make_member, make_person, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def people(bakery) -> list[Contact]:
    return [make_person(f"p{number}@example.com", f"P{number}", "suspect") for number in range(5)]


@pytest.fixture
def nora(bakery):
    return owner_of(bakery)


@pytest.fixture
def as_nora(client, nora):
    return sign_in(client, nora.user)


def ids(people) -> list[UUID]:
    return [person.pk for person in people]


def rye() -> str:
    return str(ensure_tags(["rye"])[0].pk)


def stages() -> list[str]:
    return list(Contact.objects.filter(stage__isnull=False).order_by("id").values_list("stage", flat=True))


def send(client, bakery, do: str, people=(), **values):
    url = reverse("contacts:bulk_edit", args=[bakery.slug])
    return client.post(url, {"do": do, "person": [str(one.pk) for one in people], **values}, follow=True)


def run_jobs(bakery) -> None:
    while work_jobs(bakery.id, now()):
        pass


def test_a_tag_goes_on_those_without_it_and_comes_off_those_alone(people, nora):
    tag_contact(people[0], ["rye"])
    edit = edit_chosen("tag", rye(), ids(people), actor=nora, now=now())
    assert (edit.changed_count, ContactTag.objects.count()) == (4, 5)
    assert undo_edit(edit, actor=nora, now=now()).undone_count == 4
    assert list(ContactTag.objects.values_list("contact_id", flat=True)) == [people[0].pk]
    assert undo_edit(edit, actor=nora, now=now()).undone_count == 4
    assert ContactTag.objects.count() == 1


def test_a_tag_taken_off_is_put_back_on_those_who_had_it(people, nora):
    for person in people[:2]:
        tag_contact(person, ["rye"])
    edit = edit_chosen("untag", rye(), ids(people), actor=nora, now=now())
    assert (edit.changed_count, ContactTag.objects.count()) == (2, 0)
    undo_edit(edit, actor=nora, now=now())
    assert set(ContactTag.objects.values_list("contact_id", flat=True)) == set(ids(people[:2]))


def test_who_has_twenty_tags_gets_no_more(people, nora):
    tag_contact(people[0], [f"t{number}" for number in range(20)])
    assert edit_chosen("tag", rye(), ids(people[:2]), actor=nora, now=now()).changed_count == 1


def test_looked_after_by_others_before_is_looked_after_by_them_again(bakery, people, nora):
    sam = make_member(bakery)
    Contact.objects.filter(pk=people[0].pk).update(owner=sam)
    edit = edit_chosen("owner", str(nora.pk), ids(people), actor=nora, now=now())
    assert edit.changed_count == 5
    Contact.objects.filter(pk=people[1].pk).update(owner=sam)
    assert undo_edit(edit, actor=nora, now=now()).undone_count == 4
    owners = dict(Contact.objects.filter(pk__in=ids(people)).values_list("pk", "owner_id"))
    assert [owners[one] for one in ids(people)] == [sam.pk, sam.pk, None, None, None]


def test_a_move_is_told_counted_and_taken_back_where_nobody_moved_on(people, nora):
    change_stage(people[0], "client", actor=nora, reason="asked", now=now())
    edit = edit_chosen("stage", "client", ids(people), actor=nora, now=now())
    assert edit.changed_count == 4
    assert stages() == ["client"] * 5
    assert [tally("people_by_stage", stage) for stage in ("suspect", "client")] == [0, 5]
    assert Interaction.objects.filter(kind="stage_change", params__to="client").count() == 5
    since = Contact.objects.get(pk=people[1].pk).stage_since
    change_stage(people[4], "advocate", actor=nora, reason="asked", now=now())
    assert undo_edit(edit, actor=nora, now=now()).undone_count == 3
    assert stages() == ["client", "suspect", "suspect", "suspect", "advocate"]
    first = StageChange.objects.filter(contact=people[1], to_stage="suspect", undoes_id=None).get()
    assert Contact.objects.get(pk=people[1].pk).stage_since == first.occurred_at
    assert first.occurred_at < since


def test_many_take_as_many_statements_as_a_few(people, nora):
    def cost(act: str, value: str, chosen) -> int:
        with CaptureQueriesContext(connection) as asked:
            edit_chosen(act, value, ids(chosen), actor=nora, now=now())
        return len(asked)

    more = [make_person(f"q{number}@example.com", f"Q{number}", "suspect") for number in range(12)]
    for act, value in (("tag", rye()), ("owner", str(nora.pk)), ("stage", "client")):
        assert cost(act, value, people[:2]) == cost(act, value, more), act


@pytest.mark.parametrize(
    ("act", "value", "count", "words"),
    [
        ("stage", "client", 0, "Choose somebody first."),
        ("stage", "client", MOST_AT_ONCE + 1, "at most 200"),
        ("stage", "king", 1, "Choose a rung"),
        ("stage", "online_user", 1, "Choose a rung"),
        ("dance", "", 1, "Choose what to do"),
    ],
)
def test_what_makes_no_sense_is_said(bakery, nora, act, value, count, words):
    with pytest.raises(Invalid, match=words):
        edit_chosen(act, value, [uuid7() for _ in range(count)], actor=nora, now=now())
    assert not BulkEdit.objects.exists()


def test_all_who_match_are_changed_as_a_job_and_taken_back_as_one(bakery, people, nora, monkeypatch):
    monkeypatch.setattr("contacts.services.bulk.SLICE", 2)
    monkeypatch.setattr("contacts.services.bulk.MOST_AT_ONCE", 3)
    delete_contact(people[3], actor=nora, now=now())
    with business_scope(bakery):
        edit = edit_matching("stage", "client", PeopleFilter(kind="suspect"), actor=nora, total=4)
        late = make_person("late@example.com", "Late", "suspect")
    run_jobs(bakery)
    edit.refresh_from_db()
    assert (edit.changed_count, edit.job.state, edit.job.done) == (4, "done", 4)
    assert Contact.objects.get(pk=late.pk).stage == "suspect"
    assert Contact.objects.get(pk=people[3].pk).stage == "suspect"
    undo_edit(edit, actor=nora, now=now())
    run_jobs(bakery)
    edit.refresh_from_db()
    assert edit.undone_count == 4
    assert stages() == ["suspect"] * 6


def test_a_slice_that_is_done_twice_changes_nobody_twice(bakery, people, nora):
    edit = edit_matching("tag", rye(), PeopleFilter(), actor=nora, total=6)
    assert work_bulk(bakery.id, edit.job_id) is True
    BulkEdit.objects.filter(pk=edit.pk).update(below_id=edit.below_id)
    assert work_bulk(bakery.id, edit.job_id) is True
    edit.refresh_from_db()
    assert edit.changed_count == ContactTag.objects.count()


def test_a_job_that_is_stopped_changes_nobody_more(bakery, people, nora):
    edit = edit_matching("stage", "client", PeopleFilter(kind="suspect"), actor=nora, total=5)
    request_cancel(edit.job_id)
    run_jobs(bakery)
    assert Job.objects.get(pk=edit.job_id).state == "cancelled"
    assert stages() == ["suspect"] * 5


def test_names_that_begin_so_are_changed_at_once_or_not_at_all(people, nora, monkeypatch):
    edit = edit_matching("stage", "client", PeopleFilter(begins="p1"), actor=nora, total=0)
    assert (edit.job_id, edit.changed_count) == (None, 1)
    monkeypatch.setattr("contacts.services.bulk.MOST_AT_ONCE", 2)
    with pytest.raises(Invalid, match="at most 2"):
        edit_matching("stage", "client", PeopleFilter(begins="p"), actor=nora, total=0)


def test_the_page_ticks_acts_and_takes_back(as_nora, bakery, people):
    listed = as_nora.get(reverse("contacts:contact_list", args=[bakery.slug])).content.decode()
    assert listed.count('name="person"') == Contact.objects.count()
    done = send(as_nora, bakery, "stage:client", people[:2])
    assert "Changed 2 people." in done.content.decode()
    undo = reverse("contacts:bulk_edit_undo", args=[bakery.slug, BulkEdit.objects.get().pk])
    assert undo in done.content.decode()
    assert "Taken back." in as_nora.post(undo, follow=True).content.decode()
    assert stages() == ["suspect"] * 5
    assert set(AuditEntry.objects.filter(action__startswith="bulk").values_list("action", flat=True)) == {
        "bulk_stage",
        "bulk_undone",
    }


def test_the_page_says_what_is_wrong_and_changes_nothing(as_nora, bakery, people):
    for do, values, words in (
        ("tag", {"word": " "}, "Write the word"),
        ("owner:nobody", {}, "Choose what to do"),
        (f"owner:{uuid7()}", {}, "nobody like that in your team"),
        ("", {}, "Choose what to do"),
        ("stage:client", {"all": "1", "kind": "king"}, "The filter was not understood."),
    ):
        assert words in send(as_nora, bakery, do, people, **values).content.decode()
    assert "Choose somebody first." in send(as_nora, bakery, "stage:client").content.decode()
    assert "They stood so already." in send(as_nora, bakery, "stage:suspect", people).content.decode()


def test_all_who_match_leads_to_the_progress(as_nora, bakery, people):
    page = send(as_nora, bakery, "tag", all="1", kind="suspect", word="rye")
    assert "0 of 5 people" in page.content.decode()
    run_jobs(bakery)
    page = as_nora.get(reverse("contacts:bulk_edit_detail", args=[bakery.slug, BulkEdit.objects.get().pk]))
    assert "Take it all back" in page.content.decode()
    assert ContactTag.objects.count() == 5


def test_helpers_see_no_boxes_and_may_not_change_anybody(client, bakery, people):
    sign_in(client, make_member(bakery, "helper").user)
    assert 'name="person"' not in client.get(reverse("contacts:contact_list", args=[bakery.slug])).content.decode()
    assert send(client, bakery, "stage:client", people).status_code == 403
    assert stages() == ["suspect"] * 5


@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_a_taking_back_that_was_cut_short_goes_on_where_it_was(as_nora, bakery, people, nora, monkeypatch, how):
    monkeypatch.setattr("contacts.services.bulk.SLICE", 2)
    monkeypatch.setattr("contacts.services.bulk.MOST_AT_ONCE", 3)
    edit = edit_matching("stage", "client", PeopleFilter(kind="suspect"), actor=nora, total=5)
    run_jobs(bakery)
    edit.refresh_from_db()
    edit = undo_edit(edit, actor=nora, now=now())
    assert work_bulk(bakery.id, edit.job_id) is True
    if how == "stopped":
        request_cancel(edit.job_id)
        run_jobs(bakery)
    else:
        end_job(edit.job_id, state="failed", message="Something broke.")
    assert stages() == ["client"] * 3 + ["suspect"] * 2
    page = reverse("contacts:bulk_edit_detail", args=[bakery.slug, edit.pk])
    assert "Go on taking it back" in as_nora.get(page).content.decode()
    going_on = as_nora.post(reverse("contacts:bulk_edit_undo", args=[bakery.slug, edit.pk]), follow=True)
    assert "0 of 3 people" in going_on.content.decode()
    run_jobs(bakery)
    assert stages() == ["suspect"] * 5
    edit.refresh_from_db()
    assert edit.undone_count == 5
    assert "Go on taking it back" not in as_nora.get(page).content.decode()
    jobs = Job.objects.count()
    undo_edit(edit, actor=nora, now=now())
    assert Job.objects.count() == jobs


def test_a_change_that_was_stopped_is_no_taking_back_to_go_on_with(bakery, people, nora, monkeypatch):
    monkeypatch.setattr("contacts.services.bulk.SLICE", 2)
    edit = edit_matching("stage", "client", PeopleFilter(kind="suspect"), actor=nora, total=5)
    work_bulk(bakery.id, edit.job_id)
    request_cancel(edit.job_id)
    run_jobs(bakery)
    edit.refresh_from_db()
    assert undo_edit(edit, actor=nora, now=now()).undone_count == 2
    edit.refresh_from_db()
    assert not edit.is_undo_cut_short
    undo_edit(edit, actor=nora, now=now())
    assert (Job.objects.count(), stages()) == (1, ["suspect"] * 5)
