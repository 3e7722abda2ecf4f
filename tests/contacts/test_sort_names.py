"""The name beside what is said of people: kept by the database, and read where a list is in the order of names."""

import threading

import pytest
from django.db import connection

from contacts.models import Affiliation, ConsentState, Contact, ContactTag, RoleAssignment, Tag
from contacts.queries.people_filter import PeopleFilter, listing, matching, page_of
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


@pytest.mark.parametrize("sort", ["name", "name_back"])
@pytest.mark.parametrize("said", ["tag_id", "organization_id", "kind", "topic_id"])
def test_a_list_in_the_order_of_names_shows_each_once_and_misses_nobody(bakery, ana, said, sort):
    people = [make_contact(bakery, email=f"p{number}@example.com") for number in range(9)]
    with business_scope(bakery):
        tag, mill = Tag.objects.get(), Affiliation.objects.get().organization
        topic = ConsentState.objects.get().topic
        for person in people[:6]:
            ContactTag.objects.create(contact=person, tag=tag)
            Affiliation.objects.create(contact=person, organization=mill)
            RoleAssignment.objects.create(contact=person, kind="partner")
            say_yes(person, topic)
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
            page = page_of(listing(wanted, now=now()), wanted, cursor=cursor, limit=2)
            shown += [person.sort_name for person in page.items]
            cursor = page.next_cursor
        theirs = sorted(matching(wanted, now=now()).values_list("sort_name", flat=True), reverse=sort == "name_back")
    assert shown == theirs
    assert len(shown) == 5


def test_names_by_their_beginning_are_read_where_the_tag_is_kept(bakery, ana):
    make_contact(bakery, "Anton Ode", tags=["rye"])
    make_contact(bakery, "Bea Ode", tags=["rye"])
    with business_scope(bakery):
        wanted = PeopleFilter(tag_id=Tag.objects.get().pk, begins="An")
        found = page_of(listing(wanted, now=now()), wanted, cursor=None, limit=50)
        asked = str(listing(wanted, now=now()).query)
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
