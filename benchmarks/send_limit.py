"""send.limit: merged, tracked mails, against bytes that were made before and written to the same sink."""

import socket

from benchmarks._letters import Row, mails, prepared, rows
from benchmarks._smtp_tools import sink
from benchmarks._timing import Benchmark, Repetition, in_turn, wall_seconds
from campaigns.gateways.base import Verdict
from campaigns.gateways.smtp import open_gateway

MESSAGES = 20_000


def run(scale: float) -> list[Repetition]:
    """Messages a second, ours and the blast's, in turn."""
    count = max(200, int(MESSAGES * scale))
    letter, recipients = prepared(), rows(count)
    static = [_as_written(row, mail.body) for row, mail in zip(recipients, mails(letter, recipients), strict=True)]
    BENCHMARK.notes.update({"messages": count, "bytes_each": len(static[0])})
    with sink() as port:

        def ours() -> float:
            gateway = open_gateway(f"smtp://127.0.0.1:{port}")
            outcomes = gateway.send(mails(letter, recipients), started=lambda _key: True)
            gateway.close()
            assert all(outcome.verdict == Verdict.ACCEPTED for outcome in outcomes)
            return len(outcomes)

        measured = in_turn(
            lambda: count / wall_seconds(ours), lambda: count / wall_seconds(lambda: _blast(port, static))
        )
    return [Repetition(own, peer, own / peer) for own, peer in measured]


def _as_written(row: Row, body: bytes) -> bytes:
    """An envelope, and the content behind it."""
    return b"MAIL FROM:<nora@example.com>\r\nRCPT TO:<%b>\r\nDATA\r\n" % row.address.encode() + body + b".\r\n"


def _blast(port: int, static: list[bytes]) -> None:
    """One round trip for each mail, as ours: the content and the next envelope in one write, then its answers.

    Nothing is judged but that the answers are as many as they should be.
    """
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert line.recv(4_096).startswith(b"220")
        line.sendall(b"EHLO bench.example.com\r\n")
        assert line.recv(4_096).startswith(b"250")
        heads = [mail.partition(b"DATA\r\n") for mail in static]
        line.sendall(heads[0][0] + heads[0][1])
        _hear(line, 3)
        for number, (_head, _data, content) in enumerate(heads):
            follower = heads[number + 1] if number + 1 < len(heads) else None
            line.sendall(content + follower[0] + follower[1] if follower else content)
            _hear(line, 4 if follower else 1)


def _hear(line: socket.socket, lines: int) -> None:
    while lines > 0:
        heard = line.recv(4_096)
        assert heard
        lines -= heard.count(b"\n")


BENCHMARK = Benchmark(
    name="send.limit",
    workload="merged, tracked mails with both parts, built and sent by one process over one connection to smtp-sink",
    unit="messages per second",
    reference="a socket that writes bytes made before, one round trip a mail, to the same sink",
    goal=0.85,
    floor=0.5,
    run=run,
)
