"""Timelines: what is written, what is kept from it, and how it reads."""

from datetime import timedelta

import pytest
from django.urls import reverse

from contacts.models import Contact, ContactStats, Interaction, RoleAssignment
from contacts.services.interactions import NewInteraction, record_interaction, record_interactions
from ecosystem.base.clock import now
from ecosystem.base.errors import NotFound
from tests.factories.contacts import make_contact


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
    record_interactions([line_for(ana, "note"), line_for(ana, "message_opened", days_ago=1)])
    after = Contact.objects.get(pk=ana.pk)
    assert after.fed_at == before.fed_at
    assert (now() - after.last_touch_at).days == 1


def test_an_older_talk_written_down_later_does_not_make_anybody_hungrier(in_bakery, ana):
    record_interactions([line_for(ana, days_ago=2)])
    record_interactions([line_for(ana, days_ago=30)])
    ana.refresh_from_db()
    assert (now() - ana.fed_at).days == 2
    assert ContactStats.objects.get(contact=ana).interactions_count == 3  # and the one that put her on the ladder


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
    with django_assert_num_queries(4):  # savepoint, lock, write, release
        record_interactions([line_for(people[0], "content_clicked", source="links")])
    with django_assert_num_queries(4):
        new = record_interactions(
            [line_for(person, "content_clicked", source="links", direction="in") for person in people for _ in range(3)]
        )
    assert len(new) == 90
    stats = ContactStats.objects.get(contact=people[1])
    assert (stats.clicks_count, stats.interactions_count) == (3, 4)
    assert stats.last_click_at == stats.last_inbound_at == stats.last_fed_at


def test_nobody_writes_into_the_timeline_of_somebody_elses_person(in_bakery, garage):
    bolt = make_contact(garage, "Bo Bolt")
    with pytest.raises(NotFound):
        record_interactions([line_for(bolt)])
    assert not Interaction.objects.filter(contact_id=bolt.pk).exists()
