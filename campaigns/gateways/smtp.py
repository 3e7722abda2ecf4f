"""The way out over SMTP: prepared bytes on a blocking socket, one round trip for each mail.

The end of one mail and the envelope of the next travel in one write (RFC 2920); a server that cannot do that is asked
step by step. While the server works on a mail, the one after the next is built.

What is a definite no and what is "perhaps": a refusal is definite; so is a line that breaks before the final dot was
handed to the system. After that dot only an answer counts: without one nobody knows.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from uuid import UUID

from campaigns.gateways.base import Outcome, OutgoingMessage, Started, Verdict
from campaigns.gateways.smtp_line import LineDown, Reply, SmtpAddress, SmtpLine, read_smtp_url
from ecosystem.base.faults import InjectedDrop, hit

GO_AHEAD = 354
CLOSING = 421  # whatever it was an answer to
TOO_LARGE = 552


class SmtpGateway:
    """Sends over one connection at a time, kept between batches and renewed after `per_connection` mails."""

    def __init__(
        self,
        address: SmtpAddress,
        *,
        own_name: str = "localhost",
        per_connection: int = 100,
        timeout: float = 30.0,
        reconnects: int = 2,
    ) -> None:
        self.address = address
        self.own_name = own_name
        self.per_connection = per_connection
        self.timeout = timeout
        self.reconnects = reconnects
        self._line: SmtpLine | None = None
        self._announced: UUID | None = None  # the message whose envelope is on its way
        self._must_reset = False  # a refused envelope is still open at the server

    def send(self, messages: Iterable[OutgoingMessage], *, started: Started) -> list[Outcome]:
        """Hand the messages over in their order; see Gateway.send."""
        queue = _Ahead(messages)
        outcomes: list[Outcome] = []
        failures = 0
        while queue.first is not None:
            try:
                line = self._open_line()
            except LineDown as trouble:
                return outcomes + [_not_started(left, str(trouble), code=trouble.code) for left in queue.rest()]
            try:
                outcome = self._deliver(line, queue.first, queue, started)
            except LineDown as trouble:
                failures += 1
                self._hang_up()
                if failures > self.reconnects:
                    return outcomes + [_not_started(left, str(trouble)) for left in queue.rest()]
                continue
            except BaseException:
                self._hang_up()
                raise
            if outcome is None:
                self._hang_up()
                stopped = "This worker had to stop."
                return outcomes + [_not_started(left, stopped, is_fault=False) for left in queue.rest()]
            outcomes.append(outcome)
            queue.drop_first()
        return outcomes

    def close(self) -> None:
        """Say QUIT and hang up."""
        self._hang_up(politely=True)

    def _deliver(self, line: SmtpLine, message: OutgoingMessage, queue: "_Ahead", started: Started) -> Outcome | None:
        """Take one message through; None when it may not be started. LineDown: not started, may take another line."""
        _fault("before_data")
        if self._announced != message.id:
            envelope = self._envelope(line, message)
            if line.can_pipeline and line.write(envelope) < len(envelope):
                raise LineDown("The mail server hung up.")
        refused = self._hear_envelope(line, message)
        self._announced = None
        if refused:
            return refused
        _fault("after_data")
        return self._hand_over(line, message, queue) if started(message.id) else None

    def _hand_over(self, line: SmtpLine, message: OutgoingMessage, queue: "_Ahead") -> Outcome:
        content = _content(message, takes_eight_bits=line.takes_eight_bits)
        line.sent += 1
        has_room = line.sent < self.per_connection
        follower = queue.second if line.can_pipeline and has_room else None
        answer, is_whole = self._write_and_hear(
            line, content, self._envelope(line, follower) if follower else b"", queue
        )
        if not is_whole:
            self._hang_up()
            if answer and answer.code >= 400:
                return _outcome(message, answer)
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, None, "The line broke before the end.", is_fault=True)
        if answer is None:
            self._hang_up()
            return Outcome(message.id, Verdict.PERHAPS, None, "The line broke before the answer.", is_fault=True)
        self._announced = follower.id if follower else None
        if not has_room or answer.code == CLOSING:
            self._hang_up(politely=answer.code != CLOSING)
        return _outcome(message, answer)

    @staticmethod
    def _write_and_hear(line: SmtpLine, content: bytes, tail: bytes, queue: "_Ahead") -> tuple[Reply | None, bool]:
        """Send the content and what follows it: the answer, if one came, and whether the final dot was handed over."""
        is_whole = False
        try:
            hit("before_final_dot")
            is_whole = line.write(content + tail) >= len(content)
            if is_whole:
                hit("after_final_dot")
                queue.read_on()
                return line.reply(), True
        except (LineDown, InjectedDrop):
            return None, is_whole
        return line.last_words(), False

    def _hear_envelope(self, line: SmtpLine, message: OutgoingMessage) -> Outcome | None:
        """The answers to MAIL, RCPT and DATA: None when the server awaits the content, otherwise its refusal."""
        commands = self._commands(line, message)
        refusal: Outcome | None = None
        for number, command in enumerate(commands):
            answer = line.reply() if line.can_pipeline else line.command(command)
            if answer.code == CLOSING:
                self._hang_up()
                return _refused(message, answer, command)
            is_last = number == len(commands) - 1
            if is_last and answer.code == GO_AHEAD and refusal:
                line.command(b".")  # nobody is left to get it; this only ends the exchange
            elif not refusal and not (answer.code == GO_AHEAD if is_last else answer.is_yes):
                refusal = _refused(message, answer, command)
                if not line.can_pipeline:
                    break
        self._must_reset = refusal is not None
        return refusal

    def _commands(self, line: SmtpLine, message: OutgoingMessage) -> list[bytes]:
        sender = b"MAIL FROM:<%b>" % message.envelope_from.encode("ascii")
        if "SIZE" in line.abilities:
            sender += b" SIZE=%d" % len(message.body)
        if line.takes_eight_bits and not message.body.isascii():
            sender += b" BODY=8BITMIME"
        commands = [sender, b"RCPT TO:<%b>" % message.recipient.encode("ascii"), b"DATA"]
        return [b"RSET", *commands] if self._must_reset else commands

    def _envelope(self, line: SmtpLine, message: OutgoingMessage) -> bytes:
        return b"\r\n".join(self._commands(line, message)) + b"\r\n"

    def _open_line(self) -> SmtpLine:
        if self._line is None:
            _fault("before_connect")
            self._line = SmtpLine(self.address, own_name=self.own_name, timeout=self.timeout)
        return self._line

    def _hang_up(self, *, politely: bool = False) -> None:
        line, self._line = self._line, None
        self._announced, self._must_reset = None, False
        if line is not None:
            line.close(politely=politely)


def _fault(point: str) -> None:
    """A named place where a test may break the line."""
    try:
        hit(point)
    except InjectedDrop as drop:
        raise LineDown("The line was cut.") from drop


def open_gateway(url: str, *, own_name: str = "localhost") -> SmtpGateway:
    """The gateway to the server that EMAIL_URL names. It connects when the first message comes."""
    return SmtpGateway(read_smtp_url(url), own_name=own_name)


class _Ahead:
    """The messages still to send, read as far ahead as the wire needs: the one in hand, the next, and one more."""

    def __init__(self, messages: Iterable[OutgoingMessage]) -> None:
        self._source = iter(messages)
        self._waiting: deque[OutgoingMessage] = deque()
        self._fill(2)

    @property
    def first(self) -> OutgoingMessage | None:
        self._fill(1)
        return self._waiting[0] if self._waiting else None

    @property
    def second(self) -> OutgoingMessage | None:
        self._fill(2)
        return self._waiting[1] if len(self._waiting) > 1 else None

    def read_on(self) -> None:
        """Have one more built while the server is busy."""
        self._fill(3)

    def drop_first(self) -> None:
        self._waiting.popleft()

    def rest(self) -> Iterator[OutgoingMessage]:
        yield from self._waiting
        yield from self._source

    def _fill(self, count: int) -> None:
        while len(self._waiting) < count:
            message = next(self._source, None)
            if message is None:
                return
            self._waiting.append(message)


def _content(message: OutgoingMessage, *, takes_eight_bits: bool) -> bytes:
    """The body as it goes over the wire: its leading dots doubled, the final dot behind it."""
    body = message.body
    if not takes_eight_bits and not body.isascii():
        body = message_from_bytes(body, policy=policy.SMTP.clone(cte_type="7bit")).as_bytes()
    if b"\n." in body or body.startswith(b"."):
        body = (b"\n" + body).replace(b"\n.", b"\n..")[1:]
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")


def _outcome(message: OutgoingMessage, answer: Reply) -> Outcome:
    """What the answer to the final dot means."""
    verdicts = {2: Verdict.ACCEPTED, 4: Verdict.REFUSED_TEMPORARY, 5: Verdict.REFUSED_PERMANENT}
    verdict = verdicts.get(answer.code // 100, Verdict.PERHAPS)
    provider_id = answer.text[:200] if verdict == Verdict.ACCEPTED else ""
    is_fault = answer.code == CLOSING or verdict == Verdict.PERHAPS
    return Outcome(message.id, verdict, answer.code, answer.text[:500], provider_id, is_fault=is_fault)


def _refused(message: OutgoingMessage, answer: Reply, command: bytes) -> Outcome:
    """What a no to the envelope means. A no to the sender is the account's trouble, a no to the recipient his own."""
    is_ours = not command.startswith((b"RCPT", b"DATA")) and answer.code != TOO_LARGE
    is_fault = is_ours or answer.code == CLOSING
    is_final = answer.code >= 500 and not is_fault
    verdict = Verdict.REFUSED_PERMANENT if is_final else Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, answer.code, answer.text[:500], is_fault=is_fault, was_started=False)


def _not_started(message: OutgoingMessage, reason: str, *, code: int | None = None, is_fault: bool = True) -> Outcome:
    return Outcome(message.id, Verdict.REFUSED_TEMPORARY, code, reason[:500], is_fault=is_fault, was_started=False)
