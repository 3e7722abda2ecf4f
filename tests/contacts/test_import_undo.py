"""Taking a list back: what goes, what stays and why; and that a no is never lifted by it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import (
    Affiliation,
    Consent,
    ConsentState,
    Contact,
    ContactPoint,
    ContactTag,
    Import,
    ImportChange,
    ImportProblem,
    Organization,
    StageChange,
    Suppression,
)
from contacts.queries.import_reviews import may_be_undone
from contacts.queries.touched import rows_that_tell_of
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.import_problems import mend_problem
from contacts.services.import_undo import undo_import, work_undo
from contacts.services.interactions import log_talk
from contacts.services.notes import add_note
from ecosystem.base.errors import Conflict
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Membership
from tests.contacts.test_import_known import bring_in
from tests.contacts.test_imports import make_topic
from tests.contacts.test_merges import proven
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db

LIST = b"""First name,Last name,Email,Phone,Company,Stage,Tags,Newsletter,Opt-in date
Ana,Ruiz-Gil,ana@example.com,(212) 555-0142,Fold Coffee,client,vip,yes,2026-01-05
Bo,Lind,bo@example.com,,Fold Coffee,,vip,yes,2026-01-05
Cy,Dahl,cy@example.com,,,,,yes,2026-01-05
Di,Abel,di@@example,,,,,,
"""


def take_back(business, done, actor=None):
    """Undo to the end."""
    with business_scope(business):
        imported = undo_import(done.id, actor=actor, now=timezone.now())
    while work_undo(business.id, imported.job_id):
        pass
    with business_scope(business):
        return Import.objects.get(id=done.id)


def standing(business):
    """All that people of a business would see, but for ids and times."""
    with business_scope(business):
        return {
            "people": sorted(
                Contact.objects.filter(deleted_at=None).values_list(
                    "display_name", "given_name", "family_name", "sort_name", "primary_email", "primary_phone", "stage"
                )
            ),
            "points": sorted(
                ContactPoint.objects.filter(contact__deleted_at=None).values_list(
                    "contact", "kind", "value", "value_norm"
                )
            ),
            "tags": sorted(ContactTag.objects.filter(contact__deleted_at=None).values_list("contact", "tag__name")),
            "places": sorted(
                Affiliation.objects.filter(contact__deleted_at=None).values_list("contact", "organization")
            ),
            "firms": sorted(Organization.objects.filter(deleted_at=None).values_list("name")),
            "yeses": sorted(ConsentState.objects.filter(state="granted").values_list("contact", "topic")),
        }


@pytest.fixture
def ana(bakery):
    """Known before the list, and told otherwise of by it."""
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0100", stage="prospect")


def test_a_list_taken_back_leaves_everybody_as_before(bakery, ana):
    gone = make_contact(bakery, "Cy Dahl", email="cy@example.com")
    with business_scope(bakery):
        delete_contact(gone, actor=None, now=timezone.now())
    before = standing(bakery)
    done = bring_in(bakery, LIST, known="update", rule="column")
    assert standing(bakery) != before
    with business_scope(bakery):
        assert ConsentState.objects.filter(state="granted").count() == 3
        mend_problem(done.id, ImportProblem.objects.get().id, {2: "di@example.com"})
        assert Contact.objects.filter(deleted_at=None, primary_email="di@example.com").exists()
    proven(bakery)
    after = take_back(bakery, done)
    proven(bakery)
    assert standing(bakery) == before
    assert {name: after.undone.get(name) for name in ("removed", "restored", "kept", "yeses", "firms")} == {
        "removed": 2,
        "restored": 2,
        "kept": 0,
        "yeses": 3,
        "firms": 1,
    }
    with business_scope(bakery):
        moves = list(StageChange.objects.filter(contact=ana).order_by("id").values_list("from_stage", "to_stage"))
        assert moves[-2:] == [("prospect", "client"), ("client", "prospect")]
        assert AuditEntry.objects.filter(action="import_undone").count() == 1


def test_whoever_was_touched_since_stays_and_it_is_said_why(as_nora, bakery, ana):
    done = bring_in(bakery, LIST, known="update")
    with business_scope(bakery):
        actor = Membership.objects.order_by("id").first()
        bo = Contact.objects.get(primary_email="bo@example.com")
        cy = Contact.objects.get(primary_email="cy@example.com")
        add_note(bo, body="Wants rye.", actor=actor, now=timezone.now())
        Contact.objects.filter(pk=cy.pk).update(given_name="Cyrus", version=cy.version + 1)
        Contact.objects.filter(pk=ana.pk).update(display_name="Anna R.")
    after = take_back(bakery, done)
    assert (after.undone["removed"], after.undone["restored"], after.undone["kept"]) == (0, 0, 3)
    with business_scope(bakery):
        assert set(Contact.objects.filter(pk__in=[bo.pk, cy.pk, ana.pk], deleted_at=None)) == {bo, cy, ana}
        whys = dict(ImportChange.objects.filter(state="kept").values_list("contact_id", "why"))
        assert whys == {bo.pk: "lived", cy.pk: "edited", ana.pk: "edited"}
        ana.refresh_from_db()
        assert (ana.display_name, ana.primary_phone) == ("Anna R.", "+12125550142")
    page = as_nora.get(reverse("contacts:import_kept", kwargs={"slug": bakery.slug, "id": done.id})).content.decode()
    assert "Something happened between you since." in page
    assert "Somebody changed them since." in page


@pytest.mark.django_db(transaction=True)
def test_a_talk_since_keeps_somebody(bakery):
    done = bring_in(bakery, LIST)
    with business_scope(bakery):
        bo = Contact.objects.get(primary_email="bo@example.com")
        log_talk(bo, kind="call", actor=Membership.objects.order_by("id").first(), now=timezone.now(),
                 occurred_at=timezone.now())  # fmt: skip
    assert take_back(bakery, done).undone["kept"] == 1
    with business_scope(bakery):
        bo.refresh_from_db()
        assert bo.deleted_at is None


def test_sec_59_taking_back_writes_rows_and_lifts_no_stop(bakery, ana):
    done = bring_in(bakery, LIST, rule="column")
    with business_scope(bakery):
        bo = Contact.objects.get(primary_email="bo@example.com")
        withdraw_consent(bo, channel="email", topic=None, source="unsubscribe")
        rows = set(Consent.objects.values_list("id", "act", "source"))
        stops = list(Suppression.objects.order_by("id").values())
    take_back(bakery, done)
    with business_scope(bakery):
        now = set(Consent.objects.values_list("id", "act", "source"))
        assert rows < now
        assert {(act, source) for _pk, act, source in now - rows} == {("withdrawn", "import_undone")}
        assert list(Suppression.objects.order_by("id").values()) == stops
        assert not ConsentState.objects.filter(state="granted").exists()


def test_a_list_taken_back_was_no_word_of_the_person_and_may_come_again(bakery):
    done = bring_in(bakery, LIST, rule="column")
    take_back(bakery, done)
    again = bring_in(bakery, LIST, rule="column")
    assert again.permitted_count == 3
    with business_scope(bakery):
        bo = Contact.objects.get(primary_email="bo@example.com")
        assert bo.deleted_at is None
        assert bo.consent_states.get().state == "granted"
        topic = make_topic()
        withdraw_consent(bo, channel="email", topic=topic, source="unsubscribe")
    take_back(bakery, again)
    assert bring_in(bakery, LIST, rule="column").permitted_count == 2
    with business_scope(bakery):
        assert bo.consent_states.get().state == "withdrawn"


def test_it_can_be_taken_back_for_thirty_days(as_nora, bakery):
    done = bring_in(bakery, LIST)
    url = reverse("contacts:import_detail", kwargs={"slug": bakery.slug, "id": done.id})
    assert "Take this list back" in as_nora.get(url).content.decode()
    late = timezone.now() + timedelta(days=30, minutes=1)
    with business_scope(bakery), pytest.raises(Conflict, match="These are over"):
        undo_import(done.id, actor=None, now=late)
    with business_scope(bakery):
        assert not may_be_undone(Import.objects.get(id=done.id), now=late)


def test_rel_29_taking_back_in_small_slices_and_again_ends_the_same(bakery, ana, monkeypatch):
    before = standing(bakery)
    done = bring_in(bakery, LIST, known="update", rule="column")
    monkeypatch.setattr("contacts.services.import_undo.SLICE", 1)
    take_back(bakery, done)
    assert standing(bakery) == before
    with business_scope(bakery):
        job_id = Import.objects.get(id=done.id).job_id
    assert not work_undo(bakery.id, job_id)
    assert take_back(bakery, done).undone["removed"] == 2
    assert standing(bakery) == before


def test_every_table_that_tells_of_people_is_looked_at():
    tables = {table._meta.label for table, _name in rows_that_tell_of(Contact)}
    assert {"contacts.Note", "contacts.Interaction", "campaigns.Message", "campaigns.Enrollment"} <= tables
