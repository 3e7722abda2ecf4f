"""Before a list comes in, over the API: what would become of it; and rows to mend that somebody else wrote into."""

import pytest

from contacts.models import Contact, Import, ImportCheck, ImportProblem
from contacts.services.import_checks import CHECK_JOB, work_check
from contacts.services.import_problems import mend_problem
from contacts.services.topics import add_topic
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Job
from ecosystem.scopes import Scope
from ecosystem.services.jobs import work_jobs
from ecosystem.services.quotas import set_quotas
from tests.factories.api import make_program
from tests.factories.contacts import make_contact

ROWS = [
    {"full_name": "Ana Ruiz", "email": "ana@example.com"},
    {"full_name": "Bo Lind", "email": "bo@example.com"},
    {"full_name": "Bo Lind", "email": "BO@example.com"},
    {"full_name": "Cy", "email": "cy@@example"},
]


pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(bakery):
    return make_contact(bakery, "Ana Ruiz", email="ana@example.com")


def counts(told):
    return {name: told[name] for name in ("people", "known", "returning", "permitted", "problems")}


def test_a_list_is_looked_through_with_progress_and_nobody_comes_in_before_its_start(till, bakery, ana):
    with business_scope(bakery):
        topic = add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)
    yes = {"rule": "all", "topic_id": str(topic.pk), "source": "Paper form", "said_on": "2026-01-05"}
    made = till.post("imports", {"name": "Fair", "rows": ROWS, "check_first": True, **yes}, idempotency_key="c1")
    assert (made.status_code, made.json()["state"], made.json()["is_at_work"]) == (202, "permitted", False)
    where = made["Location"]
    first = till.get(f"{where}/check").json()
    assert (first["state"], first["rows"], first["done"], first["ended_at"]) == ("waiting", 4, 0, None)
    with business_scope(bakery):
        job_id = Job.objects.get(kind=CHECK_JOB).pk
    assert work_check(bakery.pk, job_id, slice_rows=2)
    half = till.get(f"{where}/check").json()
    assert (half["done"], counts(half)["people"], counts(half)["known"]) == (2, 2, 1)
    work_jobs(bakery.pk, now())
    told = till.get(f"{where}/check").json()
    assert (told["state"], told["done"], told["message"]) == ("done", 4, "")
    assert counts(told) == {"people": 2, "known": 1, "returning": 0, "permitted": 2, "problems": 1}
    (problem,) = till.get(f"{where}/problems").json()["items"]
    assert (problem["line"], problem["code"]) == (5, "email_invalid")
    with business_scope(bakery):
        assert not Contact.objects.filter(primary_email="bo@example.com").exists()
        assert not AuditEntry.objects.filter(action="import_started").exists()
    # Its rows are mended once it is in.
    assert till.patch(f"{where}/problems/{problem['id']}", {"email": "cy@example.com"}).status_code == 409
    started = till.post(f"{where}/start", None, idempotency_key="s1")
    assert (started.status_code, started.json()["state"]) == (202, "running")
    assert till.post(f"{where}/start", None).json()["state"] == "running"
    refused = till.get(f"{where}/check")
    assert (refused.status_code, refused.json()["code"]) == (404, "check_not_found")
    work_jobs(bakery.pk, now())
    done = till.get(where).json()
    assert (done["state"], done["added"], done["permitted"], done["problems"]) == ("done", 1, 2, 1)


def test_a_list_that_was_looked_through_is_put_away(till, bakery):
    where = till.post("imports", {"name": "Fair", "rows": ROWS, "check_first": True})["Location"]
    assert till.post(f"{where}/stop", None).json()["state"] == "cancelled"
    assert till.get(f"{where}/check").status_code == 404
    ended_at = till.get(where).json()["ended_at"]
    refused = till.post(f"{where}/start", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "import_over")
    assert refused.json()["title"] == "This list was put away. Bring it in anew."
    # Put away twice, it is put away since the first time.
    assert till.post(f"{where}/stop", None).json()["ended_at"] == ended_at
    work_jobs(bakery.pk, now())
    with business_scope(bakery):
        assert not Contact.objects.filter(primary_email="bo@example.com").exists()
        assert (ImportCheck.objects.count(), ImportProblem.objects.count()) == (0, 0)


def test_what_is_asked_of_a_list_that_is_over_is_refused_in_plain_words(till, bakery):
    where = till.post("imports", {"name": "Fair", "rows": ROWS})["Location"]
    assert till.post(f"{where}/stop", None).status_code == 200
    work_jobs(bakery.pk, now())
    assert till.get(where).json()["state"] == "cancelled"
    assert till.post(f"{where}/stop", None).json()["state"] == "cancelled"
    stopped = till.post(f"{where}/start", None)
    where = till.post("imports", {"name": "Fair", "rows": ROWS})["Location"]
    work_jobs(bakery.pk, now())
    # Its start came through, and so it is said once more.
    assert (till.post(f"{where}/start", None).status_code, till.get(where).json()["state"]) == (202, "done")
    done = till.post(f"{where}/stop", None)
    with business_scope(bakery):
        Import.objects.filter(state="done").update(state="failed")
    failed, not_stopped = till.post(f"{where}/start", None), till.post(f"{where}/stop", None)
    refusals = (stopped, done, failed, not_stopped)
    assert [(one.status_code, one.json()["code"]) for one in refusals] == [(409, "import_over")] * 4
    assert [one.json()["title"] for one in refusals] == [
        "This list was stopped. Bring it in anew.",
        "This list is in already, so there is nothing to stop.",
        "This list could not be brought in. Bring it in anew.",
        "This list could not be brought in. Bring it in anew.",
    ]


def test_a_look_tells_how_much_room_there_is(till, bakery, ana):
    with business_scope(bakery):
        set_quotas({"people": Contact.objects.count() + 1})
    where = till.post("imports", {"name": "Fair", "rows": ROWS, "check_first": True})["Location"]
    assert till.get(f"{where}/check").json()["room"] == 1


def test_sec_59_a_list_is_started_with_the_scopes_of_what_it_tells_alone(till, bakery, nora, ana):
    with business_scope(bakery):
        topic = add_topic(name="News", promise="2 a month", promised_count=2, promised_days=30)
    yes = {"rule": "all", "topic_id": str(topic.pk), "source": "Paper form", "said_on": "2026-01-05"}
    rungs = {"known": "update", "rows": [ROWS[0] | {"stage": "client"}]}
    narrow = make_program(bakery, nora, Scope.IMPORTS_READ, Scope.IMPORTS_WRITE)
    for said, scope in ((yes, Scope.CONSENTS_WRITE), (rungs, Scope.STAGES_WRITE)):
        body = {"name": "Fair", "rows": ROWS, "check_first": True, **said}
        where = till.post("imports", body)["Location"]
        refused = narrow.post(f"{where}/start", None)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        assert till.get(where).json()["state"] == "permitted"
        wide = make_program(bakery, nora, Scope.IMPORTS_WRITE, scope)
        assert wide.post(f"{where}/start", None).status_code == 202
    # Without a yes and without rungs the scope of lists is enough.
    where = till.post("imports", {"name": "Fair", "rows": ROWS, "check_first": True})["Location"]
    assert narrow.post(f"{where}/start", None).status_code == 202


def test_sec_01_a_look_of_another_business_is_not_there(till, garage, gus):
    where = make_program(garage, gus).post("imports", {"name": "Fair", "rows": ROWS, "check_first": True})["Location"]
    assert [till.get(f"{where}/check").status_code, till.post(f"{where}/start", None).status_code] == [404, 404]
    with business_scope(garage):
        assert ImportCheck.objects.count() == 1


@pytest.fixture
def problem(till, bakery):
    where = till.post("imports", {"name": "Fair", "rows": ROWS})["Location"]
    work_jobs(bakery.pk, now())
    (row,) = till.get(f"{where}/problems").json()["items"]
    return f"{where}/problems/{row['id']}"


def test_rel_23_a_row_that_somebody_else_wrote_into_is_not_overwritten(till, bakery, problem):
    read = till.get(problem)
    assert (read.status_code, read["ETag"], read.json()["version"]) == (200, '"1"', 1)
    *_rest, import_id, _problems, problem_id = problem.split("/")
    with business_scope(bakery):
        mend_problem(import_id, problem_id, {0: "Cy Young"})
    for call, status, code in (
        (till.patch(problem, {"email": "cy@example.com"}, if_match=read["ETag"]), 412, "stale"),
        (till.patch(problem, {"email": "cy@example.com", "version": 1}), 409, "stale_edit"),
        (till.delete(problem, if_match=read["ETag"]), 412, "stale"),
    ):
        told = call.json()
        assert (call.status_code, told["code"], told["version"]) == (status, code, 2)
        assert told["title"] == "Somebody else changed this meanwhile. Read it again, then send your change."
        assert told["current"]["row"] == ["Cy Young", "cy@@example"]
    assert till.get(problem).json()["row"] == ["Cy Young", "cy@@example"]
    with business_scope(bakery):
        assert not Contact.objects.filter(primary_email="cy@example.com").exists()
    still = till.patch(problem, {"email": "cy@@x"}, if_match='"2"')
    assert (still.json()["is_in"], still["ETag"], still.json()["problem"]["version"]) == (False, '"3"', 3)
    done = till.patch(problem, {"email": "cy@example.com", "version": 3})
    assert (done.json()["is_in"], done.has_header("ETag")) == (True, False)
    gone = till.patch(problem, {"email": "x@example.com"}, if_match='"3"')
    assert (gone.status_code, gone.json()["title"]) == (404, "This row was mended or left out already.")


def test_a_row_is_left_out_as_it_was_read(till, problem):
    assert till.delete(problem, if_match=till.get(problem)["ETag"]).status_code == 204
    assert till.get(problem).status_code == 404
