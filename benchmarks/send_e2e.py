"""send.e2e: claimed from the database, judged, limited, built, sent and written down, against smtp-source."""

from django.test.utils import override_settings

from benchmarks._letters import mails, prepared, rows
from benchmarks._post_office import post_office
from benchmarks._smtp_tools import sink, source
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds

MESSAGES = 20_000


def run(scale: float) -> list[Repetition]:
    """Messages a second, ours and smtp-source's, in turn."""
    count = max(200, int(MESSAGES * scale))
    size = len(next(mails(prepared(), rows(1))).body)
    BENCHMARK.notes.update({"messages": count, "bytes_each": size})
    with post_office(count) as office, sink() as port, override_settings(SENDS_FIRST_DAYS=[]):

        def ours() -> float:
            office.fill_queue()
            seconds = wall_seconds(lambda: office.send_all(port))
            office.check_all_accepted()
            return count / seconds

        measured = in_turn(ours, lambda: count / wall_seconds(lambda: source(port, count=count, size=size)))
    return [Repetition(own, peer, own / peer) for own, peer in measured]


BENCHMARK = Benchmark(
    name="send.e2e",
    workload="claim, gate, limits, build, send and record of merged, tracked mails with crash-safe states, one process",
    unit="messages per second",
    reference="smtp-source, one connection, mails of the same size, no database",
    goal=2.5,
    floor=0.75,
    run=run,
)
