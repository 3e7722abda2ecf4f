"""A list whose worker is killed again and again ends as one that nobody disturbed."""

import os
import random
import signal
import time
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from contacts.models import ConsentState, Contact, ContactPoint, ContactTag, Import, ImportProblem, Interaction
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from tests.contacts.test_imports import bring_in, counts, make_topic
from tests.nursery import Forked, fork

KILLS = 5
ROWS = 3_000
SLICE = 150


def list_of(rows: int) -> bytes:
    """A list with everything that an import writes: twins, tags, firms, yeses and rows to mend."""
    lines = ["Name,Email,Phone,Company,Tags,Newsletter,Opt-in date"]
    for n in range(rows):
        email = "bad@@example" if n % 50 == 7 else f"p{n - 1 if n % 40 == 3 else n}@example.com"
        lines.append(f"Pia {n},{email},,Firm {n % 9},t{n % 3},{'yes' if n % 2 else 'no'},2026-01-05")
    return "\n".join(lines).encode()


def what_came(business) -> dict[str, object]:
    """Everything that the list left behind, by what people would see of it."""
    with business_scope(business):
        done = Import.objects.get()
        return {
            "rows": counts(business),
            "people": sorted(
                Contact.objects.filter(source="import").values_list("display_name", "primary_email", "stage")
            ),
            "points": sorted(
                ContactPoint.objects.filter(contact__source="import").values_list(
                    "contact__display_name", "kind", "value_norm"
                )
            ),
            "tags": sorted(ContactTag.objects.values_list("contact__display_name", "tag__name")),
            "yeses": sorted(ConsentState.objects.values_list("contact__display_name", "state", "since")),
            "told": sorted(
                Interaction.objects.filter(source__in=["import", "consent"]).values_list(
                    "contact__display_name", "kind"
                )
            ),
            "problems": sorted(ImportProblem.objects.values_list("line", "code")),
            "counters": (done.state, done.added_count, done.known_count, done.problem_count, done.permitted_count),
        }


def start_worker(business_id: int, job_id: object) -> Forked:
    """A process of its own that works on a list, on the database of this test."""
    return fork("tests.contacts.import_worker", str(business_id), str(job_id), str(SLICE), environment=surroundings())


def surroundings() -> dict[str, str]:
    """The environment of a process that works on the database of this test."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    environ = os.environ | {"DATABASE_URL": urlunsplit(url), "DJANGO_SETTINGS_MODULE": "ecosystem.config.settings"}
    environ.pop("MIGRATION_DATABASE_URL", None)
    return environ


def cursor_of(business) -> int:
    """How many rows are taken in for good."""
    with business_scope(business):
        return Job.objects.get().cursor


@pytest.mark.django_db(transaction=True)
def test_rel_29_an_import_killed_five_times_ends_as_one_undisturbed(bakery, garage):
    bring_in(garage, list_of(ROWS), rule="column", tags=["list"])
    with business_scope(bakery):
        imported = upload_import(list_of(ROWS), file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="column", topic=make_topic(), source="Paper form", tags=["list"])
        job_id = start_import(imported.id).job_id
    moments = random.Random(29)
    landed = 0
    for _kill in range(KILLS):
        before, running = cursor_of(bakery), start_worker(bakery.id, job_id)
        while cursor_of(bakery) < before + SLICE and running.poll() is None:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.06))
        running.send_signal(signal.SIGKILL)
        landed += running.wait() == -signal.SIGKILL
        assert cursor_of(bakery) % SLICE == 0, "a slice and its cursor are committed together or not at all"
    assert landed == KILLS
    assert cursor_of(bakery) < ROWS
    assert start_worker(bakery.id, job_id).wait() == 0
    assert what_came(bakery) == what_came(garage)


@pytest.mark.django_db(transaction=True)
def test_rel_29_the_same_file_twice_creates_nothing_new(bakery):
    bring_in(bakery, list_of(500), rule="column", tags=["list"])
    before = counts(bakery)
    again = bring_in(bakery, list_of(500), rule="column", tags=["list"])
    assert counts(bakery) == before
    assert (again.added_count, again.permitted_count) == (0, 0)
