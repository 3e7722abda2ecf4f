"""send.cpu: from the claim in the database to the recorded answer, against Django's EmailMultiAlternatives.

Ours counts this process and its PostgreSQL backend; Django's way reads and writes no database at all.
"""

from django.utils import timezone

from benchmarks._database import add_people, analyze, bakery, compiled_letter, queue_messages, server_cpu_seconds
from benchmarks._django_way import DjangoSender
from benchmarks._letters import LETTER, NAMES, rows
from benchmarks._smtp_tools import sink
from benchmarks._timing import Benchmark, Repetition, cpu_seconds, in_turn
from campaigns.gateways.smtp import open_gateway
from campaigns.models import Message
from campaigns.rendering.plan import RenderPlan
from campaigns.services.delivery import deliver
from ecosystem.base.tenancy import business_scope

MESSAGES = 5_000
PEERS_SHARE = 10  # Django sends a tenth as many, and is counted per mail


def run(scale: float) -> list[Repetition]:
    """CPU microseconds a mail, client and database backend together."""
    count = max(100, int(MESSAGES * scale))
    few = rows(max(20, count // PEERS_SHARE))
    split: list[dict[str, int]] = []
    BENCHMARK.notes.update({"messages": count, "microseconds_a_mail": split})
    with bakery() as (business, topic), sink() as port:
        with business_scope(business):
            people = add_people(topic, [NAMES[number % len(NAMES)] for number in range(count)])
            words = {"subject": LETTER.subject, "preheader": LETTER.preheader, "body": LETTER.body}
            button = {"button_label": LETTER.button_label, "button_url": LETTER.button_url}
            version = compiled_letter(topic, **words, **button)
        django = DjangoSender(RenderPlan.from_json(version.plan), port)

        def ours() -> float:
            with business_scope(business):
                queue_messages(topic, version, people)
            analyze()
            gateway = open_gateway(f"smtp://127.0.0.1:{port}")
            server = server_cpu_seconds()

            def send_all() -> None:
                while deliver(business.id, "broadcast", now=timezone.now(), gateway=gateway):
                    pass

            client = cpu_seconds(send_all)
            gateway.close()
            backend = server_cpu_seconds() - server
            split.append({"client": round(client / count * 1e6), "backend": round(backend / count * 1e6)})
            with business_scope(business):
                assert not Message.objects.exclude(state="accepted").exists()
            return (client + backend) / count

        def theirs() -> float:
            return cpu_seconds(lambda: django.send(few)) / len(few)

        return [Repetition(own * 1e6, peer * 1e6, peer / own) for own, peer in in_turn(ours, theirs)]


BENCHMARK = Benchmark(
    name="send.cpu",
    workload="claim, gate, build, send and record of merged, tracked mails with crash-safe states",
    unit="CPU microseconds a mail, client and database backend",
    reference="Django EmailMultiAlternatives of the same content over one connection, no database",
    goal=40,
    floor=12,
    run=run,
)
