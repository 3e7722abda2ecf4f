"""How many statements a list of the API costs: no more than eight, and as many for 200 rows as for one."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.demo.tenants import DemoTenant, write_tenants
from contacts.models import (
    Affiliation,
    ConsentState,
    Contact,
    DuplicateCandidate,
    ImportChange,
    MergeOperation,
    NextStep,
    Organization,
    Topic,
)
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership, User
from tests.factories.api import Program
from tests.house.test_api_walls import Operation, operations, rows_of

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

ROWS, MOST = 200, 8
FRAME = ("SAVEPOINT", "RELEASE", "SELECT set_config")
# Of whom or what a row must be to stand in the lists that are asked for.
PARENTS = {"contact_id": "contact_id", "imported_id": "import_id"}
# What 200 more of a row must differ in.
OWN: dict[str, Any] = {
    "contacts.Topic": lambda number: {"key": f"t{number}", "name": f"Topic {number}"},
    "contacts.Tag": lambda number: {"name": f"t{number}", "name_norm": f"t{number}"},
    "contacts.Interaction": lambda number: {"source": "api:x", "external_id": str(number)},
    "contacts.RoleAssignment": lambda number: {"ended_at": "2026-01-31T09:00:00Z"},
    "contacts.NextStep": lambda number: {"closed_at": "2026-01-31T09:00:00Z", "outcome": "done"},
    "contacts.ImportProblem": lambda number: {"line": 1_000 + number},
    "campaigns.SignupForm": lambda number: {"slug": f"f{number}"},
    "campaigns.Enrollment": lambda number: {"entry_key": str(number)},
    "campaigns.Message": lambda number: {"idem_key": f"copy {number}"},
}
COPIED = (
    "contacts.Topic",
    "contacts.Tag",
    "contacts.Interaction",
    "contacts.RoleAssignment",
    "contacts.NextStep",
    "contacts.Note",
    "contacts.StageChange",
    "contacts.Consent",
    "contacts.ImportProblem",
    "contacts.Import",
    "campaigns.SignupForm",
    "campaigns.Sequence",
    "campaigns.Enrollment",
    "campaigns.Message",
)


def copies(row: Any, own: Any = lambda number: {}) -> list[Any]:
    """200 more of a row."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row).objects.bulk_create([type(row)(**{**values, "id": uuid7(), **own(n)}) for n in range(ROWS)])


def multiply(tenant: DemoTenant, ids: dict[str, str]) -> None:
    """200 rows more behind every list."""
    with business_scope(tenant.business, tenant.owner):
        for label in COPIED:
            model = apps.get_model(label)
            rows = model.objects.filter(**{name: ids[of] for name, of in PARENTS.items() if hasattr(model, name)})
            copies(rows.order_by("id").first(), OWN.get(label, lambda number: {}))
        people, others = (copies(Contact.objects.get(pk=ids["contact_id"])) for _times in range(2))
        topics = list(Topic.objects.order_by("-id")[:ROWS])
        copies(
            ConsentState.objects.filter(contact_id=ids["contact_id"], topic__isnull=False).first(),
            lambda number: {"topic_id": topics[number].pk},
        )
        step = NextStep.objects.filter(contact_id=ids["contact_id"], closed_at=None).get()
        copies(step, lambda number: {"contact_id": people[number].pk})
        change = ImportChange.objects.get(imported_id=ids["import_id"])
        copies(change, lambda number: {"contact_id": people[number].pk})
        copies(change, lambda number: {"contact_id": others[number].pk, "state": "kept", "why": "edited"})
        merge, pair = MergeOperation.objects.get(), DuplicateCandidate.objects.get()
        copies(merge, lambda number: {"winner_id": ids["contact_id"]})
        copies(pair, lambda number: {"first_id": ids["contact_id"], "second_id": people[number].pk})
        firms = copies(Organization.objects.get(pk=ids["organization_id"]))
        for person, firm in zip(people, firms, strict=True):
            Affiliation.objects.create(contact_id=ids["contact_id"], organization=firm)
            Affiliation.objects.create(contact=person, organization_id=ids["organization_id"])
        member = Membership.objects.get(user=tenant.owner)
        users = User.objects.bulk_create([User(email=f"copy{n}@example.com", name=f"Copy {n}") for n in range(ROWS)])
        copies(member, lambda number: {"user_id": users[number].pk})


def lists() -> list[Operation]:
    """Every operation that answers in pages."""
    return [one for one in operations() if any(name["name"] == "limit" for name in one.parameters)]


def cost(program: Program, url: str) -> tuple[int, int]:
    """How many rows came, and how many statements that took after the business was entered."""
    program.get(url)
    with CaptureQueriesContext(connection) as captured:
        answer = program.get(url)
    assert answer.status_code == 200, (url, answer.content)
    asked = [query["sql"] for query in captured]
    entered = next(number for number, sql in enumerate(asked) if sql.startswith("SELECT set_config"))
    return len(answer.json()["items"]), len([sql for sql in asked[entered + 1 :] if not sql.startswith(FRAME)])


def test_a_list_costs_as_many_statements_for_two_hundred_rows_as_for_one():
    tenant = write_tenants()[0]
    ids, program, few, dear, uneven = rows_of(tenant), Program(tenant.api_key), [], [], []
    multiply(tenant, ids)
    asked = [(one.name, one.url(ids)) for one in lists()]
    for name, url in asked:
        mark = "&" if "?" in url else "?"
        costs = [cost(program, f"{url}{mark}limit={limit}") for limit in (1, 50, ROWS)]
        statements = [number for _rows, number in costs]
        few += [(name, costs)] if [rows for rows, _number in costs] != [1, 50, ROWS] else []
        dear += [(name, statements)] if max(statements) > MOST else []
        uneven += [(name, statements)] if len(set(statements)) > 1 else []
    assert (dear, uneven) == ([], [])
    assert few == []
    assert len(asked) > 15
