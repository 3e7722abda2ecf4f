"""Two records of one person over the API: found, looked at, made one, and parted again."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from contacts.models import Contact, DuplicateCandidate, MergeOperation
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Membership
from ecosystem.scopes import Scope
from ecosystem.services.jobs import work_jobs
from tests.factories.api import make_program
from tests.factories.contacts import make_contact


@pytest.fixture
def two(bakery):
    """Ana, and Ana once more, who has risen."""
    return (
        make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0142"),
        make_contact(bakery, "Anna Ruiz", email="anna@example.com", phone="(212) 555-0143", stage="client"),
    )


def standing(program, contact):
    found = program.get(f"contacts/{contact.pk}").json()
    return found["display_name"], found["email"], found["phone"], found["stage"]


def test_both_stand_side_by_side_with_what_is_likely(till, two):
    ana, anna = two
    look = till.get(f"contacts/{ana.pk}/merges/look/{anna.pk}").json()
    assert (look["contact_id"], look["other_id"]) == (str(ana.pk), str(anna.pk))
    assert look["fields"] == [
        {"field": "name", "value": "Ana Ruiz", "other": "Anna Ruiz", "is_taken": False},
        {"field": "email", "value": "ana@example.com", "other": "anna@example.com", "is_taken": False},
        {"field": "phone", "value": "+12125550142", "other": "+12125550143", "is_taken": False},
        {"field": "stage", "value": "prospect", "other": "client", "is_taken": True},
    ]
    for person, version in ((ana, look["version"]), (anna, look["other_version"])):
        assert till.get(f"contacts/{person.pk}").json()["version"] == version


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (None, ("Ana Ruiz", "ana@example.com", "+12125550142", "client")),
        ([], ("Ana Ruiz", "ana@example.com", "+12125550142", "prospect")),
        (["email", "name"], ("Anna Ruiz", "anna@example.com", "+12125550142", "prospect")),
    ],
)
def test_two_are_made_one_and_parted_again(till, bakery, nora, two, take, expected):
    ana, anna = two
    before = [standing(till, person) for person in two]
    body = {"other_id": str(anna.pk)} | ({} if take is None else {"take": take})
    made = till.post(f"contacts/{ana.pk}/merges", body, idempotency_key="m1")
    assert (made.status_code, made.json()["contact_id"], made.json()["merged_id"]) == (201, str(ana.pk), str(anna.pk))
    assert till.post(f"contacts/{ana.pk}/merges", body, idempotency_key="m1").content == made.content
    assert standing(till, ana) == expected
    assert till.get(f"contacts/{anna.pk}")["Location"] == f"/api/v1/contacts/{ana.pk}"
    assert till.get(made["Location"]).json() == made.json()
    assert till.get(f"contacts/{ana.pk}/merges").json()["items"] == [made.json()]
    # They are one already; and the record that is gone is no person to make anybody one with.
    assert till.post(f"contacts/{ana.pk}/merges", body).status_code == 404
    assert till.post(f"contacts/{anna.pk}/merges", {"other_id": str(ana.pk)}).status_code == 404
    parted = till.post(f"{made['Location']}/undo", None)
    assert (parted.status_code, parted.json()["stayed"], parted.json()["kept"]) == (200, 0, [])
    assert parted.json()["undone_at"]
    assert till.post(f"{made['Location']}/undo", None).json() == parted.json()
    assert [standing(till, person) for person in two] == before
    with business_scope(bakery):
        acts = AuditEntry.objects.filter(action__in=["contact_merged", "contact_parted"]).order_by("id")
        assert list(acts.values_list("action", flat=True)) == ["contact_merged", "contact_parted"]
        assert {one.actor_user_id for one in acts} == {nora.pk}


def test_rel_23_from_an_old_copy_of_either_nobody_is_made_one(till, bakery, two):
    ana, anna = two
    look = till.get(f"contacts/{ana.pk}/merges/look/{anna.pk}").json()
    tag = till.get(f"contacts/{ana.pk}")["ETag"]
    seen = {"other_id": str(anna.pk), "version": look["version"], "other_version": look["other_version"]}
    till.patch(f"contacts/{anna.pk}", {"given_name": "Annette"})
    refused = till.post(f"contacts/{ana.pk}/merges", seen)
    assert (refused.status_code, refused.json()["code"]) == (409, "stale_edit")
    assert refused.json()["current"]["given_name"] == "Annette"
    fresh = seen | {"other_version": refused.json()["version"]}
    till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"})
    for body, headers, status in (
        (fresh, {}, 409),
        ({"other_id": str(anna.pk)}, {"if_match": tag}, 412),
    ):
        refused = till.post(f"contacts/{ana.pk}/merges", body, **headers)
        assert (refused.status_code, refused.json()["current"]["given_name"]) == (status, "Anita")
    with business_scope(bakery):
        assert not MergeOperation.objects.exists()
    fresh["version"] = refused.json()["version"]
    assert till.post(f"contacts/{ana.pk}/merges", fresh).status_code == 201


def test_a_merge_that_cannot_be_is_refused_and_changes_nothing(till, bakery, two, garage):
    ana, anna = two
    theirs = make_contact(garage, "Theo Hale")
    where = f"contacts/{ana.pk}/merges"
    same = till.post(where, {"other_id": str(ana.pk)})
    assert (same.status_code, same.json()["code"]) == (400, "merge_same")
    answers = [till.post(where, {"other_id": str(one)}) for one in (theirs.pk, uuid4())]
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert {till.get(f"{where}/look/{one}").status_code for one in (theirs.pk, uuid4())} == {404}
    refused = till.post(where, {"other_id": str(anna.pk), "take": ["tags"]})
    assert list(refused.json()["errors"]) == ["take.0"]
    with business_scope(bakery):
        assert not MergeOperation.objects.exists()
        assert Contact.objects.filter(pk__in=[ana.pk, anna.pk], deleted_at=None).count() == 2


def test_two_are_parted_for_thirty_days(till, two):
    ana, anna = two
    made = till.post(f"contacts/{ana.pk}/merges", {"other_id": str(anna.pk)})
    with time_machine.travel(now() + timedelta(days=31)):
        refused = till.post(f"{made['Location']}/undo", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_too_late")
    till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"})
    other = till.post(
        f"contacts/{ana.pk}/merges", {"other_id": till.post("contacts", {"given_name": "A"}).json()["id"]}
    )
    till.delete(f"contacts/{ana.pk}")
    refused = till.post(f"{other['Location']}/undo", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "merged_on")


def test_pairs_are_looked_for_named_and_kept_apart(till, bakery):
    assert till.get("duplicates/search").json()["state"] is None
    ana = make_contact(bakery, "Ana Ruiz", phone="(212) 555-0142")
    anna = make_contact(bakery, "Anna Ruiz", phone="(212) 555-0142")
    begun = till.post("duplicates/search", None)
    assert (begun.status_code, begun.json()["state"]) == (202, "waiting")
    work_jobs(bakery.pk, now())
    found = till.get("duplicates/search").json()
    assert (found["state"], found["message"]) == ("done", "Looked at everybody: 1 pair is alike.")
    (pair,) = till.get("duplicates").json()["items"]
    assert [one["contact_id"] for one in pair["people"]] == [str(ana.pk), str(anna.pk)]
    assert (pair["score"], pair["reasons"]) == (80, ["same_phone"])
    assert till.post(f"duplicates/{pair['id']}/apart", None).status_code == 204
    till.post("duplicates/search", None)
    work_jobs(bakery.pk, now())
    assert till.get("duplicates").json()["items"] == []
    with business_scope(bakery):
        assert DuplicateCandidate.objects.get().state == "apart"


def test_sec_27_whoever_may_not_take_people_off_the_lists_makes_nobody_one(till, bakery, nora, two):
    ana, anna = two
    narrow = make_program(bakery, nora, Scope.CONTACTS_READ, Scope.CONTACTS_WRITE, Scope.CONTACTS_DELETE)
    assert narrow.post(f"contacts/{ana.pk}/merges", {"other_id": str(anna.pk)}).status_code == 403
    reader = make_program(bakery, nora, Scope.MERGES_READ)
    assert reader.get(f"contacts/{ana.pk}/merges/look/{anna.pk}").status_code == 200
    assert reader.post(f"contacts/{ana.pk}/merges", {"other_id": str(anna.pk)}).status_code == 403
    made = till.post(f"contacts/{ana.pk}/merges", {"other_id": str(anna.pk)})
    with business_scope(bakery):
        Membership.objects.filter(user=nora).update(role="staff")
    assert till.post(f"{made['Location']}/undo", None).status_code == 403
    assert till.get("duplicates").status_code == 403
