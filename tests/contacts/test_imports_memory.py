"""The largest list that may come in, in a process of its own, and how much memory that takes."""

import subprocess
import sys

import pytest

from contacts.lists.csv_files import MAX_BYTES
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job
from tests.contacts.test_imports_killed import surroundings
from tests.nursery import ROOT

MOST_MEGABYTES = 300
# What it takes beside the program itself: read piece by piece some 45, read at once some 155.
MOST_FOR_THE_FILE = 90
ROWS = 45_000
WORKER = """
import sys, django
django.setup()
from contacts.services.import_slices import work_import

def most():
    # The mark of this very process: what getrusage tells is no lower than what its parent took before the start.
    with open("/proc/self/status") as status:
        (kilobytes,) = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    return int(kilobytes) // 1024

empty = most()
while work_import(int(sys.argv[1]), sys.argv[2]):
    pass
print(empty, most())
"""


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_sec_41_a_worker_takes_25_megabytes_in_less_than_300_megabytes(bakery):
    note = "x" * (MAX_BYTES // ROWS - 42)
    lines = "".join(f"Pia {n:06},p{n:06}@example.com,{note}\n" for n in range(ROWS))
    content = f"Name,Email,Note\n{lines}".encode()
    assert MAX_BYTES * 0.95 < len(content) <= MAX_BYTES
    with business_scope(bakery):
        imported = upload_import(content, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, rule="none")
        job_id = start_import(imported.id).job_id
    # Started anew, that it has nothing in memory but what it loads itself.
    command = [sys.executable, "-c", WORKER, str(bakery.id), str(job_id)]
    told = subprocess.run(command, env=surroundings(), cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with business_scope(bakery):
        assert Job.objects.get().cursor == ROWS
    empty, most = map(int, told.split())
    assert 30 < empty < most < MOST_MEGABYTES
    assert most - empty < MOST_FOR_THE_FILE, (empty, most)
