"""api.cpu: what a page of 50 people costs the application, against a view that says hello on the same server."""

import contextlib
import os
from pathlib import Path

from benchmarks import api_page
from benchmarks._http import Connection, granian
from benchmarks._timing import Benchmark, Repetition, in_turn
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from tests.database import OWNER, fresh_databases
from tests.factories.permission import make_business

HELLO = "/plain/hello/"
CALLS, WARM = 400, 20
# The kernel counts processor time in hundredths of a second: hello is so short that it is said many times.
HELLOS = 10
TICKS = os.sysconf("SC_CLK_TCK")


def run(scale: float) -> list[Repetition]:
    """Processor milliseconds of the server for each call, ours and hello, in turn."""
    people, calls = max(200, int(api_page.PEOPLE * scale)), max(60, int(CALLS * scale))
    with fresh_databases("bench"):
        business = make_business("Oat & Ember")
        with business_scope(business):
            api_page.add_people(people)
        execute("ANALYZE", using=OWNER)
        key = api_page.make_key(business)
        with granian("benchmarks._api_server:application") as port:
            connection = Connection(port)
            BENCHMARK.notes.update({"people": people, "calls": calls})

            def milliseconds(path: str, times: int) -> float:
                before = _spent()
                for _ in range(times):
                    status, _body = connection.get(path, key)
                    assert status == 200
                return 1000 * (_spent() - before) / times

            for path in (api_page.OURS, HELLO):
                for _ in range(WARM):
                    connection.get(path, key)
            measured = in_turn(lambda: milliseconds(api_page.OURS, calls), lambda: milliseconds(HELLO, calls * HELLOS))
            connection.close()
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _spent() -> float:
    """Seconds of processor time that the server has spent: this process's children, and theirs."""
    parents, times = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(fields[1])
                times[int(folder.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    return sum(spent for pid, spent in times.items() if _descends(pid, parents))


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents and parents[pid] != os.getpid():
        pid = parents[pid]
    return parents.get(pid) == os.getpid()


BENCHMARK = Benchmark(
    name="api.cpu",
    workload="a page of 50 people with tags and roles, with a key, row-level security on, granian with one thread",
    unit="processor ms of the server a call",
    reference="a view that says hello, behind the same middleware on the same server",
    goal=3.0,
    floor=6.0,
    run=run,
    lower_is_better=True,
)
