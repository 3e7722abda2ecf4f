"""Lists that tell otherwise of people we know: left, taken over, or asked about. And rows mended on the page."""

from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import (
    ConsentState,
    Contact,
    ContactPoint,
    ContactTag,
    Import,
    ImportChange,
    ImportProblem,
    StageChange,
    Suppression,
)
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import details_of, edit_contact, hold_contact
from contacts.services.import_changes import work_answers
from contacts.services.import_problems import mend_problem
from contacts.services.import_slices import work_import
from contacts.services.import_undo import undo_import, work_undo
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.tenancy import business_scope
from tests.contacts.test_imports import make_topic
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

LIST = b"""First name,Last name,Email,Phone,Stage,Tags
Anna,Ruiz-Gil,ana@example.com,(212) 555-0142,client,vip
Bo,,bo@example.com,,suspect,
Cy,Dahl,cy@example.com,(212) 555-0143,,
"""


def bring_in(business, content=LIST, *, known="skip", rule="none", slice_rows=20_000):
    """Walk the four steps and do the work."""
    with business_scope(business):
        imported = upload_import(content, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        topic = make_topic() if rule != "none" else None
        permit_import(imported.id, rule=rule, topic=topic, source="Paper form", known=known)
        job_id = start_import(imported.id).job_id
    while work_import(business.id, job_id, slice_rows=slice_rows):
        pass
    with business_scope(business):
        return Import.objects.get(id=imported.id)


@pytest.fixture
def known(bakery):
    """Ana and Bo, whom the list tells otherwise of."""
    return (
        make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0100", stage="prospect"),
        make_contact(bakery, "Bo Lind", email="bo@example.com", stage="advocate"),
    )


def facts(business, contact):
    """What a list may tell otherwise."""
    with business_scope(business):
        contact.refresh_from_db()
        number = ContactPoint.objects.filter(contact=contact, kind="phone").values_list("value", "value_norm")
        return contact.display_name, contact.primary_phone, contact.stage, list(number)


def test_known_people_are_left_where_that_was_chosen(bakery, known):
    before = [facts(bakery, person) for person in known]
    done = bring_in(bakery)
    assert [facts(bakery, person) for person in known] == before
    assert (done.added_count, done.known_count, done.changed_count, done.asked_count) == (1, 2, 0, 0)


def test_who_is_known_is_counted_once_however_many_lines_tell_of_them(bakery, known):
    done = bring_in(bakery, LIST + b"Ana,R,ana@example.com,,,\nCy,Dahl,cy@example.com,,,\nCy,Dahl,cy@example.com,,,\n")
    assert (done.added_count, done.known_count) == (1, 2)


def test_whom_an_earlier_slice_of_the_list_brought_is_not_known_already(bakery):
    done = bring_in(
        bakery, b"First name,Email\nCy,cy@example.com\nDo,do@example.com\nCy,cy@example.com\n", slice_rows=1
    )
    assert (done.added_count, done.known_count) == (2, 0)


def test_the_lists_word_is_taken_but_nobody_moves_down_and_half_a_name_changes_nothing(bakery, known):
    done = bring_in(bakery, known="update")
    ana, bo = known
    assert facts(bakery, ana) == ("Anna Ruiz-Gil", "+12125550142", "client", [("(212) 555-0142", "+12125550142")])
    assert facts(bakery, bo) == ("Bo Lind", "", "advocate", [])
    assert (done.changed_count, done.asked_count) == (1, 0)
    with business_scope(bakery):
        move = StageChange.objects.filter(contact=ana).latest("id")
        assert (move.from_stage, move.to_stage, move.actor_kind) == ("prospect", "client", "import")
        assert ana.interactions.filter(kind="stage_change", object_id=move.pk).exists()
        assert not StageChange.objects.filter(contact=bo, actor_kind="import").exists()
        assert Contact.objects.get(primary_email="cy@example.com").stage == "suspect"


def postal_of(business, contact):
    """The postal addresses of somebody, the first one marked."""
    with business_scope(business):
        points = ContactPoint.objects.filter(contact=contact, kind="postal").order_by("-is_primary", "id")
        return [(one.value, one.value_norm, one.is_primary) for one in points]


ADDRESSES = b"""Email,Street,Town,State,ZIP
ana@example.com,12 Mill Lane,Marlow Bend,NY,10001
bo@example.com,,,,
"""
MILL_LANE = ("12 Mill Lane\nMarlow Bend, NY 10001", "12 mill lane, marlow bend, ny 10001", True)


@pytest.mark.parametrize("before", ["", "1 Quay", "12 MILL LANE\nMarlow Bend, NY 10001"])
def test_a_postal_address_is_taken_and_given_back(bakery, known, before):
    ana, bo = known
    with business_scope(bakery):
        held = hold_contact(ana.pk)
        edit_contact(
            held, replace(details_of(held), postal=before), version=held.version, actor=None, now=timezone.now()
        )
    was = postal_of(bakery, ana)
    assert bring_in(bakery, ADDRESSES).changed_count == 0
    assert postal_of(bakery, ana) == was
    done = bring_in(bakery, ADDRESSES, known="update")
    is_other = before != "12 MILL LANE\nMarlow Bend, NY 10001"
    assert done.changed_count == is_other
    assert (postal_of(bakery, ana), postal_of(bakery, bo)) == ([MILL_LANE] if is_other else was, [])
    with business_scope(bakery):
        imported = undo_import(done.id, actor=None, now=timezone.now())
    while work_undo(bakery.id, imported.job_id):
        pass
    assert postal_of(bakery, ana) == was


def test_a_postal_address_is_asked_about(as_nora, bakery, known):
    done = bring_in(bakery, ADDRESSES, known="ask")
    kwargs = {"slug": bakery.slug, "id": done.id}
    page = as_nora.get(reverse("contacts:import_differences", kwargs=kwargs)).content.decode()
    assert "12 Mill Lane, Marlow Bend, NY 10001" in page
    with business_scope(bakery):
        change = ImportChange.objects.get(imported=done)
    as_nora.post(reverse("contacts:differences_answer", kwargs=kwargs), {f"{change.pk}:postal": "theirs"})
    assert postal_of(bakery, known[0]) == [MILL_LANE]


def test_the_lists_word_is_taken_once(bakery, known):
    bring_in(bakery, known="update")
    again = bring_in(bakery, known="update")
    assert (again.added_count, again.changed_count) == (0, 0)


def test_sec_59_taking_the_lists_word_is_never_a_yes_over_a_no(bakery, known):
    ana, _bo = known
    with business_scope(bakery):
        topic = make_topic()
        withdraw_consent(ana, channel="email", topic=topic, source="unsubscribe")
    bring_in(bakery, b"Email,Phone,Newsletter,Opt-in date\nana@example.com,(212) 555-0142,yes,2026-01-05\n",
             known="update", rule="column")  # fmt: skip
    with business_scope(bakery):
        assert ConsentState.objects.filter(contact=ana).values_list("state", flat=True).get() == "withdrawn"
        assert Suppression.objects.filter(lifted_at=None, channel="email").count() == 1


def test_asked_about_nothing_changes_until_somebody_says_so(as_nora, bakery, known):
    done = bring_in(bakery, known="ask")
    ana, _bo = known
    assert facts(bakery, ana)[:3] == ("Ana Ruiz", "+12125550100", "prospect")
    assert (done.changed_count, done.asked_count) == (0, 1)
    kwargs = {"slug": bakery.slug, "id": done.id}
    page = as_nora.get(reverse("contacts:import_differences", kwargs=kwargs)).content.decode()
    for text in ("Ana Ruiz", "Anna Ruiz-Gil", "+12125550100", "+12125550142"):
        assert text in page
    with business_scope(bakery):
        change = ImportChange.objects.get(imported=done)
    chosen = {f"{change.pk}:name": "ours", f"{change.pk}:phone": "theirs", f"{change.pk}:stage": "theirs"}
    answer = reverse("contacts:differences_answer", kwargs=kwargs)
    assert as_nora.post(answer, chosen).status_code == 302
    assert facts(bakery, ana)[:3] == ("Ana Ruiz", "+12125550142", "client")
    assert as_nora.post(answer, chosen).status_code == 302
    with business_scope(bakery):
        change.refresh_from_db()
        assert (change.state, sorted(change.after)) == ("taken", ["phone", "stage"])
        assert Import.objects.get(id=done.id).asked_count == 0
    page = as_nora.get(reverse("contacts:import_differences", kwargs=kwargs)).content.decode()
    assert "Nothing is left to decide" in page


def test_an_answer_never_moves_somebody_down_who_rose_meanwhile(as_nora, bakery, known):
    done = bring_in(bakery, known="ask")
    ana, _bo = known
    with business_scope(bakery):
        Contact.objects.filter(pk=ana.pk).update(stage="advocate")
    as_nora.post(reverse("contacts:differences_answer", kwargs={"slug": bakery.slug, "id": done.id}), {"all": "theirs"})
    assert facts(bakery, ana)[:3] == ("Anna Ruiz-Gil", "+12125550142", "advocate")


@pytest.mark.parametrize(("answer", "shown"), [("theirs", "Nina New"), ("ours", "Old Name")])
def test_one_answer_for_very_many_is_given_in_the_background(as_nora, bakery, monkeypatch, answer, shown):
    monkeypatch.setattr("contacts.services.import_changes.MOST_AT_ONCE", 1)
    monkeypatch.setattr("contacts.services.import_changes.SLICE", 2)
    people = [make_contact(bakery, "Old Name", email=f"p{n}@example.com") for n in range(3)]
    rows = "".join(f"Nina,New,p{n}@example.com\n" for n in range(3))
    done = bring_in(bakery, f"First name,Last name,Email\n{rows}".encode(), known="ask")
    as_nora.post(reverse("contacts:differences_answer", kwargs={"slug": bakery.slug, "id": done.id}), {"all": answer})
    with business_scope(bakery):
        job_id = Import.objects.get(id=done.id).job_id
    assert job_id != done.job_id
    while work_answers(bakery.id, job_id):
        pass
    assert {facts(bakery, person)[0] for person in people} == {shown}


def test_the_page_says_what_changes_and_keeps_the_choice(as_nora, bakery):
    with business_scope(bakery):
        imported = upload_import(LIST, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
    url = reverse("contacts:import_permission", kwargs={"slug": bakery.slug, "id": imported.id})
    page = as_nora.get(url).content.decode()
    assert "first and last name, phone, postal address, and a rung that is higher" in page
    assert as_nora.post(url, {"rule": "none", "stage": "suspect", "known": "ask"}).status_code == 302
    with business_scope(bakery):
        assert Import.objects.get().known == "ask"


def problem_of(business, done):
    """The one row to mend."""
    with business_scope(business):
        return ImportProblem.objects.get(imported=done)


def test_a_row_is_mended_on_the_page_and_its_person_comes_in(as_nora, bakery):
    done = bring_in(bakery, b"Name,Email,Tags\nAna Ruiz,ana@@example,vip\nBo,bo@example.com,\n")
    problem = problem_of(bakery, done)
    kwargs = {"slug": bakery.slug, "id": done.id}
    page = as_nora.get(reverse("contacts:import_mend", kwargs=kwargs)).content.decode()
    assert 'value="ana@@example"' in page
    mend = reverse("contacts:problem_mend", kwargs={**kwargs, "problem_id": problem.id})
    cells = {f"{problem.id}-0": "Ana Ruiz", f"{problem.id}-1": "ana@@", f"{problem.id}-2": "vip"}
    seen = f"{problem.id}-version"
    assert f'name="{seen}" value="1"' in page
    answer = as_nora.post(mend, {**cells, seen: "1"})
    assert answer.status_code == 422
    assert 'value="ana@@"' in answer.content.decode()
    assert f'name="{seen}" value="2"' in answer.content.decode()
    answer = as_nora.post(mend, {**cells, f"{problem.id}-1": "ana@example.com", seen: "2"})
    assert answer.status_code == 302
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        assert (ana.display_name, ana.source) == ("Ana Ruiz", "import")
        assert ContactTag.objects.get(contact=ana).tag.name == "vip"
        done.refresh_from_db()
        assert (done.added_count, done.problem_count) == (2, 0)
    assert as_nora.post(mend, cells).status_code == 404
    assert "Nothing is left to mend" in as_nora.get(reverse("contacts:import_mend", kwargs=kwargs)).content.decode()


def test_a_row_is_left_out(as_nora, bakery):
    done = bring_in(bakery, b"Name,Email\nAna,ana@@example\n")
    problem_id = problem_of(bakery, done).id
    url = reverse("contacts:problem_leave", kwargs={"slug": bakery.slug, "id": done.id, "problem_id": problem_id})
    assert as_nora.post(url, {f"{problem_id}-version": "1"}).status_code == 302
    with business_scope(bakery):
        done.refresh_from_db()
        assert (ImportProblem.objects.count(), done.problem_count, Contact.objects.filter(source="import").count()) == (
            0,
            0,
            0,
        )


@pytest.mark.parametrize("old", ["1", "", "x", "²", "9" * 30])
@pytest.mark.parametrize("deed", ["problem_mend", "problem_leave"])
def test_rel_23_an_old_page_overwrites_no_row_that_somebody_else_wrote_into(as_nora, bakery, deed, old):
    done = bring_in(bakery, b"Name,Email,Tags\nAna,ana@@example,vip\n")
    problem = problem_of(bakery, done)
    url = reverse(f"contacts:{deed}", kwargs={"slug": bakery.slug, "id": done.id, "problem_id": problem.id})
    with business_scope(bakery):
        mend_problem(done.id, problem.id, {0: "Anna", 1: "anna@@", 2: ""})
    typed = {f"{problem.id}-{place}": cell for place, cell in enumerate(["Ana R", "ana@example.com", "vip"])}
    refused = as_nora.post(url, {**typed, f"{problem.id}-version": old})
    shown = refused.content.decode()
    assert refused.status_code == 409
    assert "Somebody else changed this row meanwhile, so nothing was done yet." in shown
    for cell in typed.values():
        assert f'value="{cell}"' in shown
    for theirs in ("“Anna” stands here", "“anna@@” stands here", "Meanwhile this is empty."):
        assert theirs in shown
    assert problem_of(bakery, done).row == ["Anna", "anna@@", ""]
    with business_scope(bakery):
        assert not Contact.objects.filter(primary_email="ana@example.com").exists()
    # The page knows by now what it puts its own in place of.
    assert f'name="{problem.id}-version" value="2"' in shown
    assert as_nora.post(url, {**typed, f"{problem.id}-version": "2"}).status_code == 302
    with business_scope(bakery):
        assert Contact.objects.filter(primary_email="ana@example.com").exists() == (deed == "problem_mend")
        assert not ImportProblem.objects.exists()


def test_another_business_mends_answers_and_takes_back_nothing(as_gus, garage, bakery, known):
    done = bring_in(bakery, LIST + b"Di,,di@@,,,\n", known="ask")
    kwargs = {"slug": garage.slug, "id": done.id}
    for name in ("import_mend", "import_differences", "import_kept"):
        assert as_gus.get(reverse(f"contacts:{name}", kwargs=kwargs)).status_code == 404, name
    for name in ("import_undo", "differences_answer"):
        assert as_gus.post(reverse(f"contacts:{name}", kwargs=kwargs), {"all": "theirs"}).status_code == 404, name
    problem = {**kwargs, "problem_id": problem_of(bakery, done).id}
    for name in ("problem_mend", "problem_leave"):
        assert as_gus.post(reverse(f"contacts:{name}", kwargs=problem)).status_code == 404, name
    assert facts(bakery, known[0])[0] == "Ana Ruiz"
