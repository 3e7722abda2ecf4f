"""The way out over SMTP: prepared bytes on a blocking socket, one round trip for each mail.

The end of one mail and the envelope of the next travel in one write (RFC 2920); a server that cannot do that is asked
step by step. While the server works on a mail, the one after the next is built.

What is a definite no and what is "perhaps": a refusal is definite; so is a line that breaks before the final dot was
handed to the system. After that dot only an answer counts: without one nobody knows.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from urllib.parse import urlsplit

from django.conf import settings

from campaigns.gateways.base import Answered, Outcome, OutgoingMessage, Started, Trouble, Verdict
from campaigns.gateways.smtp_line import LineDown, Reply, SmtpAddress, SmtpLine, read_smtp_url
from ecosystem.base.faults import InjectedDrop, hit

GO_AHEAD = 354
CLOSING = 421  # whatever it was an answer to
TOO_LARGE = 552


# What most servers take on one connection before they hang up.
MOST_A_CONNECTION = 50


class SmtpGateway:
    """Sends over one connection at a time, kept between batches and renewed after `per_connection` mails."""

    def __init__(
        self,
        address: SmtpAddress,
        *,
        own_name: str = "localhost",
        per_connection: int = MOST_A_CONNECTION,
        timeout: float = 30.0,
        reconnects: int = 2,
    ) -> None:
        self.address = address
        self.own_name = own_name
        self.per_connection = per_connection
        self.timeout = timeout
        self.reconnects = reconnects
        self._line: SmtpLine | None = None
        self._announced: _Ready | None = None  # the message whose envelope is on its way
        self._must_reset = False  # a refused envelope is still open at the server
        self._is_tested = bool(settings.FAULT_PLAN)

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the messages over in their order; see Gateway.send."""
        queue = _Ahead(messages)
        outcomes: list[Outcome] = []
        failures = 0
        while queue:
            try:
                line = self._open_line()
            except LineDown as trouble:
                return outcomes + [
                    _not_started(left, str(trouble), code=trouble.code, trouble=trouble.trouble)
                    for left in queue.rest()
                ]
            try:
                outcome = self._deliver(line, queue, started)
            except LineDown as trouble:
                failures += 1
                self._hang_up()
                if failures > self.reconnects:
                    return outcomes + [
                        _not_started(left, str(trouble), trouble=trouble.trouble) for left in queue.rest()
                    ]
                continue
            except BaseException:
                self._hang_up()
                raise
            if outcome is None:
                self._hang_up()
                stopped = "This worker had to stop."
                return outcomes + [_not_started(left, stopped, is_fault=False) for left in queue.rest()]
            outcomes.append(outcome)
            if answered is not None:
                answered(outcome)
            queue.drop_first()
        return outcomes

    def close(self) -> None:
        """Say QUIT and hang up."""
        self._hang_up(politely=True)

    def _deliver(self, line: SmtpLine, queue: "_Ahead", started: Started) -> Outcome | None:
        """Take the first message through; None when it may not be started.

        LineDown means that it was not started and may take another line.
        """
        ready = queue.first(line)
        self._fault("before_data")
        if self._announced is not ready:
            envelope = b"RSET\r\n" + ready.envelope if self._must_reset else ready.envelope
            if line.can_pipeline and line.write(envelope) < len(envelope):
                raise LineDown("The mail server hung up.")
        refused = None if self._is_welcome(line) else self._hear_envelope(line, ready)
        self._announced = None
        if refused:
            return refused
        self._fault("after_data")
        return self._hand_over(line, ready, queue) if started(ready.message.id) else None

    def _hand_over(self, line: SmtpLine, ready: "_Ready", queue: "_Ahead") -> Outcome:
        message = ready.message
        line.sent += 1
        has_room = line.sent < self.per_connection
        follower = queue.second(line) if line.can_pipeline and has_room else None
        tail = follower.envelope if follower else b""
        answer, is_whole = self._write_and_hear(line, ready.content, tail, queue)
        if not is_whole:
            self._hang_up()
            if answer and answer.code >= 400:
                return _outcome(message, answer)
            return Outcome(message.id, Verdict.REFUSED_TEMPORARY, None, "The line broke before the end.", is_fault=True)
        if answer is None:
            self._hang_up()
            return Outcome(message.id, Verdict.PERHAPS, None, "The line broke before the answer.", is_fault=True)
        self._announced = follower
        # Neither a yes nor a no: it was meant for something else, and so would every answer after it be.
        is_out_of_turn = answer.code // 100 not in (2, 4, 5)
        if not has_room or answer.code == CLOSING or is_out_of_turn:
            self._hang_up(politely=answer.code != CLOSING and not is_out_of_turn)
        return _outcome(message, answer)

    def _write_and_hear(
        self, line: SmtpLine, content: bytes, tail: bytes, queue: "_Ahead"
    ) -> tuple[Reply | None, bool]:
        """Send the content and what follows it: the answer, if one came, and whether the final dot was handed over."""
        is_whole = False
        try:
            self._fault("before_final_dot")
            is_whole = line.write(content + tail) >= len(content)
            if is_whole:
                self._fault("after_final_dot")
                queue.read_on(line)
                return line.reply(), True
        except LineDown:
            return None, is_whole
        return line.last_words(), False

    def _is_welcome(self, line: SmtpLine) -> bool:
        return not self._must_reset and line.can_pipeline and line.take_go_ahead()

    def _hear_envelope(self, line: SmtpLine, ready: "_Ready") -> Outcome | None:
        """The answers to MAIL, RCPT and DATA: None when the server awaits the content, otherwise its refusal."""
        commands = ready.envelope.split(b"\r\n")[:-1]
        if self._must_reset:
            commands.insert(0, b"RSET")
        refusal: Outcome | None = None
        for number, command in enumerate(commands):
            answer = line.reply() if line.can_pipeline else line.command(command)
            if answer.code == CLOSING:
                self._hang_up()
                return _refused(ready.message, answer, command)
            is_last = number == len(commands) - 1
            if answer.code == GO_AHEAD and not is_last:
                raise LineDown("The mail server answers out of turn.")
            if is_last and answer.code == GO_AHEAD and refusal:
                line.command(b".")  # nobody is left to get it; this only ends the exchange
            elif not refusal and not (answer.code == GO_AHEAD if is_last else answer.is_yes):
                refusal = _refused(ready.message, answer, command)
                if not line.can_pipeline:
                    break
        self._must_reset = refusal is not None
        return refusal

    def _open_line(self) -> SmtpLine:
        if self._line is None:
            self._fault("before_connect")
            self._line = SmtpLine(self.address, own_name=self.own_name, timeout=self.timeout)
        return self._line

    def _fault(self, point: str) -> None:
        """A named place where a test may break the line."""
        if self._is_tested:
            try:
                hit(point)
            except InjectedDrop as drop:
                raise LineDown("The line was cut.") from drop

    def _hang_up(self, *, politely: bool = False) -> None:
        line, self._line = self._line, None
        self._announced, self._must_reset = None, False
        if line is not None:
            line.close(politely=politely)


def open_gateway(url: str) -> SmtpGateway:
    """The gateway to the server that EMAIL_URL names; it calls itself by our public host. Connects when needed."""
    return SmtpGateway(read_smtp_url(url), own_name=urlsplit(settings.PUBLIC_URL).hostname or "localhost")


class _Ready:
    """A message with the bytes that one line wants for it."""

    __slots__ = ("content", "envelope", "line", "message")

    def __init__(self, message: OutgoingMessage) -> None:
        self.message = message
        self.line: SmtpLine | None = None
        self.content = self.envelope = b""

    def for_line(self, line: SmtpLine) -> "_Ready":
        if self.line is not line:
            self.line = line
            self.content = _content(self.message, takes_eight_bits=line.takes_eight_bits)
            self.envelope = _envelope(self.message, line)
        return self


class _Ahead:
    """The messages still to send, read as far ahead as the wire needs: the one in hand, the next, and one more."""

    def __init__(self, messages: Iterable[OutgoingMessage]) -> None:
        self._source = iter(messages)
        self._waiting: deque[_Ready] = deque()
        self._fill(2)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def first(self, line: SmtpLine) -> _Ready:
        return self._waiting[0].for_line(line)

    def second(self, line: SmtpLine) -> _Ready | None:
        return self._waiting[1].for_line(line) if len(self._waiting) > 1 else None

    def read_on(self, line: SmtpLine) -> None:
        """Have one more built, and made ready for the line, while the server is busy."""
        self._fill(3)
        if len(self._waiting) > 2:
            self._waiting[2].for_line(line)

    def drop_first(self) -> None:
        self._waiting.popleft()
        self._fill(2)

    def rest(self) -> Iterator[OutgoingMessage]:
        yield from (ready.message for ready in self._waiting)
        yield from self._source

    def _fill(self, count: int) -> None:
        while len(self._waiting) < count:
            message = next(self._source, None)
            if message is None:
                return
            self._waiting.append(_Ready(message))


def _envelope(message: OutgoingMessage, line: SmtpLine) -> bytes:
    """MAIL, RCPT and DATA, as this server wants to hear them."""
    size = b" SIZE=%d" % len(message.body) if line.wants_size else b""
    if line.takes_eight_bits and not message.body.isascii():
        size += b" BODY=8BITMIME"
    sender, recipient = message.envelope_from.encode("ascii"), message.recipient.encode("ascii")
    return b"MAIL FROM:<%b>%b\r\nRCPT TO:<%b>\r\nDATA\r\n" % (sender, size, recipient)


def _content(message: OutgoingMessage, *, takes_eight_bits: bool) -> bytes:
    """The body as it goes over the wire: its leading dots doubled, the final dot behind it."""
    body = message.body
    if not takes_eight_bits and not body.isascii():
        message = replace(message, has_dots=True)
        body = message_from_bytes(body, policy=policy.SMTP.clone(cte_type="7bit")).as_bytes()
    if message.has_dots and (b"\n." in body or body.startswith(b".")):
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


def _not_started(
    message: OutgoingMessage,
    reason: str,
    *,
    code: int | None = None,
    is_fault: bool = True,
    trouble: Trouble | None = None,
) -> Outcome:
    verdict = Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, code, reason[:500], is_fault=is_fault, was_started=False, trouble=trouble)
