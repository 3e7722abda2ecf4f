"""Sequences, walks and letters over the API."""

from uuid import uuid4

import pytest

from campaigns.models import Enrollment, Sequence
from ecosystem.base.tenancy import business_scope
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.contacts import make_contact
from tests.factories.permission import make_topic


@pytest.fixture
def sequence(bakery) -> Sequence:
    with business_scope(bakery):
        return make_sequence(make_topic("Starter"), letters=2)


def test_sequences_are_read_with_their_numbers_and_steps(till, bakery, sequence):
    with business_scope(bakery):
        friend = make_friend(sequence.topic)
    till.post(f"sequences/{sequence.pk}/enrollments", {"contact_id": str(friend.pk)})
    (found,) = till.get("sequences").json()["items"]
    assert (found["name"], found["state"], found["entered"], found["on_the_way"], found["left"]) == (
        "Follow me home",
        "live",
        1,
        1,
        0,
    )
    one = till.get(f"sequences/{sequence.pk}").json()
    steps = one.pop("steps")
    assert one == found
    assert [(step["kind"], step["subject"], step["here"]) for step in steps] == [
        ("send", "Letter 1", 1),
        ("wait", "", 0),
        ("send", "Letter 2", 0),
    ]


def test_a_person_walks_a_sequence_once_per_key(till, bakery, sequence):
    contact = make_contact(bakery, email="ana@example.com")
    path, body = f"sequences/{sequence.pk}/enrollments", {"contact_id": str(contact.pk)}
    first, again = till.post(path, body), till.post(path, body)
    other = till.post(path, body | {"entry_key": "order-2"})
    assert first.status_code == again.status_code == other.status_code == 200
    assert first.json() == again.json() != other.json()
    assert (first.json()["source"], first.json()["state"]) == ("api", "active")
    assert till.get(f"{path}/{first.json()['id']}").json() == first.json()
    assert {walk["id"] for walk in till.get(path).json()["items"]} == {first.json()["id"], other.json()["id"]}


def test_a_walk_is_ended_and_stays_on_record(till, bakery, sequence):
    contact = make_contact(bakery)
    path = f"sequences/{sequence.pk}/enrollments"
    walk = till.post(path, {"contact_id": str(contact.pk)}).json()
    assert till.delete(f"{path}/{walk['id']}").status_code == 204
    assert till.delete(f"{path}/{walk['id']}").status_code == 204
    ended = till.get(f"{path}/{walk['id']}").json()
    assert (ended["state"], ended["exit_reason"]) == ("exited", "manual")
    assert till.get(f"{path}?state=active").json()["items"] == []
    assert [one["id"] for one in till.get(f"{path}?state=exited").json()["items"]] == [walk["id"]]


def test_a_sequence_that_does_not_run_takes_nobody(till, bakery):
    with business_scope(bakery):
        draft = make_sequence(make_topic("Later"), is_live=False)
    contact = make_contact(bakery)
    refused = till.post(f"sequences/{draft.pk}/enrollments", {"contact_id": str(contact.pk)})
    assert (refused.status_code, refused.json()["code"]) == (409, "sequence_not_running")
    with business_scope(bakery):
        assert not Enrollment.objects.exists()


def test_a_walk_belongs_to_its_sequence(till, bakery, sequence):
    with business_scope(bakery):
        other = make_sequence(make_topic("Another"))
    walk = till.post(f"sequences/{other.pk}/enrollments", {"contact_id": str(make_contact(bakery).pk)}).json()
    for ask in (till.get, till.delete):
        assert ask(f"sequences/{sequence.pk}/enrollments/{walk['id']}").status_code == 404


def test_people_of_another_business_and_of_nobody_are_the_same_404(till, bakery, garage, sequence):
    theirs = make_contact(garage)
    path = f"sequences/{sequence.pk}/enrollments"
    bodies = {till.post(path, {"contact_id": str(one)}).content for one in (theirs.pk, uuid4())}
    assert len(bodies) == 1
    assert till.post(path, {"contact_id": str(theirs.pk)}).status_code == 404


def test_letters_are_found_by_person_sequence_and_state(till, bakery, sequence):
    with business_scope(bakery):
        friend = make_friend(sequence.topic)
    till.post(f"sequences/{sequence.pk}/enrollments", {"contact_id": str(friend.pk)})
    work("sequence")
    (letter,) = till.get(f"messages?contact={friend.pk}").json()["items"]
    assert (letter["sequence_id"], letter["subject"], letter["address"]) == (
        str(sequence.pk),
        "Letter 1",
        "friend0@example.com",
    )
    assert till.get(f"messages/{letter['id']}").json() == letter
    for query in (f"sequence={sequence.pk}", f"state={letter['state']}", f"contact={friend.pk}&sequence={sequence.pk}"):
        assert [one["id"] for one in till.get(f"messages?{query}").json()["items"]] == [letter["id"]]
    for query in (f"sequence={uuid4()}", "state=lost", f"contact={uuid4()}"):
        assert till.get(f"messages?{query}").json()["items"] == []


@pytest.mark.parametrize("query", ["contact=x", "sequence=1", "state=odd", "contact__primary_email=x", "merge=1"])
def test_a_filter_of_letters_that_is_wrong_or_unknown_is_a_400(till, query):
    assert till.get(f"messages?{query}").status_code == 400


def test_lists_cost_the_same_for_3_as_for_30(till, bakery, sequence, django_assert_max_num_queries):
    paths = (f"sequences/{sequence.pk}/enrollments", "messages", "sequences")

    def walkers(first: int, last: int) -> None:
        with business_scope(bakery):
            friends = [make_friend(sequence.topic, number) for number in range(first, last)]
        for friend in friends:
            till.post(paths[0], {"contact_id": str(friend.pk)})
        work("sequence")

    walkers(0, 3)
    spent = {}
    for path in paths:
        till.get(path)
        with django_assert_max_num_queries(40) as few:
            till.get(path)
        spent[path] = len(few)
    walkers(3, 30)
    for path in paths:
        with django_assert_max_num_queries(spent[path]):
            till.get(path)
