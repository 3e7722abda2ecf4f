"""The wall, asked at every operation that the OpenAPI file names; nothing here is a list of operations."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps

from campaigns.demo.tenants import DemoTenant
from ecosystem.api.schema import METHODS, described
from ecosystem.base.access import Role, may
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from ecosystem.rest import entry
from ecosystem.rest.authentication import ANY_KEY
from ecosystem.scopes import SCOPE_ACTIONS, Scope
from tests.factories.api import Program, make_program
from tests.house.routes import contents_of, tenant_models

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

# What stands behind an id in an address, a body or a filter; one that is not named here fails the run.
BEHIND = {
    "contact_id": "contacts.Contact",
    "topic_id": "contacts.Topic",
    "evidence_id": "contacts.Interaction",
    "sequence_id": "campaigns.Sequence",
    "enrollment_id": "campaigns.Enrollment",
    "message_id": "campaigns.Message",
    "organization_id": "contacts.Organization",
    "affiliation_id": "contacts.Affiliation",
    "other_id": "contacts.Contact",
    "pair_id": "contacts.DuplicateCandidate",
    "merge_id": "contacts.MergeOperation",
    "tag_id": "contacts.Tag",
    "note_id": "contacts.Note",
    "step_id": "contacts.NextStep",
    "role_id": "contacts.RoleAssignment",
    "change_id": "contacts.StageChange",
    "edit_id": "contacts.BulkEdit",
    "import_id": "contacts.Import",
    "problem_id": "contacts.ImportProblem",
    "difference_id": "contacts.ImportChange",
    "form_id": "campaigns.SignupForm",
    "main_contact_id": "contacts.Contact",
    "owner_id": "ecosystem.Membership",
    "assignee_id": "ecosystem.Membership",
    "assignee": "ecosystem.Membership",
    "contact": "contacts.Contact",
    "sequence": "campaigns.Sequence",
}
OF_CONTACT = {
    "contacts.Affiliation",
    "contacts.Interaction",
    "contacts.NextStep",
    "contacts.Note",
    "contacts.RoleAssignment",
    "contacts.StageChange",
    "campaigns.Enrollment",
    "campaigns.Message",
}
# What a call changes at the key itself, which tells when and from where it was last used.
OWN_BOOKS = {"ecosystem_apikey"}
NASTY = (b"", b"{", b"\xff\xfe{", b"[]", b"7", b"null", b"[" * 5000, b'{"x":' * 30 + b"1" + b"}" * 30, b'"\\ud800"')


@dataclass(frozen=True)
class Operation:
    """One call of the API."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def scope(self) -> str:
        return str(self.spec["x-scope"])

    @property
    def ids(self) -> list[str]:
        """The ids in the address."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def body(self) -> dict[str, Any] | None:
        """The example of what is sent, whole."""
        found = next(iter(self.spec.get("requestBody", {}).get("content", {}).values()), None)
        if found is None:
            return None
        (example,) = found["examples"].values()
        return dict(example["value"])

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of what is sent."""
        sent = self.spec.get("requestBody", {}).get("content", {}).values()
        name = next(iter(sent), {"schema": {}})["schema"].get("$ref", "").rpartition("/")[2]
        return dict(described()["components"]["schemas"][name]["properties"]) if name else {}

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The query parameters."""
        return [one for one in self.spec.get("parameters", []) if one["in"] == "query"]

    def url(self, ids: dict[str, Any]) -> str:
        return re.sub(r"{(\w+)}", lambda found: str(ids[found[1]]), self.path)


def operations() -> list[Operation]:
    """Every operation, those that take something away last: what hangs on others before those others."""
    found = [
        Operation(method, path, described()["paths"][path][method])
        for path in described()["paths"]
        for method in METHODS
        if method in described()["paths"][path]
    ]
    return sorted(found, key=lambda one: (one.method == "delete", -len(one.ids) if one.method == "delete" else 0))


def rows_of(tenant: DemoTenant) -> dict[str, str]:
    """An id of the tenant for everything that stands behind one; of its own person, not of its team."""
    with business_scope(tenant.business):
        contact = apps.get_model("contacts.Contact").objects.get(given_name=f"{tenant.marker}given")
        found = {}
        for name, label in BEHIND.items():
            rows = apps.get_model(label).objects.order_by("id")
            row = contact if label == "contacts.Contact" else rows
            if name == "other_id":
                row = rows.filter(deleted_at=None).order_by("-id")
            if label in OF_CONTACT:
                row = rows.filter(contact=contact)
            row = row if row is contact else row.first()
            assert row is not None, f"{label} has no row in the demo tenants"
            found[name] = str(row.pk)
        return found


def body_of(operation: Operation, ids: dict[str, str]) -> dict[str, Any] | None:
    """The example with ids that are there, however deep they stand."""
    body = operation.body
    return body if body is None else _with_ids(body, ids)


def _with_ids(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: ids.get(name, _with_ids(inner, ids)) for name, inner in value.items()}
    return [_with_ids(inner, ids) for inner in value] if isinstance(value, list) else value


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch) -> None:
    """Many calls in a moment are the point here; how they are counted is asked elsewhere."""
    monkeypatch.setattr(entry, "PER_KEY", 10**6)
    monkeypatch.setattr(entry, "PER_BUSINESS", 10**6)


@pytest.fixture
def tenants(both) -> tuple[DemoTenant, DemoTenant]:
    return both


@pytest.fixture
def program(tenants) -> Program:
    """A's own program, which may do everything that a key may."""
    return Program(tenants[0].api_key)


def ask(program: Program, operation: Operation, ids: dict[str, Any], body: Any) -> tuple[int, bytes]:
    seen = program.call(operation.method, operation.url(ids), body)
    return seen.status_code, seen.content


def test_every_id_of_every_operation_has_something_behind_it():
    for operation in operations():
        uuids = [name for name, field in operation.fields.items() if _is_id(field)]
        uuids += [one["name"] for one in operation.parameters if _is_id(one["schema"])]
        unknown = set(operation.ids + uuids) - BEHIND.keys()
        assert unknown == set(), f"{operation.name}: say in tests/house/test_api_walls.py what stands behind {unknown}"


def test_sec_01_another_business_ids_are_as_if_there_were_none(tenants, program):
    a, b = tenants
    own, foreign, before, wrong = rows_of(a), rows_of(b), contents_of(b.business), []
    for operation in operations():
        body = body_of(operation, own)
        for name in operation.ids:
            seen = ask(program, operation, {**own, name: foreign[name]}, body)
            missed = ask(program, operation, {**own, name: uuid4()}, body)
            if seen != missed or seen[0] != 404 or b.marker.encode() in seen[1]:
                wrong.append((operation.name, name, seen, missed))
    assert wrong == []
    assert contents_of(b.business) == before


def test_the_same_calls_with_ones_own_ids_are_answered(tenants, program):
    """What is refused above is refused for the id alone, and no answer holds a trace of the other business."""
    a, b = tenants
    own, before, wrong = rows_of(a), contents_of(b.business), []
    for operation in operations():
        status, content = ask(program, operation, own, body_of(operation, own))
        if status not in (200, 201, 202, 204, 403, 409) or b.marker.encode() in content:
            wrong.append((operation.name, status, content))
        # By a rule are refused an old version, a yes that the demo's person has taken back, and asking them for one.
        if status == 403 and b"only_their_own_yes" not in content and b"said_no" not in content:
            wrong.append((operation.name, status, content))
    assert wrong == []
    assert contents_of(b.business) == before


def test_sec_04_a_relation_to_another_business_is_as_one_to_nothing(tenants, program):
    a, b = tenants
    own, foreign, before, tried = rows_of(a), rows_of(b), contents_of(b.business), 0
    for operation in operations():
        for name, field in operation.fields.items():
            if _is_id(field):
                body = body_of(operation, own)
                seen = ask(program, operation, own, body | {name: foreign[name]})
                missed = ask(program, operation, own, body | {name: str(uuid4())})
                assert seen == missed, (operation.name, name)
                assert 400 <= seen[0] < 500, (operation.name, name)
                tried += 1
        for parameter in operation.parameters:
            if _is_id(parameter["schema"]):
                url, name = operation.url(own), parameter["name"]
                seen = program.get(f"{url}?{name}={foreign[name]}").content
                assert seen == program.get(f"{url}?{name}={uuid4()}").content
                tried += 1
    assert tried >= 5
    assert contents_of(b.business) == before


def test_sec_05_columns_that_no_operation_asks_for_are_refused_by_name(tenants, program):
    a, b = tenants
    columns = {field.attname for model in tenant_models() for field in model._meta.local_fields}
    own = rows_of(a)
    program.get("business")
    before = contents_of(a.business)
    for operation in operations():
        if operation.body is not None:
            extra = sorted(columns - operation.fields.keys())
            seen = program.call(
                operation.method, operation.url(own), body_of(operation, own) | dict.fromkeys(extra, b.business.pk)
            )
            assert seen.status_code == 400, operation.name
            assert sorted(seen.json()["errors"]) == extra, operation.name
    assert _without_books(contents_of(a.business)) == _without_books(before)


def test_sec_06_a_parameter_that_an_operation_does_not_name_is_a_400(tenants, program):
    own = rows_of(tenants[0])
    for operation in operations():
        for name in ("owner__user__email", "ordering", "include", "fields", "business_id"):
            seen = program.call(operation.method, f"{operation.url(own)}?{name}=x", body_of(operation, own))
            assert seen.status_code == 400, (operation.name, name)
            assert list(seen.json()["errors"]) == [name]


def test_sec_27_each_scope_opens_its_operations_and_no_other(tenants):
    a, _b = tenants
    own, wrong = rows_of(a), []
    for scope in Scope:
        only = make_program(a.business, a.owner, scope)
        for operation in operations():
            if operation.method == "delete" and operation.scope == scope:
                continue  # asked in the test of one's own ids; here the row would be gone for the next
            status, content = ask(only, operation, own, b"{")
            is_open = operation.scope in (scope, ANY_KEY)
            if (b"scope_missing" in content) == is_open or (status == 403) == is_open:
                wrong.append((scope.value, operation.name, status))
    assert wrong == []


def test_sec_27_a_key_may_what_its_maker_may_and_nothing_of_the_team(tenants, program):
    a, _b = tenants
    wrong = []
    for role in (Role.STAFF, Role.HELPER, Role.ADVISER):
        with business_scope(a.business):
            Membership.objects.filter(user=a.owner).update(role=role)
            member = Membership.objects.get(user=a.owner)
        for operation in operations():
            is_open = operation.scope == ANY_KEY or may(member, SCOPE_ACTIONS[Scope(operation.scope)])
            status, _content = ask(program, operation, {name: uuid4() for name in BEHIND}, b"{")
            if (status == 403) == is_open:
                wrong.append((role.value, operation.name, status))
    assert wrong == []
    writing = " ".join(operation.path for operation in operations() if operation.method != "get")
    assert not re.search(r"key|member|team|invit|billing", writing)
    assert not re.search(r"key|member|invit|billing", " ".join(operation.path for operation in operations()))


def test_sec_39_broken_input_is_never_an_error_of_ours(tenants, program):
    own, wrong = rows_of(tenants[0]), []
    for operation in operations():
        urls = [operation.url(own | {name: nasty}) for name in operation.ids for nasty in ("x", "%00", "9" * 300)]
        answers = [program.call(operation.method, url, b"{}") for url in urls]
        if operation.body is not None:
            answers += [program.call(operation.method, operation.url(own), body) for body in NASTY]
            for value in (None, [], {}, -1, 1e400, "\x00", "9" * 5000, True):
                answers.append(
                    program.call(operation.method, operation.url(own), dict.fromkeys(operation.fields, value))
                )
        if operation.method == "get":
            names = {one["name"] for one in operation.parameters} | {"cursor", "limit"}
            for value in ("%00", "9" * 400, "-1", "%F0%9F", "WyJmIiwxXQ", "'%22{{7}}"):
                answers += [program.get(f"{operation.url(own)}?{name}={value}") for name in names]
        wrong += [(operation.name, seen.status_code) for seen in answers if not 200 <= seen.status_code < 500]
    assert wrong == []


def test_every_operation_shows_an_example_of_what_is_sent_and_answered():
    for operation in operations():
        sent = operation.spec.get("requestBody", {}).get("content", {})
        answered = [
            content
            for status, response in operation.spec["responses"].items()
            if status.startswith("2")
            for content in response.get("content", {}).values()
        ]
        for content in (*sent.values(), *answered):
            assert content.get("examples"), operation.name
        assert operation.spec["description"].endswith("."), operation.name


def _is_id(field: dict[str, Any]) -> bool:
    return field.get("format") == "uuid"


def _without_books(contents: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: lines for table, lines in contents.items() if table not in OWN_BOOKS}
