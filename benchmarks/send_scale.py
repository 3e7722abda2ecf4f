"""send.scale: the letters of several businesses sent by two worker processes, against the same by one."""

import os

from benchmarks._database import analyze
from benchmarks._sender import begin, senders, wait_for
from benchmarks._smtp_tools import sink
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from benchmarks._town import LANE, make_sender
from campaigns.models import QueuedMessage
from ecosystem.base.tenancy import business_scope
from tests.database import fresh_databases

MESSAGES, BUSINESSES = 20_000, 8


def run(scale: float) -> list[Repetition]:
    """Messages a second of two processes, and of one."""
    each = max(40, int(MESSAGES * scale) // BUSINESSES)
    count = each * BUSINESSES
    BENCHMARK.notes.update({"messages": count, "cores": os.cpu_count()})
    with fresh_databases("bench"), sink() as port:
        shops = [make_sender(f"Shop {number}", each) for number in range(BUSINESSES)]

        def rate(processes: int) -> float:
            analyze()
            with senders(processes, LANE, port=port, seconds=600) as started:
                for shop in shops:
                    shop.queue_again()
                seconds = wall_seconds(lambda: (begin(started), wait_for(started)))
            for shop in shops:
                with business_scope(shop.business):
                    assert not QueuedMessage.objects.exists(), "something was left"
            return count / seconds

        rate(1)  # what every shop has waiting from the beginning goes with it, unmeasured
        measured = in_turn(lambda: rate(2), lambda: rate(1))
    return [Repetition(own, peer, own / peer) for own, peer in measured]


BENCHMARK = Benchmark(
    name="send.scale",
    workload="letters of eight businesses, two worker processes with their own connections to one smtp-sink",
    unit="messages per second",
    reference="one worker process, same letters; says nothing where sender, sink and database share two cores",
    goal=1.9,
    floor=1.5,
    run=run,
)
