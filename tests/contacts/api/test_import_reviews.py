"""After a list came in, over the API: what differs, rows to mend, and taking it back."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from contacts.models import ConsentState, Contact, Import, ImportChange, ImportProblem
from contacts.services import import_changes
from contacts.services.topics import add_topic
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from ecosystem.scopes import Scope
from ecosystem.services.jobs import work_jobs
from tests.factories.api import make_program
from tests.factories.contacts import make_contact

ROWS = [
    {
        "given_name": "Anna",
        "family_name": "Ruiz-Gil",
        "email": "ana@example.com",
        "phone": "(212) 555-0142",
        "street": "12 Mill Lane",
        "city": "Marlow Bend",
        "stage": "client",
    },
    {"given_name": "Bo", "email": "bo@example.com", "stage": ""},
    {"given_name": "Cy", "email": "cy@@example", "phone": ""},
]


@pytest.fixture
def ana(bakery):
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0100", stage="prospect")


def bring_in(program, business, **said):
    """Bring the rows in to the end; where the list is."""
    made = program.post("imports", {"name": "Fair", "rows": ROWS, **said})
    assert made.status_code == 202, made.content
    work_jobs(business.pk, now())
    return made["Location"]


def test_differences_stand_side_by_side_and_nothing_changes_before_an_answer(till, bakery, ana):
    where = bring_in(till, bakery, known="ask")
    told = till.get(where).json()
    assert (told["asked"], told["changed"], told["added"], told["is_at_work"]) == (1, 0, 1, False)
    (one,) = till.get(f"{where}/differences").json()["items"]
    assert (one["contact_id"], one["line"], one["name"]) == (str(ana.pk), 2, "Ana Ruiz")
    assert one["fields"] == [
        {"field": "name", "ours": "Ana Ruiz", "theirs": "Anna Ruiz-Gil"},
        {"field": "phone", "ours": "+12125550100", "theirs": "+12125550142"},
        {"field": "postal", "ours": "", "theirs": "12 Mill Lane\nMarlow Bend"},
        {"field": "stage", "ours": "prospect", "theirs": "client"},
    ]
    before = till.get(f"contacts/{ana.pk}").json()
    assert (before["display_name"], before["postal"]) == ("Ana Ruiz", "")
    body = {"answers": [{"difference_id": one["id"], "take": ["phone", "postal", "stage"]}]}
    first = till.post(f"{where}/answers", body, idempotency_key="a1")
    assert (first.status_code, first.json()["asked"], first.json()["changed"]) == (200, 0, 1)
    assert till.post(f"{where}/answers", body, idempotency_key="a1")["Idempotent-Replay"] == "true"
    after = till.get(f"contacts/{ana.pk}").json()
    assert (after["display_name"], after["phone"], after["stage"]) == ("Ana Ruiz", "+12125550142", "client")
    assert after["postal"] == "12 Mill Lane\nMarlow Bend"
    assert till.get(f"{where}/differences").json()["items"] == []
    # Answered once, it is answered: a second word changes nobody.
    assert (
        till.post(f"{where}/answers", {"answers": [{"difference_id": one["id"], "take": ["name"]}]}).json()["changed"]
        == 1
    )
    assert till.get(f"contacts/{ana.pk}").json()["version"] == after["version"]


def test_one_answer_for_all_is_given_at_once_or_in_the_background(till, bakery, ana, monkeypatch):
    where = bring_in(till, bakery, known="ask")
    assert till.post(f"{where}/answers", {"all": "ours"}).json()["asked"] == 0
    assert till.get(f"contacts/{ana.pk}").json()["stage"] == "prospect"
    where = bring_in(till, bakery, known="ask")
    monkeypatch.setattr(import_changes, "MOST_AT_ONCE", 0)
    told = till.post(f"{where}/answers", {"all": "theirs"}).json()
    assert (told["asked"], told["is_at_work"]) == (1, True)
    refused = till.post(f"{where}/answers", {"all": "ours"})
    assert (refused.status_code, refused.json()["code"]) == (409, "import_at_work")
    work_jobs(bakery.pk, now())
    assert till.get(where).json()["asked"] == 0
    assert till.get(f"contacts/{ana.pk}").json()["display_name"] == "Anna Ruiz-Gil"


def test_sec_27_a_rung_is_taken_with_the_scope_of_moving_alone(till, bakery, nora, ana):
    where = bring_in(till, bakery, known="ask")
    (one,) = till.get(f"{where}/differences").json()["items"]
    narrow = make_program(bakery, nora, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE)
    for body in ({"all": "theirs"}, {"answers": [{"difference_id": one["id"], "take": ["stage"]}]}):
        refused = narrow.post(f"{where}/answers", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert till.get(f"contacts/{ana.pk}").json()["stage"] == "prospect"
    taken = narrow.post(f"{where}/answers", {"answers": [{"difference_id": one["id"], "take": ["phone"]}]})
    assert (taken.status_code, taken.json()["changed"]) == (200, 1)


def test_answers_that_are_none_are_refused_and_change_nothing(till, bakery, ana):
    where, other = bring_in(till, bakery, known="ask"), bring_in(till, bakery, known="ask")
    (one,) = till.get(f"{where}/differences").json()["items"]
    for body, field in (
        ({}, "answers"),
        ({"all": "theirs", "answers": [{"difference_id": one["id"], "take": []}]}, "answers"),
        ({"all": "mine"}, "all"),
        ({"answers": [{"difference_id": one["id"], "take": ["email"]}]}, "answers.0.take.0"),
    ):
        refused = till.post(f"{where}/answers", body)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    body = {"answers": [{"difference_id": one["id"], "take": ["phone"]}]}
    assert till.post(f"{other}/answers", body).status_code == 404
    body["answers"].append({"difference_id": str(uuid4()), "take": ["phone"]})
    assert till.post(f"{where}/answers", body).status_code == 404
    assert till.get(f"contacts/{ana.pk}").json()["phone"] == "+12125550100"


def test_a_row_is_mended_by_its_cells_and_its_person_comes_in(till, bakery):
    where = bring_in(till, bakery)
    (problem,) = till.get(f"{where}/problems").json()["items"]
    row = f"{where}/problems/{problem['id']}"
    still = till.patch(row, {"email": "cy@@x"})
    assert (still.status_code, still.json()["is_in"]) == (200, False)
    assert (still.json()["problem"]["code"], "cy@@x" in still.json()["problem"]["row"]) == ("email_invalid", True)
    for body, field in (({"organization": "Mill"}, "organization"), ({"nickname": "C"}, "nickname")):
        refused = till.patch(row, body)
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    done = till.patch(row, {"email": "cy@example.com", "phone": "(212) 555-0143"}, idempotency_key="m1")
    assert (done.status_code, done.json()) == (200, {"is_in": True, "problem": None})
    assert till.patch(row, {"email": "cy@example.com", "phone": "(212) 555-0143"}, idempotency_key="m1").json()["is_in"]
    assert till.patch(row, {"email": "cy@example.com"}).status_code == 404
    cy = till.get("contacts?email=cy@example.com").json()["items"][0]
    assert (cy["given_name"], cy["phone"], cy["source"]) == ("Cy", "+12125550143", "import")
    told = till.get(where).json()
    assert (told["problems"], told["added"]) == (0, 3)


def test_a_row_is_left_out(till, bakery):
    where = bring_in(till, bakery)
    (problem,) = till.get(f"{where}/problems").json()["items"]
    row = f"{where}/problems/{problem['id']}"
    assert till.delete(row).status_code == 204
    assert till.delete(row).status_code == 404
    assert till.get(f"{where}/problems").json()["items"] == []
    assert till.get(where).json()["problems"] == 0


def test_sec_59_a_row_that_may_tell_of_a_yes_is_mended_with_the_scope_of_it_alone(till, bakery, nora):
    with business_scope(bakery):
        topic = add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)
    yes = {"rule": "all", "topic_id": str(topic.pk), "source": "Paper form", "said_on": "2026-01-05"}
    where = bring_in(till, bakery, **yes)
    (problem,) = till.get(f"{where}/problems").json()["items"]
    row, cells = f"{where}/problems/{problem['id']}", {"email": "cy@example.com"}
    refused = make_program(bakery, nora, Scope.IMPORTS_WRITE).patch(row, cells)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    with business_scope(bakery):
        assert not Contact.objects.filter(primary_email="cy@example.com").exists()
    wide = make_program(bakery, nora, Scope.IMPORTS_WRITE, Scope.CONSENTS_WRITE)
    assert wide.patch(row, cells).json()["is_in"]
    with business_scope(bakery):
        assert ConsentState.objects.filter(contact__primary_email="cy@example.com", state="granted").exists()


def test_a_rung_is_mended_into_a_list_that_changes_known_people_with_the_scope_of_moving(till, bakery, nora):
    where = bring_in(till, bakery, known="update")
    (problem,) = till.get(f"{where}/problems").json()["items"]
    narrow, row = make_program(bakery, nora, Scope.IMPORTS_WRITE), f"{where}/problems/{problem['id']}"
    assert narrow.patch(row, {"email": "bo@example.com", "stage": "advocate"}).status_code == 403
    assert till.get("contacts?email=bo@example.com").json()["items"][0]["stage"] == "suspect"


def test_a_list_is_taken_back_once_and_tells_what_became_of_it(till, bakery, ana):
    where = bring_in(till, bakery, known="update")
    told = till.get(where).json()
    assert (told["changed"], told["undo_asked_at"]) == (1, None)
    assert told["undo_until"] > told["ended_at"]
    bo = till.get("contacts?email=bo@example.com").json()["items"][0]
    till.patch(f"contacts/{bo['id']}", {"family_name": "Lind"})
    first = till.post(f"{where}/undo", None, idempotency_key="u1")
    assert (first.status_code, first.json()["is_at_work"], first.json()["undo_until"]) == (202, True, None)
    assert till.post(f"{where}/undo", None, idempotency_key="u1").content == first.content
    work_jobs(bakery.pk, now())
    told = till.get(where).json()
    assert told["undone"] == {"removed": 0, "restored": 1, "kept": 1, "yeses": 0, "firms": 0}
    assert till.post(f"{where}/undo", None).json()["undo_asked_at"] == told["undo_asked_at"]
    stands = till.get(f"contacts/{ana.pk}").json()
    assert (stands["display_name"], stands["stage"], stands["postal"]) == ("Ana Ruiz", "prospect", "")
    assert till.get(f"{where}/kept").json()["items"] == [
        {"contact_id": bo["id"], "name": "Bo Lind", "why": "edited", "title": "Somebody changed them since."}
    ]
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="import_undone").count() == 1
    # What was taken back is answered and mended no more.
    (problem,) = till.get(f"{where}/problems").json()["items"]
    assert till.patch(f"{where}/problems/{problem['id']}", {"email": "cy@example.com"}).status_code == 409
    assert till.post(f"{where}/answers", {"all": "ours"}).status_code == 409


def test_a_list_is_not_taken_back_while_it_comes_in_nor_after_thirty_days(till, bakery):
    made = till.post("imports", {"name": "Fair", "rows": ROWS})["Location"]
    refused = till.post(f"{made}/undo", None, idempotency_key="u1")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_not_over")
    work_jobs(bakery.pk, now())
    with time_machine.travel(now() + timedelta(days=31)):
        refused = till.post(f"{made}/undo", None)
        assert (refused.status_code, refused.json()["code"]) == (409, "undo_too_late")
    # The same call, with its key: it is over by now.
    assert till.post(f"{made}/undo", None, idempotency_key="u1").status_code == 202


def test_sec_01_lists_of_another_business_are_not_there(till, bakery, garage, gus):
    other = make_program(garage, gus)
    make_contact(garage, "Ana Ruiz", email="ana@example.com", phone="(212) 555-0100", stage="prospect")
    where = bring_in(other, garage, known="ask")
    (one,), (problem,) = (other.get(f"{where}/{name}").json()["items"] for name in ("differences", "problems"))
    own = bring_in(till, bakery, known="ask")
    calls = [
        ("get", f"{where}/differences", None),
        ("get", f"{where}/kept", None),
        ("post", f"{where}/undo", None),
        ("post", f"{where}/answers", {"all": "theirs"}),
        ("post", f"{own}/answers", {"answers": [{"difference_id": one["id"], "take": ["phone"]}]}),
        ("patch", f"{own}/problems/{problem['id']}", {"email": "x@example.com"}),
        ("delete", f"{own}/problems/{problem['id']}", None),
    ]
    assert [till.call(*call).status_code for call in calls] == [404] * len(calls)
    with business_scope(garage):
        assert ImportChange.objects.get().state == "asked"
        assert ImportProblem.objects.count() == 1
        assert Import.objects.get().undo_asked_at is None
