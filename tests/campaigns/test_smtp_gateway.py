"""The SMTP gateway against a real server that fails on purpose: each answer is right, nothing goes twice."""

import socket
import ssl
from uuid import UUID

import pytest

from campaigns.gateways.base import Outcome, OutgoingMessage, Verdict
from campaigns.gateways.smtp import SmtpGateway
from campaigns.gateways.smtp_line import SmtpAddress, read_smtp_url
from tests.smtp_server import DROP, DROP_AFTER, SmtpServer, Trouble, smtp_server

YES, LATER, NO, PERHAPS = (
    Verdict.ACCEPTED,
    Verdict.REFUSED_TEMPORARY,
    Verdict.REFUSED_PERMANENT,
    Verdict.PERHAPS,
)


def outgoing(number: int, body: bytes | None = None) -> OutgoingMessage:
    content = body if body is not None else b"Message-ID: <%d@example.com>\r\n\r\nHello.\r\n" % number
    return OutgoingMessage(UUID(int=number), "nora@example.com", f"p{number}@example.com", content)


def gateway(server: SmtpServer, **values) -> SmtpGateway:
    return SmtpGateway(read_smtp_url(server.url), **{"timeout": 2.0, **values})


def sent(server: SmtpServer, count: int = 5, **values) -> tuple[list[Outcome], list[UUID]]:
    """The outcomes of a batch, and which messages were said to have been started."""
    started: list[UUID] = []
    way_out = gateway(server, **values)
    outcomes = way_out.send((outgoing(number) for number in range(count)), started=lambda key: not started.append(key))
    way_out.close()
    assert [outcome.id for outcome in outcomes] == [UUID(int=number) for number in range(count)]
    return outcomes, started


def arrived(server: SmtpServer) -> list[str]:
    return [mail.recipient.partition("@")[0] for mail in server.accepted]


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
def server(request):
    with smtp_server(pipelining=request.param) as running:
        yield running


def test_every_mail_arrives_once_and_in_order(server):
    outcomes, started = sent(server, 25)
    assert arrived(server) == [f"p{number}" for number in range(25)]
    assert {outcome.verdict for outcome in outcomes} == {YES}
    assert outcomes[2].provider_id == "2.0.0 queued as 3"
    assert started == [UUID(int=number) for number in range(25)]
    assert server.connections == 1
    assert {mail.sender for mail in server.accepted} == {"nora@example.com"}


def test_a_mail_and_the_next_envelope_travel_together():
    body = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n"
    with smtp_server() as server:
        gateway(server).send([outgoing(1, body), outgoing(2, body)], started=lambda _key: True)
        assert server.largest_read > len(body) + len("MAIL FROM:<nora@example.com>")


def test_a_connection_is_kept_between_batches_and_renewed_in_time(server):
    way_out = gateway(server, per_connection=10)
    for start in (0, 4, 8, 12):
        way_out.send([outgoing(start + number) for number in range(4)], started=lambda _key: True)
    assert len(server.accepted) == 16
    assert server.connections == 2
    way_out.close()
    assert server.commands[-1] == "QUIT"


def test_dots_at_the_start_of_a_line_arrive_as_they_were(server):
    bodies = [b".a\r\n..b\r\n.\r\nc\r\n.\r\n", b"x\r\n.", b"\r\n.\r\n", b"plain\r\n"]
    gateway(server).send([outgoing(n, body) for n, body in enumerate(bodies)], started=lambda _key: True)
    ended = [body if body.endswith(b"\r\n") else body + b"\r\n" for body in bodies]
    assert [mail.body for mail in server.accepted] == ended


@pytest.mark.parametrize(
    ("stage", "answer", "verdict", "is_fault", "was_started"),
    [
        ("rcpt", "450 4.2.1 try later", LATER, False, False),
        ("rcpt", "550 5.1.1 no such user", NO, False, False),
        ("data", "451 4.3.0 later", LATER, False, False),
        ("data", "554 5.7.1 no", NO, False, False),
        ("dot", "452 4.3.1 no room", LATER, False, True),
        ("dot", "554 5.7.1 spam", NO, False, True),
        ("rcpt", "421 4.3.2 closing", LATER, True, False),
        ("dot", "421 4.3.2 closing", LATER, True, True),
    ],
)
def test_a_refusal_concerns_one_mail_alone(server, stage, answer, verdict, is_fault, was_started):
    server.script("p2@example.com", Trouble(stage, answer))
    outcomes, started = sent(server)
    refused = outcomes.pop(2)
    assert (refused.verdict, refused.code, refused.is_fault) == (verdict, int(answer[:3]), is_fault)
    assert refused.was_started is was_started
    assert refused.response == answer[4:]
    assert (UUID(int=2) in started) is was_started
    assert {outcome.verdict for outcome in outcomes} == {YES}
    assert arrived(server) == ["p0", "p1", "p3", "p4"]


def test_a_refused_sender_is_the_accounts_trouble_and_burns_no_mail(server):
    server.script("*", Trouble("mail", "553 5.7.1 not your address", times=1))
    outcomes, _started = sent(server)
    assert (outcomes[0].verdict, outcomes[0].is_fault, outcomes[0].was_started) == (LATER, True, False)
    assert arrived(server) == ["p1", "p2", "p3", "p4"]


def test_a_line_cut_before_the_content_costs_nothing(server):
    server.script("p2@example.com", Trouble("rcpt", DROP, times=1))
    outcomes, _started = sent(server)
    assert {outcome.verdict for outcome in outcomes} == {YES}
    assert arrived(server) == ["p0", "p1", "p2", "p3", "p4"]
    assert server.connections == 2


@pytest.mark.parametrize(("answer", "arrives"), [(DROP, False), (DROP_AFTER, True)])
def test_a_line_cut_after_the_final_dot_is_a_perhaps_and_never_sent_again(server, answer, arrives):
    server.script("p2@example.com", Trouble("dot", answer, times=1))
    outcomes, _started = sent(server)
    assert [outcome.verdict for outcome in outcomes] == [YES, YES, PERHAPS, YES, YES]
    assert outcomes[2].is_fault
    assert arrived(server) == ["p0", "p1", *(["p2"] if arrives else []), "p3", "p4"]


def test_an_answer_out_of_turn_ends_the_line_before_it_is_taken_for_another_ones(server):
    server.script("p1@example.com", Trouble("dot", "354 go on", times=1))
    server.script("p3@example.com", Trouble("rcpt", "354 go on", times=1))
    outcomes, started = sent(server, 5)
    assert [outcome.verdict for outcome in outcomes] == [YES, PERHAPS, YES, YES, YES]
    assert outcomes[1].is_fault
    assert arrived(server) == ["p0", "p2", "p3", "p4"]
    assert server.connections == 3
    assert started == [UUID(int=number) for number in range(5)]


def test_no_answer_in_time_is_a_perhaps(server):
    server.script("p1@example.com", Trouble("dot", 1.0, times=1))
    outcomes, _started = sent(server, 3, timeout=0.3)
    assert [outcome.verdict for outcome in outcomes] == [YES, PERHAPS, YES]


def test_a_line_that_breaks_amid_the_content_is_a_definite_no():
    with smtp_server() as server:
        server.script("p1@example.com", Trouble("data", "354 go on", times=0))
        huge = outgoing(1, b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 400_000)
        way_out = gateway(server, timeout=1.0)
        started: list[UUID] = []

        def begin(key: UUID) -> bool:
            started.append(key)
            if key == UUID(int=1):
                way_out._line._socket.shutdown(1)
            return True

        outcomes = way_out.send([outgoing(0), huge, outgoing(2)], started=begin)
    assert [outcome.verdict for outcome in outcomes] == [YES, LATER, YES]
    assert (outcomes[1].is_fault, outcomes[1].was_started) == (True, True)
    assert arrived(server) == ["p0", "p2"]


def test_where_the_lease_is_lost_nothing_more_is_sent(server):
    outcomes = gateway(server).send([outgoing(number) for number in range(5)], started=lambda key: key < UUID(int=2))
    assert [outcome.verdict for outcome in outcomes] == [YES, YES, LATER, LATER, LATER]
    assert not any(outcome.was_started or outcome.is_fault for outcome in outcomes[2:])
    assert arrived(server) == ["p0", "p1"]


def test_a_dead_server_is_answered_for_every_mail():
    way_out = SmtpGateway(SmtpAddress("127.0.0.1", 1, "plain"))
    outcomes = way_out.send([outgoing(number) for number in range(3)], started=lambda _key: True)
    assert {(outcome.verdict, outcome.is_fault, outcome.was_started) for outcome in outcomes} == {(LATER, True, False)}
    assert "No connection to the mail server" in outcomes[0].response


@pytest.mark.parametrize("greeting", ["554 go away", "421 busy", "nonsense", "220"])
def test_an_unfriendly_greeting_is_not_a_crash(greeting):
    with smtp_server(greeting=greeting) as server:
        outcomes, started = sent(server, 2)
    expected = YES if greeting == "220" else LATER
    assert {outcome.verdict for outcome in outcomes} == {expected}
    assert bool(started) is (expected == YES)


def test_an_old_server_without_ehlo_still_gets_its_mail():
    with smtp_server(knows_ehlo=False) as server:
        outcomes, _started = sent(server)
        assert {outcome.verdict for outcome in outcomes} == {YES}
        assert "HELO localhost" in server.commands


def test_size_and_eight_bits_are_said_where_the_server_wants_to_know():
    body = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    body += "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße\r\n".encode()
    with smtp_server(size=10_000_000) as server:
        gateway(server).send([outgoing(1, body)], started=lambda _key: True)
        assert f"MAIL FROM:<nora@example.com> SIZE={len(body)} BODY=8BITMIME" in server.commands
        assert server.accepted[0].body == body
    with smtp_server(eight_bits=False) as server:
        gateway(server).send([outgoing(1, body)], started=lambda _key: True)
        assert server.accepted[0].body.isascii()
        assert b"base64" in server.accepted[0].body


@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "LOGIN"])
def test_signing_in_works_and_fails_in_words(mechanisms):
    with smtp_server(login=("nora", "secret"), mechanisms=mechanisms) as server:
        assert sent(server, 1)[0][0].verdict == YES
        wrong = SmtpGateway(SmtpAddress("127.0.0.1", server.port, "plain", "nora", "wrong"))
        refused = wrong.send([outgoing(1)], started=lambda _key: True)[0]
        assert (refused.verdict, refused.code, refused.is_fault) == (LATER, 535, True)
        assert "wrong" not in repr(wrong.address)


def test_e9_encryption_is_verified(certificate):
    """CAMPAIGNS 2a E9: TLS, and with the server that was meant."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with smtp_server(starttls=context) as server:
        trusted = read_smtp_url(f"smtp+tls://localhost:{server.port}?ca={certificate / 'cert.pem'}")
        outcomes = SmtpGateway(trusted).send([outgoing(1), outgoing(2)], started=lambda _key: True)
        assert {outcome.verdict for outcome in outcomes} == {YES}
        strange = read_smtp_url(f"smtp+tls://localhost:{server.port}")
        refused = SmtpGateway(strange).send([outgoing(3)], started=lambda _key: True)[0]
        assert (refused.verdict, refused.was_started) == (LATER, False)
        assert "No safe connection" in refused.response
        assert len(server.accepted) == 2


class FarAway(socket.socket):
    """A connection that leads out of the house, as its other end says."""

    def getpeername(self):
        return ("8.8.8.8", 25)


@pytest.mark.parametrize("offers", [False, True])
def test_e9_nothing_is_sent_in_clear_to_a_server_outside_of_the_house(monkeypatch, certificate, offers):
    """CAMPAIGNS 2a E9: an address without a word of encryption is not one without encryption."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def connect(address, **_given):
        line = FarAway(socket.AF_INET, socket.SOCK_STREAM)
        line.connect(address)
        return line

    with smtp_server(starttls=context if offers else None) as server:
        monkeypatch.setattr(socket, "create_connection", connect)
        near = read_smtp_url(f"smtp://127.0.0.1:{server.port}?ca={certificate / 'cert.pem'}")
        told = SmtpGateway(near).send([outgoing(1)], started=lambda _key: True)[0]
        assert server.accepted == []
        assert ("No safe connection" if offers else "offers no encryption") in told.response


def test_a_connection_carries_fifty_letters_at_most():
    """CAMPAIGNS 4h: at most fifty mails on one connection."""
    with smtp_server() as server:
        way_out = SmtpGateway(read_smtp_url(server.url))
        way_out.send([outgoing(number) for number in range(101)], started=lambda _key: True)
        way_out.close()
        assert (len(server.accepted), server.connections) == (101, 3)


def test_e9_nothing_is_sent_in_clear_where_encryption_was_asked_for():
    """CAMPAIGNS 2a E9: every hop that we open is encrypted, or none is opened."""
    with smtp_server() as server:
        address = read_smtp_url(f"smtp+tls://localhost:{server.port}")
        refused = SmtpGateway(address).send([outgoing(1)], started=lambda _key: True)[0]
        assert "offers no encryption" in refused.response
        assert server.accepted == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 25, "plain", "")),
        (
            "smtp+tls://nora%40example.com:p%3Aw@mail.example.com",
            ("mail.example.com", 587, "starttls", "nora@example.com"),
        ),
        ("smtp+ssl://mail.example.com", ("mail.example.com", 465, "tls", "")),
        ("smtps://mail.example.com:587", ("mail.example.com", 587, "starttls", "")),
    ],
)
def test_the_url_says_where_and_how(url, found):
    address = read_smtp_url(url)
    assert (address.host, address.port, address.security, address.user) == found
    with pytest.raises(ValueError, match="EMAIL_URL"):
        read_smtp_url("https://mail.example.com")


@pytest.mark.parametrize(
    ("point", "verdict", "count"),
    [
        ("before_data", YES, 3),
        ("after_data", YES, 3),
        ("before_final_dot", LATER, 2),
        ("after_final_dot", PERHAPS, 3),
    ],
)
def test_a_drop_at_a_named_point_is_answered_for_what_it_is(server, settings, tmp_path, point, verdict, count):
    settings.FAULT_PLAN, settings.FAULT_DIR = f"{point}:2:drop", tmp_path
    outcomes, _started = sent(server, 3)
    assert [outcome.verdict for outcome in outcomes] == [YES, verdict, YES]
    assert len(arrived(server)) == len(set(arrived(server)))
    assert set(arrived(server)) >= {"p0", "p2"}
    if verdict != PERHAPS:
        assert len(arrived(server)) == count
