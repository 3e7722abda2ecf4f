"""Every example of the OpenAPI file is sent to the API itself, and what comes back is as the file says."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from campaigns.demo.tenants import DemoTenant
from ecosystem.api.schema import described
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import KindSetting
from ecosystem.services.jobs import work_jobs
from tests.factories.api import Program
from tests.house.test_api_walls import Operation, body_of, operations, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

# Answers whose shape is up to the one who sends: what is in them is not compared.
FREE = {"errors", "row"}


def faults_of(value: Any, schema: dict[str, Any]) -> list[str]:
    """What in a value is not as a schema of the file says."""
    whole = {**schema, "components": described()["components"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def shape_of(value: Any) -> Any:
    """The names in a value, whatever they hold: of a list the names in its first row."""
    if isinstance(value, dict):
        return {name: None if name in FREE else shape_of(inner) for name, inner in value.items()}
    return [shape_of(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def differences(shown: Any, told: Any) -> list[str]:
    """Where two shapes differ; an empty list and null are of any shape."""
    if isinstance(shown, dict) and isinstance(told, dict):
        odd = [f"only one has {name}" for name in shown.keys() ^ told.keys()]
        return odd + [one for name in shown.keys() & told.keys() for one in differences(shown[name], told[name])]
    if isinstance(shown, list) and isinstance(told, list):
        return differences(shown[0], told[0])
    return []


def contents(operation: Operation) -> dict[str, dict[str, Any]]:
    """What the operation answers, by status."""
    return {
        status: response.get("content", {}).get("application/json", {})
        for status, response in operation.spec["responses"].items()
    }


def example_of(content: dict[str, Any]) -> Any:
    (example,) = content["examples"].values()
    return example["value"]


@pytest.fixture
def tenant(both) -> DemoTenant:
    return both[0]


def test_every_example_is_of_its_own_schema():
    wrong, checked = [], 0
    for operation in operations():
        sent = operation.spec.get("requestBody", {}).get("content", {}).get("application/json")
        for content in [*([sent] if sent else []), *(one for one in contents(operation).values() if one)]:
            checked += 1
            wrong += [(operation.name, fault) for fault in faults_of(example_of(content), content["schema"])]
    assert wrong == []
    assert checked > 80


def test_every_example_is_answered_by_the_api_as_the_file_says(tenant):
    program, own = Program(tenant.api_key), rows_of(tenant)
    wrong, asked = [], 0
    for operation in operations():
        ids = own | _fresh(program, tenant, operation.name, own)
        body = body_of(operation, ids)
        if body is not None and "version" in body:
            body["version"] = _version(program, operation, own)
        answer = program.call(operation.method, operation.url(ids), body)
        asked += 1
        documented = contents(operation)
        if str(answer.status_code) not in documented or answer.status_code >= 300:
            wrong.append((operation.name, answer.status_code, answer.content[:300]))
            continue
        content = documented[str(answer.status_code)]
        if not content:
            wrong += [(operation.name, "says more than the file")] if answer.content else []
            continue
        wrong += [(operation.name, fault) for fault in faults_of(answer.json(), content["schema"])]
        shown, told = shape_of(example_of(content)), shape_of(answer.json())
        wrong += [(operation.name, one) for one in differences(shown, told)]
    assert wrong == []
    assert asked == len(operations()) > 60


def test_a_refusal_is_as_the_file_says(tenant):
    program, problem = Program(tenant.api_key), {"$ref": "#/components/schemas/Problem"}
    for answer in (
        program.get("contacts?ordering=x"),
        program.post("contacts", {"email": "x@@y"}),
        program.get("contacts/0199f3a2-7c4e-7d31-9a55-3f2d8c1b6e10"),
        program.call("put", "contacts"),
        Program("lw_nothing").get("contacts"),
    ):
        assert answer["Content-Type"] == "application/problem+json"
        assert faults_of(answer.json(), problem) == []


def test_the_file_says_what_a_business_calls_its_kinds_when_it_is_asked_for_with_a_key(tenant, client):
    with business_scope(tenant.business):
        KindSetting.objects.filter(kind="client").update(label="ZZREGULAR", definition="ZZBUYS")
    asked = Program(tenant.api_key).get("openapi.json")
    stage = asked.json()["components"]["schemas"]["Stage"]
    assert "client is “ZZREGULAR” (ZZBUYS)" in stage["description"]
    assert "ZZREGULAR" not in client.get("/api/v1/openapi.json").content.decode()
    assert asked.json()["openapi"].startswith("3.1")


def _version(program: Program, operation: Operation, own: dict[str, str]) -> int:
    """The version that is kept of what the operation changes."""
    if operation.method == "patch":
        return int(program.get(operation.url(own)).json()["version"])
    return 0


def _fresh(program: Program, tenant: DemoTenant, name: str, own: dict[str, str]) -> dict[str, str]:
    """Ids of something else, where a rule refuses the call with what the demo's person has."""
    if name in ("consent_add", "consent_request_add"):
        words = {"name": "Fresh", "promise": "Two a month", "promised_count": 2, "promised_days": 30}
        return {"topic_id": program.post("topics", words).json()["id"]}
    if name == "stage_change_undo":
        moves = program.get(f"contacts/{own['contact_id']}/stage-changes").json()["items"]
        return {"change_id": moves[0]["id"]}
    if name in ("import_undo", "import_problem_mend", "import_problem_leave"):
        rows = [{"full_name": "Bea Ruiz", "email": "bea@example.com"}, {"full_name": "Cleo", "email": "cleo@@x"}]
        made = program.post("imports", {"name": "Fair", "rows": rows})
        # Others were there before it.
        while program.get(made["Location"]).json()["is_at_work"]:
            work_jobs(tenant.business.pk, now())
        return {
            "import_id": made.json()["id"],
            "problem_id": program.get(f"{made['Location']}/problems").json()["items"][0]["id"],
        }
    if name == "import_stop":
        return {"import_id": program.post("imports", {"name": "Fair", "rows": [{"full_name": "Bea"}]}).json()["id"]}
    if name == "merge_add":
        ana, anna = (program.post("contacts", {"given_name": name}).json()["id"] for name in ("Ana", "Anna"))
        return {"contact_id": ana, "other_id": anna}
    if name == "organization_delete":
        return {"organization_id": program.post("organizations", {"name": "Mill"}).json()["id"]}
    if name == "affiliation_end":
        other = program.post("contacts", {"given_name": "Cleo"}).json()["id"]
        mill = program.post("organizations", {"name": "Mill", "main_contact_id": other}).json()["id"]
        place = program.post(f"contacts/{own['contact_id']}/affiliations", {"organization_id": mill})
        return {"affiliation_id": place.json()["id"]}
    return {}
