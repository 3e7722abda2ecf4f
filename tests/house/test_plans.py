"""Every statement of the product, planned as `crm_app` under the policies for a business of a million people.

Nothing is timed: where a plan reads, sorts or throws away a whole business, the test names the statement and the place
that asked it. That the guard would see the loss of an index is shown by dropping each one in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import pytest
from django.db import connection, connections, transaction

from tests.database import fresh_databases
from tests.house.asking import everything
from tests.house.big_statistics import big_statistics, keep_pages
from tests.house.doors import public_routes
from tests.house.plans import Asked, alone_rows, faults_of, indexes_of, plan_of
from tests.house.routes import tenant_models

pytestmark = pytest.mark.timeout(900)

_OPERATOR = "counts what waits in all businesses together, for the operator's own machine"
# What may be as it is: the place that asks, the fault, and why. One that is no longer needed fails.
EXPLAINED = {
    ("the services that wrote the demo tenants", "Filter on enrollment_id of campaigns_message"): (
        "asked by the demo tenants, in a business of one message"
    ),
    (
        "the services that wrote the demo tenants",
        "Filter on created_at of ecosystem_auditentry after ecosystem_auditentry_pkey",
    ): "reads on from the last seal by id; all but the entries of the last moments are asked for",
    (
        "GET ecosystem:today*",
        "Aggregate of ",
    ): "joins 10,001 people with their lines; more than that are counted at night",
    ("GET ecosystem:today*", "Filter on basis, channel, expires_at, state of contacts_consentstate"): (
        "ends at 10,001 rows, and two of the three states count; a text without a yes in writing is rare"
    ),
    ("GET /api/v1/messages *state=[ad]*", "Filter on state of campaigns_message"): (
        "most letters were accepted or delivered: nearly every row is one that is asked for"
    ),
    ("GET /api/v1/sequences/{sequence_id}/enrollments state=active*", "Filter on state of campaigns_enrollment"): (
        "those on the way are among the newest; an index of them would be written at each step"
    ),
    ("POST campaigns:sequence_publish*", "Filter on version_of_id of campaigns_enrollment"): (
        "a draft that changed nothing is thrown away, once in a while; the index would be written at each step"
    ),
    ("POST campaigns:sequence_publish*", "reads "): "the same draft: nobody walks it",
    ("POST campaigns:sequence_archive*", "Sort of "): "ends every walk of a sequence, in the order that locks them",
    ("POST campaigns:sequence_archive*", "Filter on message_class of campaigns_message"): (
        "looks through the letters of a sequence, once in its life"
    ),
    ("GET /api/v1/messages *state=queued*", "Filter on state of campaigns_message"): (
        "those that wait are among the newest; an index of them would be written at each letter"
    ),
    ("GET metrics*", "Aggregate of "): _OPERATOR,
    ("GET metrics*", "Seq Scan of ecosystem_agenda"): _OPERATOR,
    ("GET metrics*", "reads "): _OPERATOR,
    ("queue outbox*", "Filter on lease_until of ecosystem_outboxentry"): "passes by those in hand, which are few",
    ("queue health*", "Aggregate of "): "counts everybody, once a day",
    ("queue health*", "Hash of "): "counts every permission, once a day",
    ("POST public:texts*", "Filter on number_hash of campaigns_incomingtext after incoming_text_undecided"): (
        "looks through those that nobody has decided yet, which are few"
    ),
    ("queue health*", "reads "): "counts everybody, once a day",
    ("queue health*", "Filter on basis, channel, expires_at, state of contacts_consentstate"): (
        "counts every permission, once a day"
    ),
}
_TWO_FILTERS = "the index of the rarer filter gives them in order, and the other one is compared"
_ANY_ORDER = "of the ways in a common one is met at once in any order, and a rare one is read by its index and sorted"
EXPLAINED |= {
    ("GET contacts:contact_list *owner=nobody*", "Filter on owner_id of contacts_contact"): (
        "most people are looked after by nobody: nearly every row is one that is asked for"
    ),
    ("GET contacts:contact_list *owner=*", "Filter on stage of contacts_contact after contact_owner_newest"): (
        _TWO_FILTERS
    ),
    ("GET contacts:contact_list *&source=*", "Filter on source of contacts_contact"): _TWO_FILTERS,
    ("GET contacts:contact_list source=*&sort=*", "Filter on source of contacts_contact"): _ANY_ORDER,
    ("GET /api/v1/contacts *source=*", "Filter on source of contacts_contact"): _ANY_ORDER,
}
# What the policies keep from an index, or no index gives; the guard must name each.
BAD = {
    "Filter on primary_email": "SELECT FROM contacts_contact WHERE business_id = {0} AND lower(primary_email) = 'ana'",
    "Filter on sort_name": "SELECT id FROM contacts_contact WHERE business_id = {0} AND sort_name LIKE 'ana%'",
    "Filter on params": "SELECT id FROM contacts_interaction WHERE business_id = {0} AND params @> '{{}}' LIMIT 50",
    "Sort of": "SELECT id FROM contacts_contact WHERE business_id = {0} ORDER BY display_name LIMIT 50",
    "Aggregate of": "SELECT count(*) FROM contacts_contact WHERE business_id = {0} AND deleted_at IS NULL",
    "reads": "SELECT id FROM contacts_contact WHERE business_id = {0} AND deleted_at IS NULL",
}
# Indexes whose loss no plan would show, and what they are for.
_SMALL = "a table that stays small in every business; the index keeps its order or finds one row"
_WALKED = "gives those of whom it is said in one order; the plan without it walks through everybody and asks of each"
_KEY = "deleting the row that it points to would read every row of the business without it"
UNSEEN = {
    "invitation_by_email": _SMALL,
    "job_open": _SMALL,
    "tally_by_name": "covers what pages add up; without it every change that is not folded yet is read",
    "message_held": "finds a few letters of a step that may have a hundred thousand; here a step has five thousand",
    "message_delayed": "the same, for letters that wait at their receiver",
    "people_export_of_member": _SMALL,
    "content_newest": _SMALL,
    "sequence_by_state": _SMALL,
    "sequence_of_topic": _SMALL,
    "idempotency_key_old": "throws answers away after a day; asked with a key that was kept",
    "data_request_of_contact": _SMALL,
    "data_request_unseen": _SMALL,
    "import_check_of_job": _SMALL,
    "contact_of_member": _KEY,
    "contact_of_owner": _KEY,
    "merge_of_loser": _KEY,
    "import_change_of_contact": _KEY,
    "contact_point_of_org": _KEY,
    "signup_of_form": _KEY,
    "message_of_signup": _KEY,
    "bulk_edit_item_of_contact": _KEY,
    "affiliation_of_organization": _KEY,
    "consent_state_topic": _WALKED,
    "consent_state_by_name": _WALKED,
    "affiliation_by_name": _WALKED,
}


@dataclass(frozen=True)
class Plans:
    """Everything that was asked, with the business and what its statements stand on."""

    business_id: int
    statements: list[Asked]
    tables: list[str]
    visited: set[tuple[str, str]]

    def prepare(self, cursor: Any) -> None:
        """Enter the business on a connection, with the temporary tables that statements name."""
        alone_rows(cursor)
        cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(self.business_id)])
        for table in self.tables:
            cursor.execute(table.replace("%", "%%"), [])


@pytest.fixture(scope="module")
def plans(django_db_setup, django_db_blocker) -> Iterator[Plans]:
    """Every statement with its plan, in a database of our own whose statistics tell of a big business."""
    with django_db_blocker.unblock(), fresh_databases("plans"):
        keep_pages()
        tenant, found = everything()
        big_statistics(tenant.business.pk)
        made = Plans(tenant.business.pk, list(found.statements.values()), found.tables, found.visited)
        with transaction.atomic(), connection.cursor() as cursor:
            made.prepare(cursor)
            for one in made.statements:
                one.plan = plan_of(cursor, one.sql)
            transaction.set_rollback(True)
        yield made
        for used in connections.all():
            used.close()


def explanation_of(one: Asked, fault: str) -> tuple[str, str] | None:
    """Why a fault may be, by the place and the beginning of the fault."""
    return next((key for key in EXPLAINED if fnmatch(one.place, key[0]) and fault.startswith(key[1])), None)


def unexplained(one: Asked, plan: dict[str, Any]) -> list[str]:
    return [fault for fault in faults_of(plan) if explanation_of(one, fault) is None]


def test_every_statement_goes_by_an_index_of_its_business(plans):
    wrong = [f"{fault}\n    {one.name}" for one in plans.statements for fault in unexplained(one, one.plan)]
    assert not wrong, "\n".join(wrong)


def test_everything_was_asked(plans):
    places = {one.place.split()[0] for one in plans.statements}
    assert places >= {"GET", "POST", "queue", "agenda"}
    assert len(plans.statements) > 300
    read = {node for one in plans.statements for node in indexes_of(one.plan)}
    assert len(read) > 50


def test_every_public_route_was_looked_at_and_sent(plans):
    wanted = [(method, route.name) for route in public_routes() for method in ("GET", "POST")]
    missing = sorted({f"{method} {name}" for method, name in wanted if (method, name) not in plans.visited})
    assert not missing, f"no visit in tests/house/*_visits.py asks {', '.join(missing)}"


def test_bad_statements_are_named(plans, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        plans.prepare(cursor)
        for fault, statement in BAD.items():
            found = faults_of(plan_of(cursor, statement.format(plans.business_id)))
            assert any(one.startswith(fault) for one in found), (fault, found)
        transaction.set_rollback(True)


def test_no_explanation_outlives_its_fault(plans):
    used = {explanation_of(one, fault) for one in plans.statements for fault in faults_of(one.plan)}
    assert set(EXPLAINED) - used == set()


def test_the_loss_of_an_index_is_named(plans, django_db_blocker):
    """Each index is dropped and put back; a statement must fail for want of it, or its reason stands in UNSEEN."""
    names = {index.name for model in tenant_models() for index in model._meta.indexes}
    with django_db_blocker.unblock():
        lost = {name: first_that_misses(plans, name) for name in sorted(names)}
    unseen = {name for name, missing in lost.items() if not missing}
    assert unseen == set(UNSEEN), lost


def first_that_misses(plans: Plans, index: str) -> list[str]:
    """What fails the guard first where an index is gone; asked as the owner, whom the policies bind too."""
    users = [one for one in plans.statements if index in indexes_of(one.plan)]
    missing: list[str] = []
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        plans.prepare(cursor)
        cursor.execute(f'DROP INDEX "{index}"')
        while users and not missing:
            one = users.pop(0)
            missing = [f"{fault}: {one.place}" for fault in unexplained(one, plan_of(cursor, one.sql))]
        transaction.set_rollback(True, "owner")
    return missing
