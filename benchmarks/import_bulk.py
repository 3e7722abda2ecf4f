"""import.bulk: a whole list brought in, against PostgreSQL's raw COPY of the same file."""

import io
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection, transaction

import benchmarks
from benchmarks._database import analyze, server_cpu_seconds
from benchmarks._timing import Benchmark, Repetition, in_turn
from benchmarks.import_vs_orm import bring_in_by_copy, list_lines, prepare_list
from tests.database import OWNER, fresh_databases

ROWS = 1_000_000
# A list holds so many at most: a greater workload is several lists, one after the other.
MOST_A_LIST = 200_000
TIMES = 5
_RAW = "create temp table raw_list (a text, b text, c text, d text, e text, f text) on commit drop"


def run(scale: float) -> list[Repetition]:
    """Processor seconds for a million rows (client and PostgreSQL added), in turn."""
    if OWNER not in settings.DATABASES:
        raise benchmarks.Missing("MIGRATION_DATABASE_URL is needed: the benchmark makes a database of its own.")
    count = max(2_000, int(ROWS * scale))
    BENCHMARK.notes.update({"rows": count, "duplicates": "5 %", "invalid": "1 %"})
    with fresh_databases("bench"):
        _bring_in(2_000)
        analyze()
        measured = in_turn(lambda: _bring_in(count), lambda: _copy(count), times=TIMES)
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _bring_in(count: int) -> float:
    lists = [min(MOST_A_LIST, count - start) for start in range(0, count, MOST_A_LIST)]
    return sum(_costs(*_ready(rows)) for rows in lists) / count * 1_000_000


def _ready(rows: int) -> tuple[Callable[[], None]]:
    business, imported = prepare_list(rows)
    return (lambda: bring_in_by_copy(business, imported),)


def _copy(count: int) -> float:
    content = "".join(list_lines(count))

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_RAW)
            cursor.cursor.copy_expert("copy pg_temp.raw_list from stdin (format csv, header)", io.StringIO(content))

    return _costs(copy) / count * 1_000_000


def _costs(work: Callable[[], None]) -> float:
    client, server = time.process_time(), server_cpu_seconds()
    work()
    return time.process_time() - client + server_cpu_seconds() - server


BENCHMARK = Benchmark(
    name="import.bulk",
    workload="a list with duplicates, broken rows and a yes in every second row, into seven tables",
    unit="processor seconds for a million rows, PostgreSQL's included",
    reference="PostgreSQL's COPY of the same file into one temporary table",
    goal=8.0,
    floor=16.0,
    lower_is_better=True,
    run=run,
)
