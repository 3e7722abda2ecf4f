"""Many people in one call: an answer for each row, one change to many, and lists sent as rows."""

from uuid import uuid4

from contacts.models import BulkEdit, Contact, ContactTag
from contacts.services.topics import add_topic
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.scopes import Scope
from ecosystem.services.jobs import work_jobs
from tests.factories.api import make_program
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import membership_of


def outcomes(answer) -> list[str]:
    return [row["outcome"] for row in answer.json()["rows"]]


def test_each_row_is_taken_or_refused_by_itself_in_the_order_of_the_rows(till, ana, bakery):
    ben = make_contact(bakery, "Ben Okafor")
    answer = till.post(
        "contacts/batch",
        {
            "rows": [
                {"given_name": "Cleo", "email": "cleo@example.com", "stage": "prospect", "tags": ["New"]},
                {"given_name": "Broken", "email": "x@@y"},
                {"id": str(ben.pk), "phone": "+1 202 555 0188"},
                {"given_name": "Another", "email": "ANA@example.com"},
                {"id": str(uuid4()), "given_name": "Nobody"},
                {"given_name": "A" * 81},
                {"id": str(ben.pk), "stage": "client"},
                "no row",
                {"nickname": "x"},
                {"id": str(ana.pk), "given_name": "Ana"},
            ]
        },
    )
    assert answer.status_code == 200
    found = answer.json()
    assert outcomes(answer) == [
        "created", "refused", "updated", "refused", "refused", "refused", "refused", "refused", "refused", "unchanged",
    ]  # fmt: skip
    assert (found["created"], found["updated"], found["unchanged"], found["refused"]) == (1, 1, 1, 7)
    rows = found["rows"]
    assert [row["row"] for row in rows] == list(range(10))
    codes = [row["code"] for row in rows if row["outcome"] == "refused"]
    assert codes[1:4] == ["email_taken", "contact_not_found", "invalid"]
    assert codes[4] == "only_for_new"
    assert all(row["title"] for row in rows if row["outcome"] == "refused")
    assert rows[3]["contact_id"] == str(ana.pk)
    assert rows[1]["errors"].keys() == {"email"}
    assert rows[8]["errors"].keys() == {"nickname"}
    with business_scope(bakery):
        cleo = Contact.objects.get(primary_email="cleo@example.com")
        assert (cleo.stage, cleo.source, str(cleo.pk)) == ("prospect", "api", rows[0]["contact_id"])
        assert not Contact.objects.filter(given_name__in=["Broken", "Another"]).exists()
        assert Contact.objects.get(pk=ben.pk).primary_phone == "+12025550188"
        assert Contact.objects.get(pk=ben.pk).stage == "prospect"


def test_a_row_of_a_known_address_changes_them_where_that_is_wished(till, ana, bakery):
    row = {"email": "ana@example.com", "family_name": "Ruiz-Vega", "stage": "client", "tags": ["Shop"]}
    answer = till.post("contacts/batch", {"rows": [row, row], "when_known": "update"})
    assert outcomes(answer) == ["updated", "unchanged"]
    found = till.get(f"contacts/{ana.pk}").json()
    assert (found["family_name"], found["given_name"], found["tags"]) == ("Ruiz-Vega", "Ana", ["Shop"])
    # A program's list of addresses moves nobody on the ladder.
    assert found["stage"] == "prospect"


def test_rel_23_a_row_from_an_old_copy_is_refused(till, ana):
    version = till.get(f"contacts/{ana.pk}").json()["version"]
    till.patch(f"contacts/{ana.pk}", {"given_name": "Anita"})
    rows = [{"id": str(ana.pk), "given_name": "Anne", "version": version}]
    answer = till.post("contacts/batch", {"rows": rows})
    assert (outcomes(answer), answer.json()["rows"][0]["code"]) == (["refused"], "stale_edit")
    assert till.get(f"contacts/{ana.pk}").json()["given_name"] == "Anita"


def test_rel_22_many_people_sent_twice_are_made_once(till, bakery):
    body = {"rows": [{"given_name": f"P{n}"} for n in range(100)]}
    first = till.post("contacts/batch", body, idempotency_key="b1")
    again = till.post("contacts/batch", body, idempotency_key="b1")
    assert (again.content, again["Idempotent-Replay"]) == (first.content, "true")
    with business_scope(bakery):
        assert Contact.objects.filter(source="api").count() == 100
    too_many = till.post("contacts/batch", {"rows": body["rows"] + [{"given_name": "P"}]})
    assert (too_many.status_code, list(too_many.json()["errors"])) == (400, ["rows"])
    assert till.post("contacts/batch", {"rows": []}).status_code == 400


def test_people_of_another_business_are_nobody_in_a_row_or_a_change(till, garage, bakery):
    theirs = make_contact(garage, "Theo Hale")
    rows = [{"id": str(theirs.pk), "given_name": "X"}, {"id": str(uuid4()), "given_name": "X"}]
    answer = till.post("contacts/batch", {"rows": rows}).json()["rows"]
    assert [row["code"] for row in answer] == ["contact_not_found"] * 2
    edit = till.post("bulk-edits", {"act": "tag", "tag": "Mine", "people": [str(theirs.pk)]})
    assert (edit.status_code, edit.json()["changed"]) == (201, 0)
    for name in ("tag_id", "topic_id", "owner_id", "organization_id"):
        refused = till.post("bulk-edits", {"act": "tag", "tag": "M", "matching": {name: str(theirs.pk)}})
        assert refused.status_code == 404, name
    with business_scope(garage):
        assert not ContactTag.objects.exists()


def test_chosen_people_are_changed_at_once_and_stand_as_before_after_an_undo(till, bakery, nora):
    people = [make_contact(bakery, f"Ben {n}") for n in range(3)]
    ids = [str(one.pk) for one in people]
    edit = till.post("bulk-edits", {"act": "tag", "tag": "Wholesale", "people": ids})
    assert (edit.status_code, edit.json()["changed"], edit.json()["state"]) == (201, 3, "done")
    assert till.get(f"contacts/{ids[0]}").json()["tags"] == ["Wholesale"]
    back = till.post(f"{edit['Location']}/undo", {})
    assert (back.status_code, back.json()["undone"]) == (200, 3)
    assert till.get(f"contacts/{ids[0]}").json()["tags"] == []
    assert till.post(f"{edit['Location']}/undo", {}).json()["undone"] == 3
    member = str(membership_of(bakery, nora).pk)
    assert till.post("bulk-edits", {"act": "owner", "owner_id": member, "people": ids}).json()["changed"] == 3
    assert till.get(f"contacts/{ids[0]}").json()["owner_id"] == member


def test_all_who_match_are_changed_in_the_background(till, bakery):
    for number in range(4):
        make_contact(bakery, f"Ben {number}", stage="prospect")
    make_contact(bakery, "Cleo Marsh", stage="client")
    edit = till.post("bulk-edits", {"act": "stage", "stage": "client", "matching": {"kind": "prospect"}})
    assert (edit.status_code, edit.json()["state"], edit.json()["changed"]) == (202, "waiting", 0)
    work_jobs(bakery.pk, now())
    told = till.get(edit["Location"]).json()
    assert (told["state"], told["changed"], told["done"]) == ("done", 4, 4)
    assert till.post(f"{edit['Location']}/undo", {}).json()["undone"] == 4


def test_a_change_that_is_stopped_changes_nobody_any_more(till, bakery):
    make_contact(bakery, "Ben Okafor", stage="prospect")
    edit = till.post("bulk-edits", {"act": "tag", "tag": "X", "matching": {}})
    till.post(f"{edit['Location']}/stop", {})
    work_jobs(bakery.pk, now())
    assert till.get(edit["Location"]).json()["changed"] == 0


def test_many_people_are_moved_with_the_scope_of_moving_alone(bakery, nora, ana):
    program = make_program(bakery, nora, "contacts:write")
    refused = program.post("bulk-edits", {"act": "stage", "stage": "client", "people": [str(ana.pk)]})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    with business_scope(bakery):
        assert not BulkEdit.objects.exists()


def test_a_change_without_what_it_needs_is_a_400(till, ana):
    some = [str(ana.pk)]
    for body, field in (
        ({"act": "tag", "people": some}, "tag"),
        ({"act": "owner", "people": some}, "owner_id"),
        ({"act": "stage", "people": some}, "stage"),
        ({"act": "tag", "tag": "x"}, "people"),
        ({"act": "tag", "tag": "x", "people": some, "matching": {}}, "people"),
        ({"act": "tag", "tag": "x", "matching": {"ordering": "x"}}, "matching.ordering"),
    ):
        refused = till.post("bulk-edits", body)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])


def test_rows_are_brought_in_as_a_list_with_its_progress_and_its_problems(till, ana, bakery):
    rows = [
        {"given_name": 'Bea "the"', "family_name": "Baker, Jr", "email": "bea@example.com", "tags": "Fair"},
        {"given_name": "=cmd", "email": "x@@y"},
        {"email": "ana@example.com"},
    ]
    made = till.post("imports", {"name": "Spring fair", "rows": rows, "tags": ["2026"]})
    assert (made.status_code, made.json()["state"], made.json()["rows"]) == (202, "running", 3)
    work_jobs(bakery.pk, now())
    told = till.get(made["Location"]).json()
    assert (told["state"], told["added"], told["known"], told["problems"]) == ("done", 1, 1, 1)
    problems = till.get(f"{made['Location']}/problems").json()["items"]
    assert [(one["line"], one["row"][2]) for one in problems] == [(3, "x@@y")]
    assert problems[0]["title"].endswith(".")
    assert [one["name"] for one in till.get("imports").json()["items"]] == ["Spring fair"]
    with business_scope(bakery):
        bea = Contact.objects.get(primary_email="bea@example.com")
        assert (bea.display_name, bea.source) == ('Bea "the" Baker, Jr', "import")
    assert till.get(f"contacts/{bea.pk}").json()["tags"] == ["2026", "Fair"]


def test_a_list_with_a_yes_and_no_proof_is_refused_and_nothing_is_kept(till):
    body = {"name": "Fair", "rows": [{"email": "bea@example.com"}], "rule": "all"}
    refused = till.post("imports", body)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["topic_id", "source"])
    assert till.get("imports").json()["items"] == []
    stopped = till.post("imports", body | {"rule": "none"})
    assert till.post(f"{stopped['Location']}/stop", {}).status_code == 200


def test_a_topic_is_made_worded_anew_put_away_and_brought_back(till, ana):
    words = {"name": "Bread news", "promise": "Two a month", "promised_count": 2, "promised_days": 30}
    made = till.post("topics", words)
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    assert till.patch(made["Location"], {"promise": "One a month"}, if_match='"1"').json()["promise"] == "One a month"
    assert till.patch(made["Location"], {"promise": "x"}, if_match='"1"').status_code == 412
    assert till.post(f"{made['Location']}/archive", {}).json()["archived_at"]
    yes = {"says": "yes", "channel": "email", "topic_id": made.json()["id"], "source": "shop", "wording": "Yes"}
    yes |= {"occurred_at": "2026-01-31T09:00:00Z"}
    assert till.post(f"contacts/{ana.pk}/consents", yes).status_code == 404
    assert till.post(f"{made['Location']}/restore", {}).json()["archived_at"] is None
    assert till.post(f"contacts/{ana.pk}/consents", yes).status_code == 201
    holds = till.get(f"contacts/{ana.pk}/permissions").json()["items"]
    assert [(one["channel"], one["topic_id"], one["state"]) for one in holds] == [
        ("email", made.json()["id"], "granted")
    ]


def test_a_move_is_taken_back_once(till, ana):
    move = till.post(f"contacts/{ana.pk}/stage-changes", {"to_stage": "client", "reason": "Bought"}).json()
    undo = f"contacts/{ana.pk}/stage-changes/{move['id']}/undo"
    assert till.post(undo, {}).status_code == 201
    assert till.get(f"contacts/{ana.pk}").json()["stage"] == "prospect"
    assert till.post(undo, {}).status_code == 204


def test_a_list_needs_the_scopes_of_what_it_tells(bakery, nora):
    with business_scope(bakery):
        topic = add_topic(name="Fair news", promise="2 a month", promised_count=2, promised_days=30)
    ana = {"full_name": "Ana Ruiz", "email": "ana@example.com"}
    plain = {"name": "Fair", "rows": [ana]}
    yes = plain | {"rule": "all", "topic_id": str(topic.id), "source": "Paper form", "said_on": "2026-01-05"}
    rungs = plain | {"known": "update", "rows": [ana | {"stage": "client"}]}
    narrow = make_program(bakery, nora, Scope.IMPORTS_WRITE, Scope.IMPORTS_READ)
    assert [narrow.post("imports", body).status_code for body in (plain, yes, rungs)] == [202, 403, 403]
    assert narrow.get("imports").json()["items"][0]["name"] == "Fair"
    assert len(narrow.get("imports").json()["items"]) == 1
    wide = make_program(bakery, nora, Scope.IMPORTS_WRITE, Scope.CONSENTS_WRITE, Scope.STAGES_WRITE)
    assert [wide.post("imports", body).status_code for body in (yes, rungs)] == [202, 202]


def test_a_taking_back_that_was_stopped_goes_on_when_it_is_asked_for_again(till, bakery, monkeypatch):
    monkeypatch.setattr("contacts.services.bulk.SLICE", 2)
    monkeypatch.setattr("contacts.services.bulk.MOST_AT_ONCE", 3)
    for number in range(5):
        make_contact(bakery, f"P{number}", stage="client")
    made = till.post("bulk-edits", {"act": "stage", "stage": "advocate", "matching": {"kind": "client"}})["Location"]
    work_jobs(bakery.pk, now())
    assert till.get(made).json()["changed"] == 5
    assert till.post(f"{made}/undo", {}).json()["state"] == "waiting"
    assert till.post(f"{made}/stop", {}).status_code == 200
    work_jobs(bakery.pk, now())
    stopped = till.get(made).json()
    assert (stopped["state"], stopped["undone"]) == ("cancelled", 0)
    assert till.post(f"{made}/undo", {}).json()["state"] == "waiting"
    work_jobs(bakery.pk, now())
    done = till.get(made).json()
    assert (done["state"], done["undone"]) == ("done", 5)
    assert till.post(f"{made}/undo", {}).json() == done
