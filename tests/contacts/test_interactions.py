"""Timelines: what is written, what is kept from it, and how it reads."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Contact, ContactStats, Interaction, Note, RoleAssignment
from contacts.services.interactions import NewInteraction, record_interaction, record_interactions
from ecosystem.base.clock import now
from ecosystem.base.errors import NotFound
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from tests.factories.contacts import make_contact, make_talk
from tests.factories.ecosystem import make_member, sign_in
from tests.statements import statements_of


def page_of(business, contact, name="contact_detail", **more):
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": contact.pk, **more})


def line_for(contact, kind="call", *, days_ago=0.0, source="staff", external_id=None, **more):
    return NewInteraction(
        contact_id=contact.pk,
        kind=kind,
        source=source,
        occurred_at=now() - timedelta(days=days_ago),
        external_id=external_id,
        **more,
    )


def test_a_feeding_line_moves_the_hunger_of_the_person_and_of_their_roles(in_bakery):
    mill = make_contact(in_bakery, "Jonas Mill", stage="client", roles=["vendor"])
    record_interactions([line_for(mill, days_ago=3)])
    mill.refresh_from_db()
    stats = ContactStats.objects.get(contact=mill)
    assert (now() - mill.fed_at).days == 3
    assert mill.fed_at == mill.last_touch_at == stats.last_fed_at == RoleAssignment.objects.get(contact=mill).fed_at


def test_a_note_feeds_nobody_and_is_no_touch(in_bakery, ana):
    before = Contact.objects.get(pk=ana.pk)
    record_interactions([line_for(ana, "note"), line_for(ana, "message_sent"), line_for(ana, "purchase", days_ago=1)])
    after = Contact.objects.get(pk=ana.pk)
    assert after.fed_at == before.fed_at
    assert (now() - after.last_touch_at).days == 1


def test_an_older_talk_written_down_later_does_not_make_anybody_hungrier(in_bakery, ana):
    record_interactions([line_for(ana, days_ago=2)])
    record_interactions([line_for(ana, days_ago=30)])
    ana.refresh_from_db()
    assert (now() - ana.fed_at).days == 2
    assert ContactStats.objects.get(contact=ana).interactions_count == 2


def test_the_same_line_of_another_program_counts_once(in_bakery, ana):
    first = record_interaction(
        ana, kind="purchase", source="till", external_id="118", occurred_at=now(), value_minor=450
    )
    again = record_interaction(
        ana, kind="purchase", source="till", external_id="118", occurred_at=now(), value_minor=450
    )
    stats = ContactStats.objects.get(contact=ana)
    assert again.pk == first.pk
    assert (stats.purchases_count, stats.purchases_minor) == (1, 450)
    assert stats.last_purchase_at == first.occurred_at


def test_many_lines_cost_as_many_statements_as_one(in_bakery, django_assert_num_queries):
    people = [make_contact(in_bakery) for _ in range(30)]
    with django_assert_num_queries(3):  # savepoint, write, release
        record_interactions([line_for(people[0], "content_clicked", source="links")])
    with django_assert_num_queries(3):
        new = record_interactions(
            [line_for(person, "content_clicked", source="links", direction="in") for person in people for _ in range(3)]
        )
    assert len(new) == 90
    stats = ContactStats.objects.get(contact=people[1])
    assert (stats.clicks_count, stats.interactions_count) == (3, 3)
    assert stats.last_click_at == stats.last_inbound_at == stats.last_fed_at


def test_nobody_writes_into_the_timeline_of_somebody_elses_person(in_bakery, garage):
    bolt = make_contact(garage, "Bo Bolt")
    with pytest.raises(NotFound):
        record_interactions([line_for(bolt)])
    assert not Interaction.objects.filter(contact_id=bolt.pk).exists()


def test_the_second_tap_saves_the_talk_and_a_second_click_on_it_nothing(as_nora, bakery, ana):
    page = as_nora.get(page_of(bakery, ana)).content.decode()
    assert 'popovertarget="log-call"' in page
    assert 'popovertarget="log-visit"' in page
    form = {"kind": "visit", "occurred_at": "2026-05-04T09:30", "said": "No nuts, please.", "key": uuid7().hex}
    for _ in range(2):
        response = as_nora.post(page_of(bakery, ana, "interaction_add"), form)
        assert response.url == page_of(bakery, ana)
    page = as_nora.get(page_of(bakery, ana)).content.decode()
    assert page.count("Nora Bell talked with them at the counter") == 1
    assert page.count("No nuts, please.") == 1
    assert "4 May" in page
    assert "9:30 AM" in page


def test_a_time_is_the_one_on_the_clock_of_the_business(as_nora, bakery, ana):
    form = {"kind": "call", "occurred_at": "2026-05-04T09:30", "said": "", "key": uuid7().hex}
    as_nora.post(page_of(bakery, ana, "interaction_add"), form)
    with business_scope(bakery):
        line = Interaction.objects.get(contact=ana, kind="call")
    assert line.occurred_at == datetime(2026, 5, 4, 13, 30, tzinfo=UTC)  # New York, summer time
    assert (line.channel, line.direction, line.source) == ("phone", "both", "staff")


def test_a_talk_that_is_still_to_come_is_refused_and_what_was_typed_stays(as_nora, bakery, ana):
    tomorrow = (now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"kind": "call", "occurred_at": tomorrow, "said": "She will call.", "key": uuid7().hex}
    response = as_nora.post(page_of(bakery, ana, "interaction_add"), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "That is still to come. Choose a time that has passed." in page
    assert "She will call." in page
    with business_scope(bakery):
        assert not Interaction.objects.filter(kind="call").exists()
        assert not Note.objects.exists()


@pytest.mark.parametrize("wrong", [{"kind": "spell"}, {"occurred_at": "noon"}, {"occurred_at": ""}])
def test_a_broken_talk_is_shown_again(as_nora, bakery, ana, wrong):
    form = {"kind": "call", "occurred_at": "2026-05-04T09:30", "said": "x", "key": "k", **wrong}
    assert as_nora.post(page_of(bakery, ana, "interaction_add"), form).status_code == 422


def test_a_note_stands_in_the_timeline_in_the_words_of_its_writer(as_sam, bakery, ana):
    form = {"body": "Prefers <b>dark</b> crust", "key": uuid7().hex}
    as_sam.post(page_of(bakery, ana, "note_add"), form)
    as_sam.post(page_of(bakery, ana, "note_add"), form)
    page = as_sam.get(page_of(bakery, ana)).content.decode()
    assert page.count("Sam Reed wrote a note") == 1
    assert page.count("Prefers &lt;b&gt;dark&lt;/b&gt; crust") == 1


def test_an_empty_note_says_what_to_do_and_keeps_the_page(as_nora, bakery, ana):
    response = as_nora.post(page_of(bakery, ana, "note_add"), {"body": "  ", "key": "k"})
    assert response.status_code == 422
    assert "Write a word or two first." in response.content.decode()


def test_twenty_lines_are_shown_and_the_rest_comes_by_a_click(as_nora, bakery, ana):
    for days_ago in range(1, 29):
        make_talk(bakery, ana, days_ago=days_ago)
    page = as_nora.get(page_of(bakery, ana)).content.decode()
    # and the line that put her on the ladder today
    assert page[page.index("Everything between us") :].count("A call") == 19
    assert "Show the 9 before this" in page
    older = re.search(r'hx-get="([^"]+)"', page).group(1)
    fragment = as_nora.get(older, headers={"HX-Request": "true"}).content.decode()
    assert fragment.count("A call") == 9
    assert "<html" not in fragment
    assert "before this" not in fragment
    whole = as_nora.get(older).content.decode()
    assert whole[whole.index("Everything between us") :].count("A call") == 9
    assert "<h1>Ana Ruiz</h1>" in whole


def test_days_stand_above_their_lines(as_nora, bakery, ana):
    make_talk(bakery, ana, kind="thanks", days_ago=1)
    page = as_nora.get(page_of(bakery, ana)).content.decode()
    page = page[page.index("Everything between us") :]
    today, yesterday = page.index('<li class="day">Today</li>'), page.index('<li class="day">Yesterday</li>')
    assert today < page.index("Added: Prospect") < yesterday < page.index("We said thank you")


def test_a_page_of_a_person_costs_the_same_for_3_lines_as_for_18(as_nora, bakery, ana):
    counts = []
    for how_many in (3, 15):
        for _ in range(how_many):
            make_talk(bakery, ana)
        counts.append(len(statements_of(as_nora, page_of(bakery, ana))))
    assert counts[0] == counts[1]


def test_a_helper_writes_down_talks_and_changes_nothing_else(bakery, ana):
    helper = sign_in(Client(), make_member(bakery, "helper"))
    page = helper.get(page_of(bakery, ana)).content.decode()
    assert "Talked at the counter" in page
    for control in ("Move to", "Edit details", "Add an organization", "Delete this person", "Add tag"):
        assert control not in page
    form = {"kind": "call", "occurred_at": "2026-05-04T09:30", "said": "", "key": uuid7().hex}
    assert helper.post(page_of(bakery, ana, "interaction_add"), form).status_code == 302
    for name in ("stage_change", "tag_add", "role_assign", "contact_delete", "affiliation_add"):
        assert helper.post(page_of(bakery, ana, name), {}).status_code == 403
    assert helper.get(page_of(bakery, ana, "contact_edit")).status_code == 403


def test_an_adviser_reads_and_writes_nothing_down(bakery, ana):
    adviser = sign_in(Client(), make_member(bakery, "adviser"))
    page = adviser.get(page_of(bakery, ana)).content.decode()
    assert "Ana Ruiz" in page
    assert "Talked at the counter" not in page
    assert adviser.post(page_of(bakery, ana, "note_add"), {"body": "x", "key": "k"}).status_code == 403
