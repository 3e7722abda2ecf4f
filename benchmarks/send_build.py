"""send.build: the bytes of a mail alone, against Django's template, EmailMultiAlternatives and as_bytes."""

from benchmarks._django_way import DjangoSender
from benchmarks._letters import compiled, mails, prepared, rows
from benchmarks._timing import Benchmark, Repetition, cpu_seconds, in_turn

MESSAGES = 5_000
PEERS_SHARE = 10  # Django builds a tenth as many, and is counted per mail


def run(scale: float) -> list[Repetition]:
    """CPU microseconds a mail."""
    count = max(100, int(MESSAGES * scale))
    letter, queue = prepared(), rows(count)
    few = queue[: max(20, count // PEERS_SHARE)]
    django = DjangoSender(compiled(), port=0)

    def ours() -> float:
        return cpu_seconds(lambda: [len(mail.body) for mail in mails(letter, queue)]) / len(queue)

    def theirs() -> float:
        return cpu_seconds(lambda: [len(django.build(row).message().as_bytes()) for row in few]) / len(few)

    return [Repetition(own * 1e6, peer * 1e6, peer / own) for own, peer in in_turn(ours, theirs)]


BENCHMARK = Benchmark(
    name="send.build",
    workload="one merged, tracked mail with both parts, as bytes",
    unit="CPU microseconds a mail",
    reference="Django template render, EmailMultiAlternatives, message().as_bytes()",
    goal=120,
    floor=60,
    run=run,
)
