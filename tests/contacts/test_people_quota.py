"""REL-33: a business holds as many people as it may. Nobody who comes by themselves and no row of a list is lost."""

import pytest
from django.urls import reverse

from campaigns.queries.signups import confirm_url
from contacts.models import Contact, Import, ImportProblem
from contacts.queries.imports import get_import, preview_import
from contacts.services import import_slices
from contacts.services.contacts import delete_contact
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from contacts.services.proofs import people_counts_differ
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Agenda, AgendaNote, BusinessProfile, Notice
from ecosystem.queries.quotas import usage_of
from ecosystem.services.jobs import work_jobs
from ecosystem.services.quotas import QUEUE, QuotaFull, set_quotas, work_quotas
from tests.campaigns.test_limits import ask_from_threads
from tests.factories.api import make_program
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import make_member, make_user
from tests.factories.permission import join_url, make_form, make_topic, send_form, signups

pytestmark = pytest.mark.django_db

FULL = "People: 2 of 2. Take people off who are not there any more, or ask whoever runs this installation"
LIST = b"""First name,Email
Ada,ada@example.com
Bo,bo@example.com
Ada,ADA@example.com
Cy,cy@example.com
Di,di@@x
El,el@example.com
"""


def give(business, **figures: int | None) -> None:
    with business_scope(business):
        set_quotas(figures)


def names_of(business) -> list[str]:
    with business_scope(business):
        return sorted(Contact.objects.filter(deleted_at=None).values_list("display_name", flat=True))


def prepare(business, content: bytes = LIST, **said: object):
    with business_scope(business):
        imported = upload_import(content, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="none", **said)
    return imported


def bring_in(business, content: bytes = LIST, **said: object) -> Import:
    imported = prepare(business, content, **said)
    with business_scope(business):
        job_id = start_import(imported.id).job_id
    while work_import(business.pk, job_id):
        pass
    return fresh(business, imported)


def fresh(business, imported) -> Import:
    with business_scope(business):
        return Import.objects.select_related("job").get(pk=imported.pk)


def problems(business) -> list[tuple[int, str, list[str]]]:
    with business_scope(business):
        return list(ImportProblem.objects.order_by("line").values_list("line", "code", "row"))


@pytest.fixture
def full(bakery, ana):
    """The bakery, whose two places Nora and Ana have."""
    give(bakery, people=2)
    return bakery


def test_rel_22_a_call_that_found_no_room_is_judged_anew_once_there_is(full, nora):
    till, body = make_program(full, nora), {"given_name": "Ben"}
    refused = till.post("contacts", body, idempotency_key="order-1")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_people")
    assert till.post("contacts", body, idempotency_key="order-1").status_code == 409
    give(full, people=3)
    made = [till.post("contacts", body, idempotency_key="order-1") for _number in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    assert (made[1].content, made[1]["Idempotent-Replay"]) == (made[0].content, "true")
    assert names_of(full).count("Ben") == 1


# By hand


def test_rel_33_a_full_list_takes_nobody_more_and_the_form_keeps_what_was_typed(as_nora, full):
    url = reverse("contacts:contact_add", kwargs={"slug": full.slug})
    key = as_nora.get(url).context["form"]["key"].value()
    answer = as_nora.post(url, {"given_name": "Cleo", "email": "cleo@example.com", "key": key})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert FULL in page
    assert 'value="Cleo"' in page
    assert 'value="cleo@example.com"' in page
    assert names_of(full) == ["Ana Ruiz", "Nora Bell"]


def test_rel_33_a_place_that_becomes_free_can_be_taken(as_nora, full, ana, nora):
    with business_scope(full, nora):
        delete_contact(ana, actor=None, now=now())
    make_contact(full, "Cleo Marsh")
    answer = as_nora.post(reverse("contacts:contact_restore", kwargs={"slug": full.slug, "id": ana.pk}), follow=True)
    assert answer.status_code == 409
    assert FULL in answer.content.decode()
    assert names_of(full) == ["Cleo Marsh", "Nora Bell"]


def test_rel_33_the_garage_has_room_of_its_own(full, garage):
    make_contact(garage, "Cleo Marsh")
    assert names_of(garage) == ["Cleo Marsh", "Gus Hale"]


@pytest.mark.django_db(transaction=True)
def test_rel_33_of_many_who_want_the_last_places_at_once_no_more_than_these_get_them(bakery):
    give(bakery, people=4)

    def add() -> int:
        try:
            make_contact(bakery)
        except QuotaFull:
            return 0
        return 1

    assert sum(ask_from_threads(8, add)) == 3
    with business_scope(bakery):
        assert Contact.objects.filter(deleted_at=None).count() == usage_of("people").used == 4
        assert people_counts_differ() == []


# By programs


def test_rel_33_a_program_is_told_by_a_code_what_is_full(full, nora):
    till = make_program(full, nora)
    answer = till.post("contacts", {"given_name": "Cleo"})
    told = answer.json()
    assert answer.status_code == told["status"] == 409
    assert (told["code"], told["quota"], told["used"], told["limit"]) == ("quota_people", "people", 2, 2)
    assert told["title"].startswith(FULL)
    assert names_of(full) == ["Ana Ruiz", "Nora Bell"]


def test_rel_33_of_many_rows_those_with_room_are_taken_and_each_other_is_told(bakery, nora, ana):
    give(bakery, people=3)
    rows = [{"given_name": "Bo"}, {"given_name": "Cleo"}, {"id": str(ana.pk), "phone": "+1 202 555 0188"}]
    found = make_program(bakery, nora).post("contacts/batch", {"rows": rows}).json()["rows"]
    assert [row["outcome"] for row in found] == ["created", "refused", "updated"]
    assert found[1]["code"] == "quota_people"
    assert names_of(bakery) == ["Ana Ruiz", "Bo", "Nora Bell"]


def test_rel_33_a_program_cannot_bring_somebody_back_into_a_full_list(full, nora, ana):
    till = make_program(full, nora)
    assert till.delete(f"contacts/{ana.pk}").status_code == 204
    make_contact(full, "Cleo Marsh")
    assert till.post(f"contacts/{ana.pk}/restore", None).json()["code"] == "quota_people"


# By themselves


def test_rel_33_who_signs_up_where_the_list_is_full_is_taken_and_the_owner_is_told(client, full, nora):
    with business_scope(full):
        BusinessProfile.objects.update(sender_email="nora@example.com", postal_address="1 Mill Lane, Marlow Bend")
        topic = make_topic()
        url = join_url(full, make_form(topic))
    assert send_form(url, topic, email="cleo@example.com", given_name="Cleo").status_code == 302
    with business_scope(full):
        (signup,) = signups()
    assert client.post("/c/" + confirm_url(full.pk, signup.pk).rpartition("/")[2]).status_code == 200
    assert names_of(full) == ["Ana Ruiz", "Cleo", "Nora Bell"]
    assert is_to_be_looked_at(full)
    work_quotas(full.pk, now())
    with business_scope(full, nora):
        assert list(Notice.objects.values_list("kind", "about")) == [("quota_full", "People: 3 of 2")]


def test_rel_33_who_joins_the_team_is_taken_in_any_case(full):
    make_member(full, "staff", make_user("Sam Reed"))
    assert names_of(full) == ["Ana Ruiz", "Nora Bell", "Sam Reed"]
    assert is_to_be_looked_at(full)


def is_to_be_looked_at(business) -> bool:
    """Whether the workers will see to it that somebody is told."""
    noted = AgendaNote.objects.filter(agenda_business_id=business.pk, queue=QUEUE)
    return noted.exists() or Agenda.objects.filter(agenda_business_id=business.pk, queue=QUEUE).exists()


# Lists


def test_rel_33_of_a_list_as_many_come_in_as_fit_and_each_other_row_waits(bakery, ana):
    give(bakery, people=4)
    imported = bring_in(bakery)
    assert names_of(bakery) == ["Ada", "Ana Ruiz", "Bo", "Nora Bell"]
    counts = (imported.state, imported.added_count, imported.known_count, imported.problem_count)
    assert counts == ("done", 2, 0, 3)
    assert imported.roomless_count == 2
    assert imported.job.message == "There was no more room for 2 rows. They wait here until you bring them in."
    assert problems(bakery) == [
        (5, "no_room", ["Cy", "cy@example.com"]),
        (6, "email_invalid", ["Di", "di@@x"]),
        (7, "no_room", ["El", "el@example.com"]),
    ]
    with business_scope(bakery):
        assert people_counts_differ() == []


def test_rel_33_known_people_of_a_list_need_no_room(full, ana):
    imported = bring_in(full, b"First name,Email\nAna,ana@example.com\nBo,bo@example.com\n")
    assert (imported.added_count, imported.known_count, imported.roomless_count) == (0, 1, 1)


def test_rel_33_a_row_that_would_bring_somebody_back_needs_room_too(full, ana, nora):
    with business_scope(full, nora):
        delete_contact(ana, actor=None, now=now())
    make_contact(full, "Cleo Marsh")
    imported = bring_in(full, b"First name,Email\nAna,ana@example.com\nAnn,ANA@example.com\n")
    assert (imported.known_count, imported.roomless_count) == (0, 2)
    assert names_of(full) == ["Cleo Marsh", "Nora Bell"]


def test_rel_33_short_slices_near_the_limit_end_as_one_does(bakery, ana, monkeypatch):
    monkeypatch.setattr(import_slices, "SHORT_SLICE_ROWS", 1)
    give(bakery, people=4)
    assert bring_in(bakery).roomless_count == 2
    assert names_of(bakery) == ["Ada", "Ana Ruiz", "Bo", "Nora Bell"]


def test_rel_33_who_waits_comes_in_when_there_is_room_and_the_rest_waits_on(as_nora, bakery, ana):
    give(bakery, people=4)
    imported = bring_in(bakery)
    page = reverse("contacts:import_detail", kwargs={"slug": bakery.slug, "id": imported.pk})
    go_on = reverse("contacts:import_go_on", kwargs={"slug": bakery.slug, "id": imported.pk})
    assert "2 rows wait for room" in as_nora.get(page).content.decode()
    assert "People: 4 of 4." in as_nora.post(go_on, follow=True).content.decode()
    give(bakery, people=5)
    as_nora.post(go_on)
    while work_jobs(bakery.pk, now()):
        pass
    after = fresh(bakery, imported)
    assert (after.added_count, after.roomless_count, after.problem_count) == (3, 1, 2)
    assert "Cy" in names_of(bakery)
    assert [code for _line, code, _row in problems(bakery)] == ["email_invalid", "no_room"]
    give(bakery, people=0)
    as_nora.post(go_on)
    while work_jobs(bakery.pk, now()):
        pass
    after = fresh(bakery, imported)
    assert (after.added_count, after.roomless_count, after.problem_count) == (4, 0, 1)
    assert after.job.message == ""


def test_rel_33_a_program_reads_who_waits_and_has_them_brought_in(bakery, nora, ana):
    give(bakery, people=4)
    till, imported = make_program(bakery, nora), bring_in(bakery)
    assert till.get(f"imports/{imported.pk}").json()["without_room"] == 2
    refused = till.post(f"imports/{imported.pk}/go-on", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_people")
    give(bakery, people=50)
    assert till.post(f"imports/{imported.pk}/go-on", None).status_code == 202
    while work_jobs(bakery.pk, now()):
        pass
    assert till.get(f"imports/{imported.pk}").json()["without_room"] == 0
    assert names_of(bakery) == ["Ada", "Ana Ruiz", "Bo", "Cy", "El", "Nora Bell"]


def test_rel_33_a_row_that_is_mended_needs_room_and_is_not_lost_without(as_nora, bakery, ana):
    give(bakery, people=4)
    imported = bring_in(bakery)
    with business_scope(bakery):
        problem = ImportProblem.objects.get(code="email_invalid")
    url = reverse("contacts:problem_mend", kwargs={"slug": bakery.slug, "id": imported.pk, "problem_id": problem.pk})
    typed = {f"{problem.pk}-0": "Di", f"{problem.pk}-1": "di@example.com", f"{problem.pk}-version": "1"}
    answer = as_nora.post(url, typed)
    assert answer.status_code == 422
    assert "There was no more room for this person. The row itself is fine." in answer.content.decode()
    assert problems(bakery)[1] == (6, "no_room", ["Di", "di@example.com"])
    assert fresh(bakery, imported).roomless_count == 3
    give(bakery, people=5)
    assert as_nora.post(url, typed | {f"{problem.pk}-version": "2"}).status_code == 302
    after = fresh(bakery, imported)
    assert (after.roomless_count, after.problem_count, "Di" in names_of(bakery)) == (2, 2, True)


def test_rel_33_the_check_of_a_list_says_how_many_have_room(as_nora, bakery, ana):
    give(bakery, people=4)
    imported = prepare(bakery)
    with business_scope(bakery):
        assert preview_import(get_import(imported.pk)).room == 2
    page = as_nora.get(reverse("contacts:import_check", kwargs={"slug": bakery.slug, "id": imported.pk}))
    assert "There is room for 2 more people." in page.content.decode()
    give(bakery, people=50)
    page = as_nora.get(reverse("contacts:import_check", kwargs={"slug": bakery.slug, "id": imported.pk}))
    assert "There is room for" not in page.content.decode()


def test_rel_33_a_list_too_many_at_once_is_kept_and_started_when_another_is_in(as_nora, bakery, nora):
    give(bakery, imports=1)
    first, second = prepare(bakery), prepare(bakery)
    with business_scope(bakery):
        job_id = start_import(first.pk).job_id
    url = reverse("contacts:import_check", kwargs={"slug": bakery.slug, "id": second.pk})
    answer = as_nora.post(url)
    assert answer.status_code == 429
    assert "Lists coming in at once: 1 of 1. Start this one when another is in." in answer.content.decode()
    assert fresh(bakery, second).state == "permitted"
    told = make_program(bakery, nora).post("imports", {"name": "Fair", "rows": [{"full_name": "Bea Ruiz"}]})
    assert (told.status_code, told.json()["code"]) == (429, "quota_imports")
    while work_import(bakery.pk, job_id):
        pass
    assert as_nora.post(url).status_code == 302
    assert fresh(bakery, second).state == "running"


@pytest.mark.django_db(transaction=True)
def test_rel_33_of_many_lists_that_are_started_at_once_no_more_than_may_come_in(bakery):
    give(bakery, imports=2)
    lists = [prepare(bakery) for _number in range(5)]

    def start() -> int:
        try:
            with business_scope(bakery):
                start_import(lists.pop().pk)
        except QuotaFull:
            return 0
        return 1

    assert sum(ask_from_threads(5, start)) == 2
