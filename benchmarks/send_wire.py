"""send.wire: merged, tracked mails over one connection, against smtp-source to the same sink."""

from benchmarks._letters import mails, prepared, rows
from benchmarks._smtp_tools import sink, source
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from campaigns.gateways.base import Verdict
from campaigns.gateways.smtp import open_gateway

MESSAGES = 20_000


def run(scale: float) -> list[Repetition]:
    """Messages a second, ours and smtp-source's, in turn."""
    count = max(200, int(MESSAGES * scale))
    letter, recipients = prepared(), rows(count)
    size = len(next(mails(letter, recipients)).body)
    BENCHMARK.notes.update({"messages": count, "bytes_each": size})
    with sink() as port:

        def ours() -> float:
            gateway = open_gateway(f"smtp://127.0.0.1:{port}")
            outcomes = gateway.send(mails(letter, recipients), started=lambda _key: True)
            gateway.close()
            assert all(outcome.verdict == Verdict.ACCEPTED for outcome in outcomes)
            return len(outcomes)

        measured = in_turn(
            lambda: count / wall_seconds(ours),
            lambda: count / wall_seconds(lambda: source(port, count=count, size=size)),
        )
    return [Repetition(own, peer, own / peer) for own, peer in measured]


BENCHMARK = Benchmark(
    name="send.wire",
    workload="merged, tracked mails with both parts, built and sent by one process over one connection to smtp-sink",
    unit="messages per second",
    reference="smtp-source, one connection, mails of the same size",
    goal=3.0,
    floor=1.0,
    run=run,
)
