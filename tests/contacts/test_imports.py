"""Lists that are brought in: by the pages, by the command, killed, doubled, and against a no."""

import json
import os
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import (
    Consent,
    ConsentState,
    Contact,
    ContactPoint,
    ContactStats,
    ContactTag,
    Import,
    ImportProblem,
    Interaction,
    Organization,
    StageChange,
    Topic,
)
from contacts.services.consent import withdraw_consent
from contacts.services.consent_states import rebuild_consent_states
from contacts.services.import_slices import work_import
from contacts.services.imports import cancel_import, map_import, permit_import, start_import, upload_import
from contacts.services.topics import add_topic
from ecosystem.acts import ACTS
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Job
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

LIST = b"""First name,Last name,Email,Phone,Company,Tags,Newsletter,Opt-in date
Ana,Ruiz,ANA@example.com,,Fold Coffee,vip,yes,2026-01-05
Bo,Lind,bo@example.com,(212) 555-0142,Fold Coffee,"vip;bread",yes,
Cy,Dahl,cy@@example,,,,,
Ana,Ruiz,ana@example.com ,,,,no,
Di,,,(212) 555-0143,,,,
Eve,,,,,,,
"""


def make_topic():
    """The one topic of the business that is entered."""
    return Topic.objects.first() or add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)


def bring_in(business, content=LIST, *, rule="none", tags=(), stage="suspect"):
    """Walk the four steps and do the work."""
    with business_scope(business):
        imported = upload_import(content, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        topic = make_topic() if rule != "none" else None
        permit_import(imported.id, rule=rule, topic=topic, source="Paper form", stage=stage, tags=list(tags))
        job_id = start_import(imported.id).job_id
    while work_import(business.id, job_id):
        pass
    with business_scope(business):
        return Import.objects.get(id=imported.id)


def test_sec_61_bringing_in_a_list_stands_in_the_audit_trail_with_its_size_and_no_name(bakery):
    bring_in(bakery)
    with business_scope(bakery):
        entry = AuditEntry.objects.get(action="import_started")
    assert (entry.object_kind, entry.details) == ("import", {"rows": 6})
    assert "brought in a list" in str(ACTS.get("import_started").sentence)


def counts(business):
    """How many rows of everything an import writes."""
    models = (Contact, ContactPoint, ContactTag, StageChange, Interaction, ContactStats, Organization, Consent)
    with business_scope(business):
        return {model.__name__: model.objects.count() for model in models}


def test_people_come_in_once_with_all_that_belongs_to_them(bakery):
    done = bring_in(bakery, rule="column", tags=["list"])
    assert (done.state, done.added_count, done.known_count, done.problem_count, done.permitted_count) == (
        "done",
        4,
        0,
        1,
        1,
    )
    assert bytes(done.content) == b""
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        assert (ana.display_name, ana.sort_name, ana.stage, ana.source) == ("Ana Ruiz", "ruiz ana", "suspect", "import")
        assert sorted(tag.tag.name for tag in ana.contact_tags.select_related("tag")) == ["list", "vip"]
        assert [state.state for state in ana.consent_states.all()] == ["granted"]
        assert ana.stage_changes.get().reason == "Brought in with people.csv"
        assert Organization.objects.get().affiliations.count() == 2
        problem = ImportProblem.objects.get()
        assert (problem.line, problem.code) == (4, "email_invalid")
        assert Job.objects.get().state == "done"


def test_what_the_ledger_says_rebuilds_to_what_the_import_kept(bakery):
    bring_in(bakery, rule="column")
    with business_scope(bakery):
        kept = list(ConsentState.objects.values_list("contact", "topic", "channel", "state", "consent"))
        rebuild_consent_states()
        assert list(ConsentState.objects.values_list("contact", "topic", "channel", "state", "consent")) == kept
        lines = Interaction.objects.filter(contact__source="import").values_list("kind", flat=True)
        assert sorted(lines) == ["consent_change", *["import"] * 4]
        assert not ContactStats.objects.exists()


def test_the_same_file_twice_adds_nobody_and_nothing(bakery):
    bring_in(bakery, rule="column")
    before = counts(bakery)
    again = bring_in(bakery, rule="column")
    assert (again.added_count, again.known_count, again.permitted_count) == (0, 4, 0)
    assert counts(bakery) == before


def test_a_known_person_is_found_by_their_address_and_kept_as_they_are(bakery):
    ana = make_contact(bakery, "Ana Known", email="ana@example.com", stage="client")
    bring_in(bakery, tags=["list"])
    with business_scope(bakery):
        ana.refresh_from_db()
        assert (ana.display_name, ana.stage) == ("Ana Known", "client")
        assert ana.contact_tags.filter(tag__name="list").exists()


def test_sec_59_an_import_never_lifts_a_no(bakery):
    with business_scope(bakery):
        topic = make_topic()
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com")
    with business_scope(bakery):
        withdraw_consent(ana, channel="email", topic=None, source="unsubscribe")
    done = bring_in(bakery, rule="column")
    assert done.permitted_count == 0
    with business_scope(bakery):
        assert not ConsentState.objects.filter(contact=ana, topic=topic, state="granted").exists()
        assert not Consent.objects.filter(contact=ana, act="imported").exists()


def test_a_newsletter_column_alone_is_no_permission(as_nora, bakery):
    with business_scope(bakery):
        topic = make_topic()
        imported = upload_import(b"Email,Newsletter\nana@example.com,yes\n", file_name="x.csv")
        map_import(imported.id, mapping=imported.mapping)
    url = reverse("contacts:import_permission", kwargs={"slug": bakery.slug, "id": imported.id})
    answer = as_nora.post(url, {"rule": "column", "topic": topic.id, "source": "", "said_on": "", "stage": "suspect"})
    assert answer.status_code == 422
    assert "A yes without a source is no permission." in answer.content.decode()
    answer = as_nora.post(url, {"rule": "column", "topic": topic.id, "source": "Till", "stage": "suspect"})
    assert answer.status_code == 422
    assert "When did they say yes?" in answer.content.decode()
    assert 'value="Till"' in answer.content.decode()
    with business_scope(bakery):
        assert Import.objects.get().state == "mapped"


def test_the_pages_walk_from_file_to_people(as_nora, bakery):
    upload = reverse("contacts:import_list", kwargs={"slug": bakery.slug})
    file = BytesIO(LIST)
    file.name = "people.csv"
    answer = as_nora.post(upload, {"file": file})
    assert answer.status_code == 302
    with business_scope(bakery):
        imported = Import.objects.get()
    kwargs = {"slug": bakery.slug, "id": imported.id}
    columns = reverse("contacts:import_columns", kwargs=kwargs)
    assert "Opt-in date" in as_nora.get(columns).content.decode()
    choices = {f"column_{index}": meaning for index, meaning in imported.mapping.items()}
    assert as_nora.post(columns, {**choices, "column_0": "email"}).status_code == 422
    assert as_nora.post(columns, choices).status_code == 302
    answer = as_nora.post(reverse("contacts:import_permission", kwargs=kwargs), {"rule": "none", "stage": "prospect"})
    assert answer.status_code == 302
    check = as_nora.get(reverse("contacts:import_check", kwargs=kwargs)).content.decode()
    assert "Something after the @" in check or "line" in check.lower()
    assert "Bring in 4 people" in check
    with business_scope(bakery):
        assert Contact.objects.filter(stage__isnull=False).count() == 0
    for _click in range(2):
        assert as_nora.post(reverse("contacts:import_check", kwargs=kwargs)).status_code == 302
    with business_scope(bakery):
        job = Job.objects.get()
    while work_import(bakery.id, job.id):
        pass
    detail = as_nora.get(reverse("contacts:import_detail", kwargs=kwargs)).content.decode()
    assert "They are in" in detail
    mend = as_nora.get(reverse("contacts:import_problems", kwargs=kwargs))
    lines = b"".join(mend.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("4,")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04", b'name\n"never ends'])
def test_a_broken_file_is_answered_with_a_sentence(as_nora, bakery, content):
    file = BytesIO(content or b"")
    file.name = "people.csv"
    answer = as_nora.post(reverse("contacts:import_list", kwargs={"slug": bakery.slug}), {"file": file})
    assert answer.status_code == 422
    with business_scope(bakery):
        assert Import.objects.count() == 0


def test_a_list_of_which_no_row_can_come_in_says_so(as_nora, bakery):
    with business_scope(bakery):
        imported = upload_import(b"Name,Email\nBroken,x@@y\n", file_name="x.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="none")
    page = as_nora.get(reverse("contacts:import_check", kwargs={"slug": bakery.slug, "id": imported.id}))
    assert "No row of this list can come in as it is." in page.content.decode()
    assert "Bring in" not in page.content.decode().split("No row of this list")[1].partition("<details")[0]


def test_sec_42_formulas_in_rows_to_mend_are_only_text(as_nora, bakery):
    done = bring_in(bakery, b'Name,Email\n"=HYPERLINK(1)",bad@@x\n')
    answer = as_nora.get(reverse("contacts:import_problems", kwargs={"slug": bakery.slug, "id": done.id}))
    assert "'=HYPERLINK(1)" in b"".join(answer.streaming_content).decode()


def test_sec_42_rows_to_mend_come_back_with_the_values_they_had(as_nora, bakery):
    done = bring_in(bakery, b"Name,Email,Phone,Tags\n=Ana,bad@@x,+1 212 555 0142,@vip\n")
    url = reverse("contacts:import_problems", kwargs={"slug": bakery.slug, "id": done.id})
    kept = b"".join(as_nora.get(url).streaming_content)
    assert b"'+1 212 555 0142" in kept
    assert bring_in(bakery, kept.replace(b"bad@@x", b"ana@example.com")).added_count == 1
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        assert (ana.display_name, ana.primary_phone) == ("=Ana", "+12125550142")
        assert ContactTag.objects.get(contact=ana).tag.name == "@vip"


def test_rel_35_a_streamed_file_holds_every_row(as_nora, bakery):
    rows = "".join(f"p{n},bad{n}@@x\n" for n in range(2500))
    done = bring_in(bakery, f"Name,Email\n{rows}".encode())
    answer = as_nora.get(reverse("contacts:import_problems", kwargs={"slug": bakery.slug, "id": done.id}))
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 2501


def test_a_slice_that_breaks_leaves_nothing_and_is_done_again(bakery):
    with business_scope(bakery):
        imported = upload_import(LIST, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="none")
        job_id = start_import(imported.id).job_id
    assert work_import(bakery.id, job_id, slice_rows=2)
    with business_scope(bakery):
        work_import(bakery.id, job_id, slice_rows=2)
        transaction.set_rollback(True)
    with business_scope(bakery):
        assert Job.objects.get().cursor == 2
    while work_import(bakery.id, job_id, slice_rows=2):
        pass
    with business_scope(bakery):
        done = Import.objects.get()
        assert (done.added_count, done.known_count, done.problem_count) == (4, 0, 1)


def test_a_cancelled_import_keeps_who_was_in_by_then(bakery):
    with business_scope(bakery):
        imported = upload_import(LIST, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="none")
        job_id = start_import(imported.id).job_id
    work_import(bakery.id, job_id, slice_rows=2)
    with business_scope(bakery):
        cancel_import(imported.id)
    assert not work_import(bakery.id, job_id, slice_rows=2)
    with business_scope(bakery):
        done = Import.objects.get()
        assert (done.state, done.added_count, bytes(done.content)) == ("cancelled", 2, b"")


def test_statements_do_not_grow_with_the_list(bakery):
    def statements(rows):
        content = "Name,Email\n" + "".join(f"P {n},p{rows}x{n}@example.com\n" for n in range(rows))
        with business_scope(bakery):
            imported = upload_import(content.encode(), file_name="people.csv")
            map_import(imported.id, mapping=imported.mapping)
            permit_import(imported.id, rule="none", tags=["list"])
            job_id = start_import(imported.id).job_id
        with CaptureQueriesContext(connection) as counted:
            work_import(bakery.id, job_id)
        return len(counted)

    assert statements(3) == statements(300)


def test_another_business_sees_nothing_of_it(as_gus, garage, bakery):
    done = bring_in(bakery)
    for name in ("import_detail", "import_columns", "import_permission", "import_check", "import_problems"):
        answer = as_gus.get(reverse(f"contacts:{name}", kwargs={"slug": garage.slug, "id": done.id}))
        assert answer.status_code == 404, name


def test_staff_may_not_bring_in_lists(as_sam, bakery):
    assert as_sam.get(reverse("contacts:import_list", kwargs={"slug": bakery.slug})).status_code == 403


def test_the_command_does_the_same(bakery, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(LIST)
    out = StringIO()
    call_command("import_contacts", str(path), business=bakery.slug, stdout=out)
    assert json.loads(out.getvalue()) == {
        "state": "done",
        "rows": 6,
        "added": 4,
        "known": 0,
        "problems": 1,
        "may_email": 0,
        "without_room": 0,
        "message": "",
    }
    with pytest.raises(CommandError, match="There is no business"):
        call_command("import_contacts", str(path), business="nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_contacts", os.fspath(tmp_path / "none.csv"), business=bakery.slug)
