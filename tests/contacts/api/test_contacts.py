"""People over the API: added, read, found, changed, taken off the lists."""

from uuid import uuid4

import pytest

from contacts.api.contacts import ContactOut
from contacts.models import Contact, ContactPoint, StageChange
from contacts.services.contacts import delete_contact
from contacts.services.merging import merge_contacts
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import KindSetting, Membership
from tests.factories.api import make_program
from tests.factories.contacts import make_contact, make_contacts


def test_a_person_is_added_with_everything_and_read_back(till, bakery):
    made = till.post(
        "contacts",
        {
            "given_name": "Ben",
            "family_name": "Okafor",
            "email": "Ben@Example.com",
            "phone": "+1 202 555 0123",
            "source_detail": "Shop",
            "stage": "prospect",
            "roles": ["vendor"],
            "tags": ["Regular"],
        },
    )
    assert made.status_code == 201
    found = made.json()
    assert made["Location"] == f"/api/v1/contacts/{found['id']}"
    assert made["ETag"] == f'"{found["version"]}"'
    assert (found["display_name"], found["email"], found["phone"]) == ("Ben Okafor", "ben@example.com", "+12025550123")
    assert (found["stage"], found["roles"], found["tags"], found["source"]) == (
        "prospect",
        ["vendor"],
        ["Regular"],
        "api",
    )
    assert till.get(made["Location"]).json() == found
    with business_scope(bakery):
        assert StageChange.objects.get().actor_kind == StageChange.Actor.API


def test_what_postgresql_prints_is_what_the_openapi_file_promises(till, bakery, ana):
    with business_scope(bakery):
        contact = Contact.objects.get(pk=ana.pk)
    printed = till.get(f"contacts/{ana.pk}").json()
    expected = ContactOut(
        {
            **{name: getattr(contact, name) for name in printed if hasattr(contact, name)},
            "email": contact.primary_email,
            "phone": contact.primary_phone,
            "postal": "",
            "roles": [],
            "kinds": [{"kind": "prospect", "label": "Prospect", "definition": printed["kinds"][0]["definition"]}],
            "tags": [],
        }
    ).data
    assert printed == expected


def test_a_person_says_what_their_kinds_are_called_and_who_that_is_here(till, bakery, garage):
    make_contact(bakery, "Ben Okafor", stage="client", roles=["vendor"])
    make_contact(bakery, "Cleo Marsh", roles=["partner"], stage=None)
    with business_scope(garage):
        KindSetting.objects.filter(kind="client").update(label="ZZDRIVER", definition="ZZDRIVES")
    with business_scope(bakery):
        KindSetting.objects.filter(kind="client").update(label="Regular", definition="Buys twice a month")
        KindSetting.objects.filter(kind="vendor").update(label="Miller", definition="")
    cleo, ben = till.get("contacts").json()["items"][:2]
    regular = {"kind": "client", "label": "Regular", "definition": "Buys twice a month"}
    assert ben["kinds"] == [regular, {"kind": "vendor", "label": "Miller", "definition": ""}]
    assert [one["kind"] for one in cleo["kinds"]] == ["partner"]
    assert till.get(f"contacts/{ben['id']}").json()["kinds"] == ben["kinds"]
    assert till.get("contacts?kind=client&touched=never").json()["items"][0]["kinds"] == ben["kinds"]
    told = {one["kind"]: one["definition"] for one in till.get("business").json()["kinds"]}
    assert (told["client"], told["vendor"]) == ("Buys twice a month", "")


def test_an_address_that_somebody_has_is_a_409_that_names_them(till, ana, bakery):
    refused = till.post("contacts", {"given_name": "Anna", "email": "ANA@example.com"})
    assert refused.status_code == 409
    assert (refused.json()["code"], refused.json()["contact_id"]) == ("email_taken", str(ana.pk))
    with business_scope(bakery):
        assert Contact.objects.filter(primary_email="ana@example.com").count() == 1


def test_a_body_that_is_not_right_is_told_field_by_field(till, bakery):
    refused = till.post("contacts", {"given_name": "A" * 81, "stage": "king", "roles": ["boss"], "business_id": 1})
    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"business_id"}
    refused = till.post("contacts", {"given_name": "A" * 81, "stage": "king", "roles": ["boss"], "tags": "x"})
    assert refused.json()["errors"].keys() == {"given_name", "stage", "roles.0", "tags"}
    assert till.post("contacts", {}).json()["errors"].keys() == {"given_name"}
    assert till.post("contacts", {"email": "x@@y"}).json()["errors"].keys() == {"email"}
    with business_scope(bakery):
        assert not Contact.objects.filter(source="api").exists()


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"7", b"null", b'"x"', b'{"given_name": null}', b"[" * 50])
def test_what_is_no_json_object_is_a_400(till, body):
    assert till.post("contacts", body).status_code == 400


def test_lists_are_filtered_by_kind_tag_and_address(till, bakery):
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="prospect", tags=["Café"])
    ben = make_contact(bakery, "Ben Okafor", stage="client", roles=["vendor"])
    make_contact(bakery, "Cleo Marsh", stage="suspect")

    def ids(query: str) -> list[str]:
        return [item["id"] for item in till.get(f"contacts?{query}").json()["items"]]

    assert ids("kind=client") == ids("kind=vendor") == [str(ben.pk)]
    assert ids("tag=cafe") == ids("email=Ana@example.com") == ids("kind=prospect&tag=Caf%C3%A9") == [str(ana.pk)]
    assert ids("tag=nobody") == ids("email=nobody@example.com") == ids("kind=client&tag=cafe") == []
    assert len(ids("")) == 4  # with Nora herself


@pytest.mark.parametrize(
    "query",
    [
        "kind=king",
        "email=x",
        "limit=201",
        "limit=0",
        "limit=9999999999999999",
        "cursor=x",
        "cursor=%00",
        "stage=king",
        "touched=often",
        "sort=-id",
        "channel=email",
        "begins=ana@",
        "topic_id=x",
        "kind=client%00",
        "owner__user__email=x",
        "ordering=-id",
        "fields=id",
        "include=owner",
        "search=a",
    ],
)
def test_a_parameter_that_is_wrong_or_unknown_is_a_400(till, query):
    refused = till.get(f"contacts?{query}")
    assert refused.status_code == 400
    assert query.partition("=")[0] in refused.json()["errors"]


def test_paging_gives_each_person_once_while_others_come_in(till, bakery):
    for _ in range(7):
        make_contact(bakery)
    before = {item["id"] for item in till.get("contacts").json()["items"]}
    seen, cursor = [], ""
    while cursor is not None:
        page = till.get(f"contacts?limit=2&cursor={cursor}" if cursor else "contacts?limit=2").json()
        seen += [item["id"] for item in page["items"]]
        make_contact(bakery)
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert set(seen) == before


def test_a_list_costs_the_same_for_3_as_for_30(till, bakery, django_assert_max_num_queries):
    make_contacts(bakery, 2)
    till.get("contacts")
    with django_assert_max_num_queries(40) as few:
        assert len(till.get("contacts").json()["items"]) == 3
    make_contacts(bakery, 27)
    with django_assert_max_num_queries(len(few)) as many:
        assert len(till.get("contacts").json()["items"]) == 30
    assert len(many) == len(few)


def test_only_the_fields_that_are_sent_are_changed(till, ana, bakery):
    changed = till.patch(f"contacts/{ana.pk}", {"phone": "+1 202 555 0188"})
    assert changed.status_code == 200
    found = changed.json()
    assert (found["phone"], found["email"], found["given_name"], found["stage"]) == (
        "+12025550188",
        "ana@example.com",
        "Ana",
        "prospect",
    )
    assert changed["ETag"] == f'"{found["version"]}"'


def test_a_postal_address_is_written_line_by_line_read_and_taken_away(till, bakery, ana):
    typed = " 12 Mill Lane \r\n\r\nMarlow Bend, NY 10001"
    kept = "12 Mill Lane\nMarlow Bend, NY 10001"
    made = till.post("contacts", {"given_name": "Ben", "postal": typed}).json()
    assert made["postal"] == kept
    changed = till.patch(f"contacts/{ana.pk}", {"postal": typed})
    assert (changed.status_code, changed.json()["postal"], changed.json()["phone"]) == (200, kept, "")
    # Said again in another spelling of its lines it is no change.
    assert till.patch(f"contacts/{ana.pk}", {"postal": typed}).json()["version"] == changed.json()["version"]
    listed = {one["id"]: one["postal"] for one in till.get("contacts").json()["items"]}
    assert (listed[str(ana.pk)], listed[made["id"]]) == (kept, kept)
    filtered = till.get("contacts?sort=name").json()["items"]
    assert {one["postal"] for one in filtered if one["id"] == str(ana.pk)} == {kept}
    with business_scope(bakery):
        point = ContactPoint.objects.get(contact=ana, kind="postal")
        assert (point.value, point.value_norm) == (kept, "12 mill lane, marlow bend, ny 10001")
    row = {"id": str(ana.pk), "postal": "1 Quay"}
    assert till.post("contacts/batch", {"rows": [row]}).json()["updated"] == 1
    assert till.get(f"contacts/{ana.pk}").json()["postal"] == "1 Quay"
    refused = till.patch(f"contacts/{ana.pk}", {"postal": "x" * 201})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["postal"])
    assert till.patch(f"contacts/{ana.pk}", {"postal": ""}).json()["postal"] == ""
    with business_scope(bakery):
        assert not ContactPoint.objects.filter(contact=ana, kind="postal").exists()


def test_sec_10_a_key_whose_maker_became_an_adviser_reads_no_postal_address(till, bakery, nora, ana):
    till.patch(f"contacts/{ana.pk}", {"postal": "12 Mill Lane"})
    with business_scope(bakery):
        Membership.objects.filter(user=nora).update(role="adviser")
    for path in ("contacts", "contacts?sort=name", f"contacts/{ana.pk}"):
        answer = till.get(path)
        assert answer.status_code == 200
        assert b"12 Mill Lane" not in answer.content, path


def test_rel_23_a_change_from_an_old_copy_is_refused_and_tells_how_it_stands(till, ana):
    old = till.get(f"contacts/{ana.pk}")
    till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"})
    by_version = till.patch(f"contacts/{ana.pk}", {"given_name": "Anne", "version": old.json()["version"]})
    assert (by_version.status_code, by_version.json()["code"]) == (409, "stale_edit")
    assert by_version.json()["current"]["given_name"] == "Anita"
    by_header = till.patch(f"contacts/{ana.pk}", {"given_name": "Anne"}, if_match=old["ETag"])
    assert (by_header.status_code, by_header.json()["code"]) == (412, "stale")
    assert by_header.json()["current"]["given_name"] == "Anita"
    now_read = till.get(f"contacts/{ana.pk}")
    assert now_read.json()["given_name"] == "Anita"
    assert till.patch(f"contacts/{ana.pk}", {"given_name": "Anne"}, if_match=now_read["ETag"]).status_code == 200
    assert till.delete(f"contacts/{ana.pk}", if_match=old["ETag"]).status_code == 412


def test_rel_22_a_change_sent_twice_is_made_once_and_answered_alike(till, ana):
    first = till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"}, idempotency_key="k1")
    till.patch(f"contacts/{ana.pk}", {"given_name": "Anne"})
    again = till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"}, idempotency_key="k1")
    assert (again.status_code, again.content, again["Idempotent-Replay"]) == (200, first.content, "true")
    assert till.get(f"contacts/{ana.pk}").json()["given_name"] == "Anne"
    other = till.patch(f"contacts/{ana.pk}", {"given_name": "Abe"}, idempotency_key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_rel_22_the_same_answer_again_has_its_etag_and_its_place(till):
    first = till.post("contacts", {"given_name": "Ben"}, idempotency_key="k1")
    again = till.post("contacts", {"given_name": "Ben"}, idempotency_key="k1")
    assert again["Idempotent-Replay"] == "true"
    assert (again.status_code, again.content) == (201, first.content)
    assert (again["ETag"], again["Location"]) == (first["ETag"], first["Location"])
    assert again["Location"].endswith(first.json()["id"])


def test_a_deleted_person_is_off_every_list_and_kept(till, ana, bakery):
    assert till.delete(f"contacts/{ana.pk}").status_code == 204
    for path in ("", "/interactions", "/consents", "/stage-changes"):
        assert till.get(f"contacts/{ana.pk}{path}").status_code == 404
    assert str(ana.pk) not in till.get("contacts").content.decode()
    assert till.delete(f"contacts/{ana.pk}").status_code == 404
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).deleted_at is not None


def test_a_key_of_staff_cannot_delete_what_staff_cannot(bakery, sam, ana):
    program = make_program(bakery, sam, "contacts:read", "contacts:write")
    assert program.delete(f"contacts/{ana.pk}").status_code == 403
    assert program.get(f"contacts/{ana.pk}").status_code == 200


def test_an_id_of_nobody_and_of_another_business_are_one_404(till, garage):
    theirs = make_contact(garage, "Theo Hale", email="theo@example.com")
    bodies = {till.get(f"contacts/{one}").content for one in (theirs.pk, uuid4())}
    assert len(bodies) == 1
    assert till.get("contacts/not-an-id").status_code == 404
    assert till.get("contacts?email=theo@example.com").json()["items"] == []


def test_an_address_of_a_deleted_person_asks_to_bring_them_back(till, ana, bakery, nora):
    with business_scope(bakery, nora):
        delete_contact(ana, actor=None, now=now())
    refused = till.post("contacts", {"email": "ana@example.com"})
    assert refused.status_code == 409
    assert "contact_id" not in refused.json()


def test_the_id_of_a_record_made_one_with_another_leads_there(till, bakery):
    ana, anna = make_contact(bakery, "Ana Ruiz"), make_contact(bakery, "Anna Ruiz")
    with business_scope(bakery):
        merge_contacts(ana.pk, anna.pk, choices={}, actor=None, now=now())
    answer = till.get(f"contacts/{anna.pk}")
    assert (answer.status_code, answer["Location"]) == (301, f"/api/v1/contacts/{ana.pk}")
    assert (answer.json()["code"], answer.json()["new_id"]) == ("contact_merged", str(ana.pk))
    assert till.patch(f"contacts/{anna.pk}", {"given_name": "Zz"}).status_code == 404
