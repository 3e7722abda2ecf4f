"""What stands around people, over the API: firms, tags, roles, notes, next steps."""

from uuid import uuid4

from contacts.models import Affiliation, Note, Organization
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.api import make_program
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import membership_of


def test_an_organization_is_added_read_changed_and_taken_off_and_back(till, ana, bakery):
    made = till.post("organizations", {"name": " Marlow  Mill ", "main_contact_id": str(ana.pk)})
    assert (made.status_code, made.json()["name"], made["ETag"]) == (201, "Marlow Mill", '"1"')
    assert till.get(made["Location"]).json() == made.json()
    people = till.get(f"{made['Location']}/people").json()["items"]
    assert [(one["contact_id"], one["contact_name"]) for one in people] == [(str(ana.pk), "Ana Ruiz")]
    changed = till.patch(made["Location"], {"website": "https://example.com/mill"}, if_match=made["ETag"])
    assert (changed.status_code, changed.json()["website"], changed.json()["name"]) == (
        200,
        "https://example.com/mill",
        "Marlow Mill",
    )
    assert changed.json()["main_contact_id"] == str(ana.pk)
    for refused, status in (
        (till.patch(made["Location"], {"name": "Mill"}, if_match=made["ETag"]), 412),
        (till.patch(made["Location"], {"name": "Mill", "version": 1}), 409),
        (till.delete(made["Location"], if_match=made["ETag"]), 412),
    ):
        assert (refused.status_code, refused.json()["current"]) == (status, changed.json())
    assert till.post(f"{made['Location']}/roles", {"kind": "vendor"}).json()["kinds"] == ["vendor"]
    assert till.delete(made["Location"]).json()["code"] == "organization_has_roles"
    role = till.get(f"contacts/{ana.pk}/roles").json()["items"][0]
    assert till.delete(f"contacts/{ana.pk}/roles/{role['id']}").status_code == 204
    assert till.delete(made["Location"]).status_code == 204
    assert till.get(made["Location"]).status_code == 404
    assert till.post(f"{made['Location']}/restore", {}).status_code == 200
    with business_scope(bakery):
        assert Organization.objects.get().deleted_at is None


def test_a_firm_whose_main_contact_is_off_the_list_is_changed_ended_and_taken_off(till, ana):
    mill = till.post("organizations", {"name": "Marlow Mill", "main_contact_id": str(ana.pk)})["Location"]
    assert till.post(f"{mill}/roles", {"kind": "vendor"}).status_code == 200
    role = till.get(f"contacts/{ana.pk}/roles").json()["items"][0]
    assert till.delete(f"contacts/{ana.pk}").status_code == 204
    changed = till.patch(mill, {"website": "https://example.com/mill"})
    assert (changed.status_code, changed.json()["main_contact_id"]) == (200, str(ana.pk))
    assert till.post(f"{mill}/roles", {"kind": "partner"}).json()["code"] == "organization_without_main_contact"
    assert till.delete(mill).status_code == 409
    assert till.delete(f"contacts/{ana.pk}/roles/{role['id']}").status_code == 204
    assert till.get(mill).json()["kinds"] == []
    assert till.delete(mill).status_code == 204


def test_organizations_are_found_by_the_beginning_of_their_name_and_paged(till):
    for name in ("Ärmel", "armada", "Oven & Co"):
        till.post("organizations", {"name": name})
    assert [one["name"] for one in till.get("organizations?begins=AR").json()["items"]] == ["armada", "Ärmel"]
    assert [len(page) for page in till.pages("organizations?limit=2")] == [2, 1]
    assert till.get("organizations?name=x").status_code == 400


def test_a_person_belongs_somewhere_once_and_leaves(till, bakery):
    ben = make_contact(bakery, "Ben Okafor")
    first = till.post(f"contacts/{ben.pk}/affiliations", {"organization_name": "Oven & Co", "title": "Baker"})
    again = till.post(f"contacts/{ben.pk}/affiliations", {"organization_id": first.json()["organization_id"]})
    assert (first.status_code, again.json()) == (200, first.json())
    assert till.post(f"contacts/{ben.pk}/affiliations", {"title": "x"}).status_code == 400
    # The first one is the main contact; another one takes that over before they can leave.
    gone = till.delete(f"contacts/{ben.pk}/affiliations/{first.json()['id']}")
    assert (gone.status_code, gone.json()["code"]) == (409, "main_contact_stays")
    till.patch(f"organizations/{first.json()['organization_id']}", {"main_contact_id": None})
    assert till.delete(f"contacts/{ben.pk}/affiliations/{first.json()['id']}").status_code == 204
    assert till.get(f"contacts/{ben.pk}/affiliations").json()["items"] == []
    with business_scope(bakery):
        assert Affiliation.objects.get().ended_on is not None


def test_tags_are_put_on_and_taken_off_and_counted(till, ana):
    put = till.post(f"contacts/{ana.pk}/tags", {"names": ["Regular", "Café", "regular"]})
    assert [one["name"] for one in put.json()["items"]] == ["Café", "Regular"]
    assert [(one["name"], one["people"]) for one in till.get("tags").json()["items"]] == [("Café", 1), ("Regular", 1)]
    cafe = put.json()["items"][0]["id"]
    for _time in range(2):
        assert till.delete(f"contacts/{ana.pk}/tags/{cafe}").status_code == 204
    assert [one["name"] for one in till.get(f"contacts/{ana.pk}/tags").json()["items"]] == ["Regular"]
    assert len(till.call("put", f"contacts/{ana.pk}/tags/{cafe}").json()["items"]) == 2
    assert till.post(f"contacts/{ana.pk}/tags", {"names": []}).status_code == 400
    many = till.post(f"contacts/{ana.pk}/tags", {"names": [f"T{n}" for n in range(19)]})
    assert (many.status_code, many.json()["code"]) == (400, "too_many_tags")


def test_rel_23_a_note_is_changed_from_its_newest_copy_alone(till, ana, bakery):
    made = till.post(f"contacts/{ana.pk}/notes", {"body": "Likes rye"})
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    assert till.patch(made["Location"], {"body": "Likes spelt"}, if_match='"1"').status_code == 200
    old = till.patch(made["Location"], {"body": "Likes oats"}, if_match='"1"')
    assert (old.status_code, old.json()["current"]["body"]) == (412, "Likes spelt")
    assert till.patch(made["Location"], {"body": "Likes oats", "version": 1}).status_code == 409
    assert till.delete(made["Location"]).status_code == 204
    assert till.get(f"contacts/{ana.pk}/notes").json()["items"] == []
    assert till.post(f"{made['Location']}/restore", {}).json()["body"] == "Likes spelt"
    with business_scope(bakery):
        assert Note.objects.get().body == "Likes spelt"


def test_a_note_of_somebody_else_is_not_a_helpers_to_change(till, ana, bakery, nora, sam):
    made = till.post(f"contacts/{ana.pk}/notes", {"body": "Likes rye"})
    program = make_program(bakery, sam, "notes:read", "notes:write")
    with business_scope(bakery):
        Membership.objects.filter(user=sam).update(role=Role.HELPER)
    refused = program.patch(made["Location"], {"body": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "note_of_another")
    own = program.post(f"contacts/{ana.pk}/notes", {"body": "Came by"})
    assert program.patch(own["Location"], {"body": "Came by again"}).status_code == 200


def test_a_next_step_is_set_put_off_done_and_opened_again(till, ana, bakery, nora):
    url, member = f"contacts/{ana.pk}/next-steps", str(membership_of(bakery, nora).pk)
    made = till.post(url, {"what": "Call", "due_on": "2026-12-01", "assignee_id": member, "version": 0}).json()
    assert (made["what"], made["due_on"], made["assignee_id"]) == ("Call", "2026-12-01", member)
    stale = till.post(url, {"what": "Write", "due_on": "2026-12-01", "version": 0})
    assert (stale.status_code, stale.json()["code"]) == (409, "step_changed")
    assert till.post(url, {"what": "Write", "due_on": "2026-12-02"}).json()["id"] == made["id"]
    assert till.patch(f"{url}/{made['id']}", {"due_on": "2026-12-24"}).json()["due_on"] == "2026-12-24"
    assert [one["id"] for one in till.get("next-steps").json()["items"]] == [made["id"]]
    assert till.get(f"next-steps?assignee={uuid4()}").json()["items"] == []
    assert till.patch(f"{url}/{made['id']}", {"outcome": "done"}).json()["outcome"] == "done"
    assert till.get("next-steps").json()["items"] == []
    assert till.patch(f"{url}/{made['id']}", {"outcome": ""}).json()["closed_at"] is None
    assert till.patch(f"{url}/{made['id']}", {}).status_code == 400


def test_somebody_who_looks_after_a_person_is_of_the_team(till, ana, bakery, nora):
    member = str(membership_of(bakery, nora).pk)
    assert till.patch(f"contacts/{ana.pk}", {"owner_id": member}).json()["owner_id"] == member
    assert till.patch(f"contacts/{ana.pk}", {"owner_id": str(uuid4())}).status_code == 404
    assert [(one["id"], one["role"]) for one in till.get("team").json()["items"]] == [(member, "owner")]
    assert "nora@example.com" not in till.get("team").content.decode()


def test_a_person_who_was_taken_off_comes_back(till, ana):
    till.delete(f"contacts/{ana.pk}")
    assert till.post(f"contacts/{ana.pk}/restore", {}).status_code == 200
    assert till.get(f"contacts/{ana.pk}").status_code == 200
    assert till.post(f"contacts/{uuid4()}/restore", {}).status_code == 404


def test_sec_10_a_key_of_an_adviser_reads_no_address_and_no_word_that_was_said(till, ana, bakery, nora):
    till.patch(f"contacts/{ana.pk}", {"phone": "+1 202 555 0188"})
    call = {"kind": "call", "occurred_at": "2026-01-31T09:00:00Z", "source": "pbx", "note": "ZZSAID"}
    till.post(f"contacts/{ana.pk}/interactions", call)
    paths = [
        f"contacts/{ana.pk}{end}"
        for end in ("", "/interactions", "/tags", "/roles", "/affiliations", "/next-steps", "/consents")
    ]
    paths += ["contacts", "messages", "organizations", "next-steps", "team", "business"]
    told = b"".join(till.get(path).content for path in paths)
    assert all(text in told for text in (b"ana@example.com", b"+12025550188", b"ZZSAID"))
    with business_scope(bakery):
        Membership.objects.filter(user=nora).update(role=Role.ADVISER)
    answers = [till.get(path) for path in paths]
    assert {one.status_code for one in answers} == {200}
    for text in (b"ana@example.com", b"2025550188", b"ZZSAID"):
        assert all(text not in one.content for one in answers)
    # Nor may they find out by asking for one address after the other.
    assert till.get("contacts?email=ana@example.com").status_code == 403
    assert till.get(f"contacts/{ana.pk}/notes").status_code == 403
