"""The name beside what is said of people: kept by the database, and read where a list is in the order of names."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Affiliation, ConsentState, Contact, ContactTag, RoleAssignment, Tag
from contacts.queries import people_pages
from contacts.queries.people_filter import ORDERS, PeopleFilter, matching
from contacts.queries.people_pages import page_of
from contacts.services.merging import merge_contacts
from contacts.services.proofs import names_beside_differ
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.contacts import make_contact, make_organization
from tests.factories.permission import make_topic, say_yes

SAID = (ContactTag, RoleAssignment, Affiliation, ConsentState)


@pytest.fixture
def ana(bakery) -> Contact:
    """Ana of whom everything is said that a list can be narrowed by."""
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", tags=["rye"], roles=["partner"])
    with business_scope(bakery):
        Affiliation.objects.create(contact=ana, organization=make_organization(bakery, "Harbor Mill"))
        say_yes(ana, make_topic("Bread news"))
    return ana


def names_beside(contact: Contact) -> set[tuple[str, str]]:
    return {
        (model.__name__, name)
        for model in SAID
        for name in model.objects.filter(contact=contact).values_list("sort_name", flat=True)
    }


def each(name: str) -> set[tuple[str, str]]:
    return {(model.__name__, name) for model in SAID}


def test_what_is_said_takes_the_name_of_whom_it_is_said(bakery, ana):
    with business_scope(bakery):
        assert names_beside(ana) == each("ana ruiz")


def test_a_new_name_is_handed_on_and_one_that_was_forgotten_stays_nowhere(bakery, ana):
    with business_scope(bakery):
        for name in ("zoe ruiz", ""):
            Contact.objects.filter(pk=ana.pk).update(sort_name=name)
            assert names_beside(ana) == each(name)


def test_nobody_can_write_another_name(bakery, ana):
    with business_scope(bakery):
        for model in SAID:
            model.objects.filter(contact=ana).update(sort_name="somebody else")
        assert names_beside(ana) == each("ana ruiz")


def test_what_goes_over_to_another_person_takes_their_name(bakery, ana):
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        ContactTag.objects.filter(contact=ana).update(contact=ben)
        assert names_beside(ben) == {("ContactTag", "ben ode")}


# How lists by last touch are found: of few, of many, of very many.
SIZES = {"few": (9, 9), "many": (0, 9), "very many": (0, 0)}


@pytest.mark.parametrize(
    ("sort", "size"),
    [
        *((sort, "few") for sort in ("name", "name_back", "newest", "oldest")),
        *((sort, size) for sort in ("recent", "quiet") for size in SIZES),
    ],
)
@pytest.mark.parametrize("said", ["tag_id", "organization_id", "kind", "topic_id"])
def test_a_list_shows_each_once_in_its_order_and_misses_nobody(bakery, ana, monkeypatch, said, sort, size):
    monkeypatch.setattr(people_pages, "FEW", SIZES[size][0])
    monkeypatch.setattr(people_pages, "MANY", SIZES[size][1])
    people = [make_contact(bakery, email=f"p{number}@example.com") for number in range(9)]
    touched = now() - timedelta(days=400)
    with business_scope(bakery):
        tag, mill = Tag.objects.get(), Affiliation.objects.get().organization
        topic = ConsentState.objects.get().topic
        for person in people[:6]:
            ContactTag.objects.create(contact=person, tag=tag)
            Affiliation.objects.create(contact=person, organization=mill)
            RoleAssignment.objects.create(contact=person, kind="partner")
            say_yes(person, topic)
        for days, person in enumerate((*people, ana)):
            # Two at the same moment, and two with whom nothing ever happened.
            moment = touched + timedelta(days=days // 2) if days > 1 else None
            Contact.objects.filter(pk=person.pk).update(last_touch_at=moment)
        # Taken back, ended, deleted: these are in no list.
        Affiliation.objects.filter(contact=people[0]).update(ended_on=now().date())
        RoleAssignment.objects.filter(contact=people[0]).update(ended_at=now())
        ConsentState.objects.filter(contact=people[0]).update(state=ConsentState.State.WITHDRAWN)
        ContactTag.objects.filter(contact=people[0]).delete()
        Contact.objects.filter(pk=people[1].pk).update(deleted_at=now())
        asked = {"tag_id": tag.pk, "organization_id": mill.pk, "kind": "partner", "topic_id": topic.pk}
        wanted = PeopleFilter(**{said: asked[said]}, channel="email" if said == "topic_id" else "", sort=sort)
        shown, cursor = [], None
        while cursor is not None or not shown:
            page = page_of(wanted, now=now(), cursor=cursor, limit=2)
            shown += [person.pk for person in page.items]
            cursor = page.next_cursor
        back = page_of(wanted, now=now(), cursor=page.previous_cursor, limit=2)
        theirs = list(matching(wanted, now=now()).order_by(*ORDERS[sort]).values_list("pk", flat=True))
    assert shown == theirs
    assert [person.pk for person in back.items] == theirs[2:4]
    assert len(shown) == 5


def test_names_by_their_beginning_are_read_where_the_tag_is_kept(bakery, ana):
    make_contact(bakery, "Anton Ode", tags=["rye"])
    make_contact(bakery, "Bea Ode", tags=["rye"])
    with business_scope(bakery):
        wanted = PeopleFilter(tag_id=Tag.objects.get().pk, begins="An")
        with CaptureQueriesContext(connection) as captured:
            found = page_of(wanted, now=now(), cursor=None, limit=50)
    (asked,) = (query["sql"] for query in captured.captured_queries)
    assert [person.sort_name for person in found.items] == ["ana ruiz", "anton ode"]
    assert (asked.count('said."sort_name" >='), asked.count("JOIN")) == (1, 1)


def test_one_record_made_of_two_leaves_no_other_name_beside_it(bakery, ana, nora):
    ben = make_contact(bakery, "Ben Ode", tags=["vip"], roles=["vendor"])
    with business_scope(bakery):
        merge_contacts(ana.pk, ben.pk, choices={}, actor=None, now=now())
        assert names_beside(ana) == each("ana ruiz")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM contacts_contacttag WHERE contact_id = %s", [str(ana.pk)])
            assert cursor.fetchone()[0] == 2


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_not_theirs_is_told_by_the_recount(bakery, ana):
    def rename() -> None:
        with business_scope(bakery):
            Contact.objects.filter(pk=ana.pk).update(sort_name="zoe ruiz")
        connection.close()

    with business_scope(bakery):
        assert names_beside_differ() == []
        worn = ContactTag.objects.create(contact=ana, tag=Tag.objects.create(name="vip", name_norm="vip"))
        # Somebody gives a new name before this is there to be handed it.
        other = threading.Thread(target=rename)
        other.start()
        other.join()
    with business_scope(bakery):
        assert names_beside_differ() == [f"Row {worn.pk} of contacts_contacttag has another name than its person."]


def test_of_many_with_a_tag_the_order_of_touches_is_walked_beside_a_table_in_memory(bakery, ana, monkeypatch):
    monkeypatch.setattr(people_pages, "FEW", 0)
    with business_scope(bakery):
        wanted = PeopleFilter(tag_id=Tag.objects.get().pk, sort="recent")
        with CaptureQueriesContext(connection) as captured:
            page_of(wanted, now=now(), cursor=None, limit=50)
        counted, asked = (query["sql"] for query in captured.captured_queries)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {asked}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "ecosystem_tally" in counted
    assert "hashed SubPlan" in plan


def test_a_page_far_in_begins_there_in_both_tables_that_are_joined(bakery, ana):
    make_contact(bakery, "Ben Ode", tags=["rye"])
    with business_scope(bakery):
        wanted = PeopleFilter(tag_id=Tag.objects.get().pk, stage="prospect")
        cursor = page_of(wanted, now=now(), cursor=None, limit=1).next_cursor
        with CaptureQueriesContext(connection) as captured:
            found = page_of(wanted, now=now(), cursor=cursor, limit=1)
    (asked,) = (query["sql"] for query in captured.captured_queries)
    assert [person.pk for person in found.items] == [ana.pk]
    assert 'said."contact_id" <' in asked
    assert '"contacts_contact"."id" <' in asked
