"""A person's walks through sequences, and the switches of a sequence, over the API."""

from pathlib import Path
from uuid import uuid4

import pytest

from campaigns.models import Enrollment, Sequence
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.api import make_program
from tests.factories.campaigns import make_friend, make_sequence, work
from tests.factories.contacts import make_contact
from tests.factories.permission import make_topic, owner_of


@pytest.fixture
def sequence(bakery) -> Sequence:
    with business_scope(bakery):
        return make_sequence(make_topic("Starter"), letters=2)


@pytest.fixture
def friend(bakery, sequence):
    with business_scope(bakery):
        return make_friend(sequence.topic)


def test_a_person_starts_and_ends_a_sequence_and_one_sees_what_comes_next(till, bakery, sequence, friend):
    path = f"contacts/{friend.pk}/enrollments"
    walk = till.post(path, {"sequence_id": str(sequence.pk)})
    assert walk.status_code == 200
    begun = walk.json()
    names = ["Letter 1", "Letter 2"]
    assert (begun["state"], begun["position"], begun["source"], begun["sequence_name"], begun["next_letter"]) == (
        "active", 0, "api", "Follow me home", names[0],
    )  # fmt: skip
    assert till.post(path, {"sequence_id": str(sequence.pk)}).json() == begun
    work("sequence")
    (one,) = till.get(path).json()["items"]
    assert (one["position"], one["next_letter"]) == (1, names[1])
    assert till.get(f"{path}/{begun['id']}").json() == one
    assert till.delete(f"{path}/{begun['id']}").status_code == 204
    assert till.delete(f"{path}/{begun['id']}").status_code == 204
    (ended,) = till.get(f"{path}?state=exited&sequence={sequence.pk}").json()["items"]
    assert (ended["exit_reason"], ended["next_letter"]) == ("manual", "")
    assert till.get(f"{path}?state=active").json()["items"] == []
    assert till.get(f"{path}?sequence={uuid4()}").json()["items"] == []


def test_a_walk_belongs_to_its_person(till, bakery, garage, sequence, friend):
    other, theirs = make_contact(bakery), make_contact(garage)
    walk = till.post(f"contacts/{friend.pk}/enrollments", {"sequence_id": str(sequence.pk)}).json()
    for ask in (till.get, till.delete):
        for person in (other, theirs):
            assert ask(f"contacts/{person.pk}/enrollments/{walk['id']}").status_code == 404
    assert till.get(f"contacts/{friend.pk}/enrollments/{walk['id']}").json()["state"] == "active"
    refused = till.post(f"contacts/{friend.pk}/enrollments", {"sequence_id": str(uuid4())})
    assert refused.status_code == 404


def test_one_person_rests_on_the_way_and_walks_on(till, bakery, garage, sequence, friend):
    path = f"contacts/{friend.pk}/enrollments"
    begun = till.post(path, {"sequence_id": str(sequence.pk)}).json()
    assert begun["paused_at"] is None
    rests = till.post(f"{path}/{begun['id']}/pause", None)
    assert (rests.status_code, rests.json()["state"], rests.json()["due_at"]) == (200, "active", begun["due_at"])
    assert rests.json()["paused_at"] is not None
    assert till.post(f"{path}/{begun['id']}/pause", None).json() == rests.json()
    work("sequence")
    assert till.get(f"{path}/{begun['id']}").json() == rests.json()
    assert till.get(f"sequences/{sequence.pk}/enrollments").json()["items"][0]["paused_at"] == rests.json()["paused_at"]
    other, theirs = make_contact(bakery), make_contact(garage)
    for act in ("pause", "resume"):
        for person in (other, theirs):
            assert till.post(f"contacts/{person.pk}/enrollments/{begun['id']}/{act}", None).status_code == 404
    walks_on = till.post(f"{path}/{begun['id']}/resume", None).json()
    assert walks_on["paused_at"] is None
    assert walks_on["due_at"] > begun["due_at"]
    work("sequence")
    assert till.get(f"{path}/{begun['id']}").json()["position"] == 1
    with business_scope(bakery):
        told = AuditEntry.objects.filter(action__startswith="walk_").order_by("id")
        assert [(one.action, one.actor_user_id) for one in told] == [
            ("walk_paused", owner_of(bakery).user_id),
            ("walk_resumed", owner_of(bakery).user_id),
        ]
    till.delete(f"{path}/{begun['id']}")
    refused = till.post(f"{path}/{begun['id']}/pause", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "walk_over")


def test_who_rests_on_a_sequence_stands_in_one_list(till, bakery, sequence, friend):
    """The call that docs/api.md shows."""
    assert '/api/v1/sequences/$SEQUENCE_ID/enrollments?paused=true"' in Path("docs/api.md").read_text()
    with business_scope(bakery):
        people = [friend, *(make_friend(sequence.topic, number) for number in (1, 2))]
    path = f"sequences/{sequence.pk}/enrollments"
    walks = [till.post(path, {"contact_id": str(one.pk)}).json()["id"] for one in people]
    for person, walk in zip(people[:2], walks[:2], strict=True):
        assert till.post(f"contacts/{person.pk}/enrollments/{walk}/pause", None).status_code == 200
    till.delete(f"{path}/{walks[1]}")

    def listed(query):
        return [one["id"] for one in till.get(f"{path}?{query}").json()["items"]]

    assert listed("paused=true") == listed("paused=true&state=active") == [walks[0]]
    assert listed("paused=true&state=exited") == []
    assert listed("paused=false") == listed("") == walks[::-1]
    # All of them rest with their sequence, and this one alone by themselves.
    till.post(f"sequences/{sequence.pk}/pause", None)
    assert listed("paused=true") == [walks[0]]
    refused = till.get(f"{path}?paused=maybe")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["paused"])


def test_a_sequence_is_paused_resumed_and_started(till, bakery, sequence, friend):
    till.post(f"contacts/{friend.pk}/enrollments", {"sequence_id": str(sequence.pk)})
    path = f"sequences/{sequence.pk}"
    paused = till.post(f"{path}/pause", None)
    assert (paused.status_code, paused.json()["state"], paused.json()["on_the_way"]) == (200, "paused", 1)
    assert till.get(f"contacts/{friend.pk}/enrollments").json()["items"][0]["sequence_state"] == "paused"
    work("sequence")
    with business_scope(bakery):
        assert Enrollment.objects.get().position == 0
    assert till.post(f"{path}/resume", {"late": "odd"}).status_code == 400
    assert till.post(f"{path}/resume", {"late": "shift"}).json()["state"] == "live"
    work("sequence")
    with business_scope(bakery):
        assert Enrollment.objects.get().position == 1
        draft = make_sequence(make_topic("Later"), is_live=False)
    refused = till.post(f"sequences/{draft.pk}/pause", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "sequence_not_running")
    assert till.post(f"sequences/{draft.pk}/start", None).json()["state"] == "live"
    assert till.post(f"sequences/{draft.pk}/start", None).json()["state"] == "live"


def test_who_may_start_people_may_not_stop_a_sequence_for_all(bakery, sequence):
    program = make_program(bakery, owner_of(bakery).user, "enrollments:write", "sequences:read")
    assert program.post(f"sequences/{sequence.pk}/pause", None).status_code == 403
    assert program.get(f"sequences/{sequence.pk}").json()["state"] == "live"
