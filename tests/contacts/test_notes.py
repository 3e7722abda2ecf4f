"""Notes of the team: written anew, taken away, brought back; and the shelves of a timeline."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from contacts.models import Interaction, Note
from contacts.services.notes import add_note, work_purge
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.contacts import make_contact, make_talk


def url(name, business, contact, note=None):
    kwargs = {"slug": business.slug, "id": contact.pk}
    if note is not None:
        kwargs["note_id"] = note.pk
    return reverse(f"contacts:{name}", kwargs=kwargs)


def make_note(business, contact, body="Allergic to nuts", who=None):
    with business_scope(business):
        actor = Membership.objects.get(user=who) if who else None
        return add_note(contact, body=body, actor=actor, now=now())


def body_of(business, note):
    with business_scope(business):
        return Note.objects.get(pk=note.pk).body


def page_of(client, business, contact, **asked):
    return client.get(url("contact_detail", business, contact), asked).content.decode()


def test_a_note_is_written_anew_and_the_page_says_so(as_nora, sam, bakery, ana):
    note = make_note(bakery, ana, who=sam)
    saved = as_nora.post(url("note_edit", bakery, ana, note), {"body": "Allergic to walnuts", "version": 1})
    assert saved.status_code == 302
    page = page_of(as_nora, bakery, ana)
    assert "Allergic to walnuts" in page
    assert "Allergic to nuts" not in page
    assert "Written anew since" in page


def test_what_another_wrote_meanwhile_is_shown_and_what_was_typed_stays(as_nora, as_sam, bakery, ana):
    note = make_note(bakery, ana)
    as_sam.post(url("note_edit", bakery, ana, note), {"body": "Words of Sam", "version": 1})
    refused = as_nora.post(url("note_edit", bakery, ana, note), {"body": "Words of Nora", "version": 1})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Meanwhile somebody wrote here: “Words of Sam”. Save again to put yours in its place." in page
    assert "Words of Nora</textarea>" in page
    assert body_of(bakery, note) == "Words of Sam"
    version = re.search(r'name="version" value="(\d+)"', page).group(1)
    as_nora.post(url("note_edit", bakery, ana, note), {"body": "Words of Nora", "version": version})
    assert body_of(bakery, note) == "Words of Nora"


def test_a_note_is_taken_away_and_brought_back(as_nora, bakery, ana):
    note = make_note(bakery, ana)
    page = as_nora.post(url("note_delete", bakery, ana, note), follow=True).content.decode()
    assert "The note is taken away." in page
    assert "Allergic to nuts" not in page
    assert "wrote a note" not in page
    assert as_nora.get(url("note_edit", bakery, ana, note)).status_code == 404
    undo = re.search(r'action="([^"]+/restore/)"', page).group(1)
    assert "Allergic to nuts" in as_nora.post(undo, follow=True).content.decode()


def test_what_is_typed_into_a_note_that_is_gone_is_not_lost(as_nora, bakery, ana):
    note = make_note(bakery, ana)
    as_nora.post(url("note_delete", bakery, ana, note))
    refused = as_nora.post(url("note_edit", bakery, ana, note), {"body": "Long thought", "version": 1})
    assert refused.status_code == 422
    assert "Somebody took this note away meanwhile." in refused.content.decode()
    assert "Long thought</textarea>" in refused.content.decode()


def test_an_empty_note_is_refused_and_nothing_changes(as_nora, bakery, ana):
    note = make_note(bakery, ana)
    refused = as_nora.post(url("note_edit", bakery, ana, note), {"body": "  ", "version": 1})
    assert refused.status_code == 422
    assert "Write a word or two first." in refused.content.decode()
    assert body_of(bakery, note) == "Allergic to nuts"


def test_a_helper_changes_own_notes_only_and_an_adviser_none(as_helper, as_adviser, sam, bakery, ana):
    theirs = make_note(bakery, ana, "By Sam", who=sam)
    with business_scope(bakery):
        own = add_note(ana, body="By Max", actor=Membership.objects.get(role="helper"), now=now())
    page = page_of(as_helper, bakery, ana)
    assert url("note_edit", bakery, ana, own) in page
    assert url("note_edit", bakery, ana, theirs) not in page
    assert as_helper.post(url("note_delete", bakery, ana, theirs)).status_code == 403
    assert as_helper.post(url("note_edit", bakery, ana, theirs), {"body": "x", "version": 1}).status_code == 403
    told = as_helper.get(url("note_edit", bakery, ana, theirs), follow=True).content.decode()
    assert "Only who wrote a note may change it" in told
    assert as_helper.post(url("note_edit", bakery, ana, own), {"body": "By Max, too", "version": 1}).status_code == 302
    assert url("note_edit", bakery, ana, own) not in page_of(as_adviser, bakery, ana)
    assert as_adviser.post(url("note_delete", bakery, ana, own)).status_code == 403
    with business_scope(bakery):
        assert Note.objects.filter(deleted_at__isnull=False).count() == 0


def test_a_note_of_another_person_or_business_is_not_there(as_nora, as_gus, bakery, garage, ana):
    note = make_note(bakery, ana)
    tom, bolt = make_contact(bakery, "Tom Everly"), make_contact(garage, "Bo Bolt")
    assert as_nora.post(url("note_delete", bakery, tom, note)).status_code == 404
    assert as_gus.post(url("note_delete", garage, bolt, note)).status_code == 404


def test_thirty_days_after_it_was_taken_away_a_note_is_gone_for_good(as_nora, bakery, ana):
    note, kept = make_note(bakery, ana), make_note(bakery, ana, "Kept")
    as_nora.post(url("note_delete", bakery, ana, note))
    assert work_purge(bakery.pk, now()) is not None
    with time_machine.travel(now() + timedelta(days=31)):
        assert work_purge(bakery.pk, now()) is None
    with business_scope(bakery):
        assert list(Note.objects.values_list("pk", flat=True)) == [kept.pk]
        assert Interaction.objects.filter(contact=ana, kind="note").count() == 2


@pytest.mark.parametrize(
    ("show", "there", "not_there"),
    [("talks", "A call", "Allergic"), ("notes", "Allergic", "<b>A call"), ("changes", "Added: Prospect", "Allergic")],
)
def test_one_shelf_of_the_timeline_shows_its_lines_alone(as_nora, bakery, ana, show, there, not_there):
    make_note(bakery, ana)
    make_talk(bakery, ana)
    lines = page_of(as_nora, bakery, ana, show=show).split("Everything between us")[1].split("<aside")[0]
    assert there in lines
    assert not_there not in lines


def test_a_shelf_goes_on_within_itself(as_nora, bakery, ana):
    make_note(bakery, ana)
    for days_ago in range(1, 31):
        make_talk(bakery, ana, days_ago=days_ago)
    page = page_of(as_nora, bakery, ana, show="talks")
    assert "Show the 10 before this" in page
    older = re.search(r'hx-get="([^"]+)"', page).group(1).replace("&amp;", "&")
    more = as_nora.get(older, headers={"HX-Request": "true"}).content.decode()
    assert more.count("<b>A call</b>") == 10
    assert "Allergic" not in more


def test_an_empty_shelf_and_one_that_is_not_there(as_nora, bakery, ana):
    assert "Nothing of this kind between you yet." in page_of(as_nora, bakery, ana, show="purchases")
    assert "Added: Prospect" in page_of(as_nora, bakery, ana, show="nonsense")
