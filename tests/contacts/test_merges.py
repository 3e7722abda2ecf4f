"""Two records of one person made one, parted again, and found by what is equal of them."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Enrollment, Message
from contacts.models import (
    Affiliation,
    Consent,
    ConsentState,
    Contact,
    ContactPoint,
    ContactStats,
    ContactTag,
    DuplicateCandidate,
    MergeOperation,
    Note,
    StageChange,
    Suppression,
    Topic,
)
from contacts.queries.consent import consent_history, where_of
from contacts.queries.timeline import days_of_people
from contacts.services.consent import confirm_consent, grant_consent, withdraw_consent
from contacts.services.consent_proof import consent_states_differ
from contacts.services.consent_states import rebuild_consent_states
from contacts.services.contacts import details_of, edit_contact, hold_contact
from contacts.services.duplicates import search_duplicates, work_search
from contacts.services.merge_rows import moving_tables
from contacts.services.merging import keep_apart, merge_contacts, undo_merge
from contacts.services.notes import add_note
from contacts.services.organizations import add_organization, affiliate
from contacts.services.proofs import facts_differ, people_counts_differ, rungs_differ
from contacts.services.topics import add_topic
from ecosystem.base.errors import Conflict, NotFound
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Job, Membership
from tests.contacts.test_import_known import bring_in
from tests.factories.api import make_program
from tests.factories.contacts import make_contact, make_talk
from tests.factories.ecosystem import membership_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(bakery):
    """Ana, and Ana once more."""
    return (
        make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0142", tags=["vip"]),
        make_contact(bakery, "Anna Ruiz", email="anna@example.com", phone="(212) 555-0143", stage="client",
                     tags=["vip", "bread"]),
    )  # fmt: skip


def merge(business, winner, loser, **choices):
    """Make them one."""
    with business_scope(business):
        return merge_contacts(winner.pk, loser.pk, choices=choices, actor=None, now=timezone.now())


def part(business, made):
    """Part them again."""
    with business_scope(business):
        return undo_merge(made.pk, actor=None, now=timezone.now())


def say_yes(business, contact, topic):
    """A confirmed yes."""
    confirm_consent(contact, address=contact.primary_email, channel="email", topic=topic, wording="News: 2 a month")


def topic_of(business, name="News"):
    """A topic of the business that is entered."""
    return Topic.objects.filter(name=name).first() or add_topic(
        name=name, promise="2 a month", promised_count=2, promised_days=30
    )


def standing(business, *people):
    """How people stand, by what a page would show."""
    with business_scope(business):
        ids = [person.pk for person in people]
        return {
            "people": list(
                Contact.objects.filter(pk__in=ids)
                .order_by("pk")
                .values_list("display_name", "primary_email", "primary_phone", "stage", "deleted_at", "merged_into")
            ),
            "points": sorted(
                ContactPoint.objects.filter(contact_id__in=ids).values_list("contact", "kind", "value", "is_primary")
            ),
            "tags": sorted(ContactTag.objects.filter(contact_id__in=ids).values_list("contact", "tag__name")),
            "notes": sorted(Note.objects.filter(contact_id__in=ids).values_list("contact", "body")),
            "stats": sorted(
                ContactStats.objects.filter(contact_id__in=ids).values_list("contact", "interactions_count")
            ),
        }


def proven(business):
    """What is kept of everybody is what rows and ledgers give."""
    with business_scope(business):
        assert [*facts_differ(), *rungs_differ(), *people_counts_differ(), *consent_states_differ()] == []


def test_what_hangs_on_both_hangs_on_one(as_nora, bakery, two):
    ana, anna = two
    make_talk(bakery, anna, days_ago=2)
    with business_scope(bakery):
        add_note(anna, body="Wants rye.", actor=Membership.objects.first(), now=timezone.now())
        firm = add_organization(name="Fold Coffee", actor=None)
        affiliate(anna, firm)
    made = merge(bakery, ana, anna, stage="loser")
    with business_scope(bakery):
        ana.refresh_from_db()
        anna.refresh_from_db()
        assert (ana.display_name, ana.primary_email, ana.stage) == ("Ana Ruiz", "ana@example.com", "client")
        assert (anna.merged_into_id, anna.deleted_at is None, ana.merged_ids) == (ana.pk, False, [anna.pk])
        assert sorted(ana.contact_tags.values_list("tag__name", flat=True)) == ["bread", "vip"]
        assert Note.objects.get().contact_id == ana.pk
        assert Affiliation.objects.get().contact_id == ana.pk
        first = ContactPoint.objects.filter(contact=ana, is_primary=True).values_list("value_norm", flat=True)
        assert sorted(first) == ["+12125550142", "ana@example.com"]
        assert ContactPoint.objects.filter(contact=ana).count() == 4
        assert AuditEntry.objects.filter(action="contact_merged").count() == 1
        assert made.moved
    page = as_nora.get(reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk})).content.decode()
    assert "Wants rye." in page


def test_the_postal_address_of_the_winner_stands_first_or_else_that_of_the_loser(bakery, two):
    ana, anna = two
    bea = make_contact(bakery, "Bea Ruiz")

    def first(person):
        with business_scope(bakery):
            return details_of(person).postal

    for person, postal in ((anna, "12 Mill Lane"), (bea, "1 Quay")):
        with business_scope(bakery):
            held = hold_contact(person.pk)
            details = replace(details_of(held), postal=postal)
            edit_contact(held, details, version=held.version, actor=None, now=timezone.now())
    made = merge(bakery, ana, anna)
    assert first(ana) == "12 Mill Lane"
    merge(bakery, ana, bea)
    assert first(ana) == "12 Mill Lane"
    with business_scope(bakery):
        assert ContactPoint.objects.filter(contact=ana, kind="postal").count() == 2
    part(bakery, made)
    assert (first(ana), first(anna)) == ("", "12 Mill Lane")


def test_the_choices_count_and_nothing_empty_wins(bakery, two):
    ana, anna = two
    bare = make_contact(bakery, "A R")
    merge(bakery, bare, ana, name="winner", email="winner")
    with business_scope(bakery):
        bare.refresh_from_db()
        assert (bare.display_name, bare.primary_email) == ("A R", "ana@example.com")
    merge(bakery, bare, anna, name="loser", email="loser", phone="loser")
    with business_scope(bakery):
        bare.refresh_from_db()
        assert (bare.display_name, bare.primary_email, bare.primary_phone) == (
            "Anna Ruiz",
            "anna@example.com",
            "+12125550143",
        )
        assert set(bare.merged_ids) == {ana.pk, anna.pk}
        assert ContactPoint.objects.get(contact=bare, kind="email", is_primary=True).value_norm == "anna@example.com"


@pytest.mark.parametrize("who_said_no", ["winner", "loser"])
@pytest.mark.parametrize("how", ["topic", "everything"])
def test_sec_59_a_no_to_either_is_a_no_and_stops_stay(bakery, two, who_said_no, how):
    ana, anna = two
    sayer, other = (ana, anna) if who_said_no == "winner" else (anna, ana)
    with business_scope(bakery):
        topic = topic_of(bakery)
        say_yes(bakery, other, topic)
        say_yes(bakery, sayer, topic)
        withdraw_consent(sayer, channel="email", topic=topic if how == "topic" else None, source="unsubscribe")
        stops = list(Suppression.objects.order_by("id").values())
        rows = set(Consent.objects.values_list("id", flat=True))
    made = merge(bakery, ana, anna)
    with business_scope(bakery):
        assert ConsentState.objects.get(contact=ana, topic=topic).state == "withdrawn"
        assert list(Suppression.objects.order_by("id").values()) == stops
        assert rows <= set(Consent.objects.values_list("id", flat=True))
        kept = ConsentState.objects.get(contact=ana, topic=topic).consent_id
        rebuild_consent_states()
        assert ConsentState.objects.get(contact=ana, topic=topic).consent_id == kept
    part(bakery, made)
    with business_scope(bakery):
        assert ConsentState.objects.get(contact=ana, topic=topic).state == "withdrawn"
        assert list(Suppression.objects.order_by("id").values()) == stops


def test_a_yes_of_the_loser_comes_over_and_goes_again_when_they_are_parted(bakery, two):
    ana, anna = two
    with business_scope(bakery):
        topic = topic_of(bakery)
        say_yes(bakery, anna, topic)
    made = merge(bakery, ana, anna)
    with business_scope(bakery):
        state = ConsentState.objects.select_related("consent").get(contact=ana, topic=topic)
        assert (state.state, state.consent.source) == ("granted", "merge")
        assert state.address_hash == ConsentState.objects.get(contact=anna).address_hash
        assert {line.source for line in consent_history(Contact.objects.get(pk=ana.pk))} == {"merge", "signup"}
    proven(bakery)
    part(bakery, made)
    with business_scope(bakery):
        assert not ConsentState.objects.filter(contact=ana).exists()
        assert ConsentState.objects.get(contact=anna).state == "granted"
    proven(bakery)


def test_a_yes_that_went_with_an_undone_merge_was_no_word_of_theirs(bakery, nora, two):
    ana, anna = two
    with business_scope(bakery):
        topic = topic_of(bakery)
        say_yes(bakery, anna, topic)
    part(bakery, merge(bakery, ana, anna))
    with business_scope(bakery):
        row = Consent.objects.filter(contact=ana).latest("id")
        assert (row.act, where_of(row.source)) == ("withdrawn", "Went with a record that was taken apart again")
        assert not ConsentState.objects.filter(contact=ana).exists()
        paper = {"source": "paper", "said_on": date(2026, 3, 2), "note": "card 14"}
        grant_consent(ana, channel="email", topic=topic, actor=membership_of(bakery, nora), **paper)
        assert ConsentState.objects.get(contact=ana).state == "granted"
    proven(bakery)


def test_what_nobody_said_no_to_takes_no_yes_away(bakery, two):
    ana, anna = two
    with business_scope(bakery):
        say_yes(bakery, anna, topic_of(bakery))
    part(bakery, merge(bakery, ana, anna))
    merge(bakery, anna, ana)
    with business_scope(bakery):
        assert ConsentState.objects.get(contact=anna).state == "granted"
        assert not Consent.objects.filter(contact=anna, act="withdrawn").exists()
    proven(bakery)


def test_a_list_may_bring_the_yes_that_went_with_an_undone_merge(bakery, two):
    ana, anna = two
    with business_scope(bakery):
        say_yes(bakery, anna, topic_of(bakery))
    part(bakery, merge(bakery, ana, anna))
    bring_in(bakery, b"Email,Newsletter,Opt-in date\nana@example.com,yes,2026-01-05\n", rule="column")
    with business_scope(bakery):
        assert ConsentState.objects.get(contact=ana).state == "granted"
    proven(bakery)


def test_programs_and_the_page_of_a_firm_read_the_lines_of_both_records(bakery, nora, two):
    ana, anna = two
    make_talk(bakery, ana, days_ago=2)
    make_talk(bakery, anna, days_ago=1)
    with business_scope(bakery):
        say_yes(bakery, anna, topic_of(bakery))
        firm = add_organization(name="Harbor Cafe", actor=None)
        affiliate(ana, firm)
    merge(bakery, ana, anna)
    till = make_program(bakery, nora)
    for what in ("interactions", "consents"):
        lines = [row for page in till.pages(f"contacts/{ana.pk}/{what}") for row in page]
        assert {row["contact_id"] for row in lines} >= {str(anna.pk)}, what
    calls = [row for row in till.get(f"contacts/{ana.pk}/interactions").json()["items"] if row["kind"] == "call"]
    assert len(calls) == 2
    with business_scope(bakery):
        days = days_of_people([Contact.objects.get(pk=ana.pk)], words={}, zone=ZoneInfo("UTC"), now=timezone.now())
        told = [line for day in days for line in day.lines if line.icon == "phone"]
        assert len(told) == 2


def test_parted_again_both_stand_as_before(bakery, two):
    ana, anna = two
    make_talk(bakery, anna, days_ago=2)
    with business_scope(bakery):
        add_note(anna, body="Wants rye.", actor=Membership.objects.first(), now=timezone.now())
    before = standing(bakery, ana, anna)
    made = merge(bakery, ana, anna, name="loser", email="loser", phone="loser", stage="loser")
    assert standing(bakery, ana, anna) != before
    proven(bakery)
    done = part(bakery, made)
    proven(bakery)
    after = standing(bakery, ana, anna)
    assert after == before
    assert (done.report["stayed"], done.report["kept"]) == (0, [])
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).merged_ids is None
        assert DuplicateCandidate.objects.get().state == "apart"
        moves = StageChange.objects.filter(contact=ana).order_by("id").values_list("to_stage", flat=True)
        assert list(moves)[-2:] == ["client", "prospect"]
    assert part(bakery, made).reverted_at == done.reverted_at


def test_what_was_touched_since_stays_and_is_told(as_nora, bakery, two):
    ana, anna = two
    with business_scope(bakery):
        note = add_note(anna, body="Wants rye.", actor=Membership.objects.first(), now=timezone.now())
    made = merge(bakery, ana, anna, name="loser")
    with business_scope(bakery):
        Note.objects.filter(pk=note.pk).update(body="Wants spelt.", updated_at=timezone.now() + timedelta(seconds=1))
        Contact.objects.filter(pk=ana.pk).update(display_name="Annie")
    done = part(bakery, made)
    assert (done.report["stayed"], done.report["kept"]) == (1, ["display_name"])
    with business_scope(bakery):
        assert Note.objects.get().contact_id == ana.pk
        ana.refresh_from_db()
        assert (ana.display_name, ana.given_name) == ("Annie", "Ana")
    page = as_nora.get(reverse("contacts:merge_detail", kwargs={"slug": bakery.slug, "merge_id": made.pk}))
    assert "1 thing was touched since" in page.content.decode()


def test_they_can_be_parted_for_thirty_days_and_not_once_one_went_on(bakery, two):
    ana, anna = two
    cy = make_contact(bakery, "Cy Dahl")
    made = merge(bakery, ana, anna)
    with business_scope(bakery), pytest.raises(Conflict, match="These are over"):
        undo_merge(made.pk, actor=None, now=timezone.now() + timedelta(days=30, minutes=1))
    on = merge(bakery, cy, ana)
    with business_scope(bakery):
        assert Contact.objects.get(pk=anna.pk).merged_into_id == cy.pk
        assert set(Contact.objects.get(pk=cy.pk).merged_ids) == {ana.pk, anna.pk}
    with business_scope(bakery), pytest.raises(Conflict):
        undo_merge(made.pk, actor=None, now=timezone.now())
    part(bakery, on)
    with business_scope(bakery):
        assert Contact.objects.get(pk=anna.pk).merged_into_id == ana.pk
    part(bakery, made)
    with business_scope(bakery):
        assert Contact.objects.filter(pk__in=[ana.pk, anna.pk, cy.pk], deleted_at=None).count() == 3


def test_old_addresses_and_ids_lead_to_the_one(as_nora, bakery, two):
    ana, anna = two
    merge(bakery, ana, anna)
    old, new = (reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": one.pk}) for one in (anna, ana))
    answer = as_nora.get(old)
    assert (answer.status_code, answer["Location"]) == (301, new)
    edit = reverse("contacts:contact_edit", kwargs={"slug": bakery.slug, "id": anna.pk})
    assert as_nora.get(edit)["Location"] == edit.replace(str(anna.pk), str(ana.pk))
    assert as_nora.post(edit).status_code == 404
    restore = reverse("contacts:contact_restore", kwargs={"slug": bakery.slug, "id": anna.pk})
    as_nora.post(restore)
    with business_scope(bakery):
        assert Contact.objects.get(pk=anna.pk).deleted_at is not None


def test_what_waits_for_the_loser_is_never_sent_beside_that_of_the_winner(two, bakery):
    ana, anna = two
    with business_scope(bakery):
        for person in two:
            Message.objects.create(
                message_class=Message.MessageClass.MARKETING, lane=Message.Lane.SEQUENCE, idem_key=f"t:{person.pk}",
                contact=person, topic=topic_of(bakery), address=person.primary_email, address_hash="x" * 40,
                state=Message.State.PLANNED,
            )  # fmt: skip
    merge(bakery, ana, anna)
    with business_scope(bakery):
        open_letters = Message.objects.filter(contact=ana).exclude(state=Message.State.CANCELLED)
        assert list(open_letters.values_list("address", flat=True)) == ["ana@example.com"]
        assert not Enrollment.objects.filter(contact=anna, state="active").exists()


def test_pairs_are_found_by_what_is_equal_and_kept_apart_for_good(as_nora, bakery, garage):
    ana = make_contact(bakery, "Ana Ruiz", email="ana.ruiz@example.com", phone="(212) 555-0142")
    anna = make_contact(bakery, "Anna Ruiz", email="ana.ruiz@example.org", phone="+1 212 555 0142")
    bo, bob = make_contact(bakery, "Bo Lind"), make_contact(bakery, "Lind Bo")
    make_contact(bakery, "Cy Dahl", email="cy@example.com")
    make_contact(garage, "Ana Ruiz", phone="(212) 555-0142")
    found = search(bakery)
    assert found == {(ana.pk, anna.pk): ["same_phone", "same_mailbox_name"], (bo.pk, bob.pk): ["same_name"]}
    url = reverse("contacts:duplicate_list", kwargs={"slug": bakery.slug})
    page = as_nora.get(url).content.decode()
    assert "Same phone" in page
    with business_scope(bakery):
        pair = DuplicateCandidate.objects.get(first=min(ana.pk, anna.pk))
    apart = reverse("contacts:duplicate_apart", kwargs={"slug": bakery.slug, "pair_id": pair.pk})
    assert as_nora.post(apart).status_code == 302
    assert search(bakery) == {(bo.pk, bob.pk): ["same_name"]}
    with business_scope(bakery):
        Contact.objects.filter(pk=bob.pk).update(sort_name="somebody else")
    assert search(bakery) == {}
    with business_scope(bakery):
        assert Job.objects.latest("id").message == "Looked at everybody: 1 pair is alike."


def search(business):
    """Look at everybody; the open pairs with their reasons."""
    with business_scope(business):
        job = search_duplicates(actor=None)
    while work_search(business.id, job.id):
        pass
    with business_scope(business):
        job.refresh_from_db()
        job.state = "done"
        job.save()
        rows = DuplicateCandidate.objects.filter(state="open").values_list("first_id", "second_id", "reasons")
        return {(first, second): reasons for first, second, reasons in rows}


def test_from_the_persons_page_to_one_person_and_back(as_nora, bakery, two):
    ana, anna = two
    person = as_nora.get(reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk}))
    choose = reverse("contacts:contact_merge", kwargs={"slug": bakery.slug, "id": ana.pk})
    assert choose in person.content.decode()
    look = reverse("contacts:merge_look", kwargs={"slug": bakery.slug, "id": ana.pk, "other_id": anna.pk})
    assert look in as_nora.get(choose + "?q=Anna").content.decode()
    alone = reverse("contacts:merge_look", kwargs={"slug": bakery.slug, "id": ana.pk, "other_id": ana.pk})
    assert as_nora.get(alone)["Location"] == choose
    page = as_nora.get(look).content.decode()
    for text in ("anna@example.com", "ana@example.com", "Tags", "The stricter answer holds"):
        assert text in page
    answer = as_nora.post(
        reverse("contacts:merge_do", kwargs={"slug": bakery.slug, "id": ana.pk, "other_id": anna.pk}),
        {"name": "loser", "email": "winner"},
    )
    assert answer.status_code == 302
    with business_scope(bakery):
        made = MergeOperation.objects.get()
        ana.refresh_from_db()
        assert ana.display_name == "Anna Ruiz"
    as_nora.post(reverse("contacts:merge_undo", kwargs={"slug": bakery.slug, "merge_id": made.pk}))
    with business_scope(bakery):
        assert Contact.objects.filter(pk__in=[ana.pk, anna.pk], deleted_at=None).count() == 2


def test_sec_01_nobody_is_made_one_across_businesses(as_gus, bakery, garage, two):
    ana, _anna = two
    gus = make_contact(garage, "Gus Own")
    with business_scope(garage), pytest.raises(NotFound):
        merge_contacts(gus.pk, ana.pk, choices={}, actor=None, now=timezone.now())
    do = reverse("contacts:merge_do", kwargs={"slug": garage.slug, "id": gus.pk, "other_id": ana.pk})
    assert as_gus.post(do).status_code == 404
    made = merge(bakery, *two)
    for name in ("merge_detail", "merge_undo"):
        url = reverse(f"contacts:{name}", kwargs={"slug": garage.slug, "merge_id": made.pk})
        assert as_gus.post(url).status_code in (404, 405), name
        assert as_gus.get(url).status_code in (404, 405), name
    with business_scope(bakery):
        assert MergeOperation.objects.get().reverted_at is None


def test_a_pair_that_is_two_is_remembered_whoever_says_it_first(bakery, two):
    with business_scope(bakery):
        keep_apart(two[1].pk, two[0].pk, now=timezone.now())
        keep_apart(two[0].pk, two[1].pk, now=timezone.now())
        assert DuplicateCandidate.objects.get().state == "apart"


def test_tables_of_higher_floors_move_too():
    labels = {table._meta.label for table, _name in moving_tables()}
    assert {"campaigns.Message", "campaigns.Enrollment", "contacts.Note", "contacts.ContactPoint"} <= labels
    assert not {"contacts.Interaction", "contacts.Consent", "contacts.StageChange"} & labels
