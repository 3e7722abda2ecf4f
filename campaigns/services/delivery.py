"""Delivery: a business's waiting messages, taken in hand, passed through the gate, sent, and written down.

planned -> queued -> claimed -> handed -> accepted, each step committed before the next begins. A worker that dies
leaves at most one message in doubt; what is in doubt is never sent again by itself unless somebody needs it.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.db import InterfaceError, OperationalError, connection

from campaigns.gateways.base import Gateway, Outcome, OutgoingMessage
from campaigns.gateways.sms import open_sms_gateway
from campaigns.gateways.smtp import open_gateway
from campaigns.models import Message
from campaigns.queries.accounts import account_for
from campaigns.queries.sending import may_business_send
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.services.delivery_breaker import Breaker, breaker, text_breaker
from campaigns.services.delivery_claims import LEASE_SECONDS, ClaimedMessage, claim_messages, give_back, next_due
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_marks import RunningMark, open_mark
from campaigns.services.delivery_results import Result, record_results, result_of
from campaigns.services.delivery_sweep import resend_unknown, sweep_messages
from campaigns.services.messages import channel_of
from campaigns.services.rendering import LetterPress, open_press
from campaigns.services.text_press import TextPress, open_text_press
from contacts.models import Channel
from ecosystem.base import faults
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import execute_alone
from ecosystem.base.stopping import is_stopping
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import note_work
from ecosystem.services.tallies import QUEUE as TALLIES_QUEUE

log = structlog.get_logger(__name__)

QUANTUM = 100
SUB_BATCH = 20
# Each text passes the gate by itself: a STOP that came a second ago stops the next one.
TEXT_SUB_BATCH = 1
# Answers are written down so often at the latest; until then the running mark keeps them.
RECORD_SECONDS = 1.0
TURN_SECONDS = 6.0
PAUSED_SECONDS = 60
FOLDS_PER_MAIL = 1 / 5_000
PAUSES_BETWEEN_TRIES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)

# Where the mark has no file: costs no wait for the disk and touches no index. It may only make unknowns fewer, never
# permit a send: the hand-over before it is durable.
_MARK = """
UPDATE campaigns_queuedmessage AS queued SET started_at = clock_timestamp()
 WHERE queued.business_id = %(business_id)s AND queued.id = %(id)s AND queued.claim_token = %(token)s
   AND queued.handed_at IS NOT NULL
   AND EXISTS (SELECT FROM campaigns_messageclaim AS claim
                WHERE claim.business_id = %(business_id)s AND claim.id = %(token)s
                  AND claim.lease_until > clock_timestamp())"""

_RENEW = """
UPDATE campaigns_messageclaim SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE business_id = %(business_id)s AND id = %(token)s AND lease_until > statement_timestamp()"""

# Not while anything is in its hand that it could neither send nor give back: the sweep needs the claim to find it.
_CLOSE = """
DELETE FROM campaigns_messageclaim AS claim
 WHERE claim.business_id = %(business_id)s AND claim.id = %(token)s
   AND NOT EXISTS (SELECT FROM unnest(claim.message_ids) AS held(id)
                     JOIN campaigns_queuedmessage AS queued
                       ON queued.business_id = %(business_id)s AND queued.id = held.id
                    WHERE queued.claim_token = claim.id)"""


def work_delivery(lane: str, business_id: int, now: datetime) -> datetime | None:
    """One turn of a business in a lane: judge what was left behind, send up to a hundred; when to come again."""
    with business_scope(business_id):
        sweep_messages(lane)
        if not may_business_send():
            return now + timedelta(seconds=PAUSED_SECONDS)
        resend_unknown(lane)
        channel = channel_of(lane)
        account = account_for(channel)
    wait = _breaker_of(channel).seconds_left() if account.url else PAUSED_SECONDS
    if wait:
        return now + timedelta(seconds=wait)
    gateway: Gateway = open_sms_gateway(account.url) if channel == Channel.SMS else open_gateway(account.url)
    try:
        sent = deliver(business_id, lane, now=now, gateway=gateway)
    finally:
        gateway.close()
    with business_scope(business_id):
        # Much sending appends many counts: they are folded more often than the hourly look.
        if random.random() < FOLDS_PER_MAIL * sent:  # noqa: S311 - a chance, no secret
            note_work(TALLIES_QUEUE)
        return next_due(lane)


def deliver(business_id: int, lane: str, *, now: datetime, gateway: Gateway, count: int = QUANTUM) -> int:
    """Take up to `count` due messages in hand and see them through; how many were sent.

    Nothing is open in the database while the provider is talked to.
    """
    token = uuid4()
    mark = open_mark(token)
    is_over = False
    try:
        with business_scope(business_id):
            claimed = claim_messages(lane, token=token, now=now, count=count, marks_rows=mark is None)
            press = _open_press(lane, claimed) if claimed else None
        faults.hit("after_claim")
        sent = _Turn(business_id, claimed, press, gateway, token, mark, lane).send_all() if press else 0
        is_over = True
    finally:
        if mark is not None:
            mark.close(is_over=is_over)
    return sent


def _breaker_of(channel: Channel) -> Breaker:
    return text_breaker if channel == Channel.SMS else breaker


def _open_press(lane: str, claimed: Sequence[ClaimedMessage]) -> LetterPress | TextPress:
    return open_text_press(claimed) if channel_of(lane) == Channel.SMS else open_press(claimed)


class _Turn:
    """What a worker does with the messages it has claimed."""

    def __init__(
        self,
        business_id: int,
        claimed: Sequence[ClaimedMessage],
        press: LetterPress | TextPress,
        gateway: Gateway,
        token: UUID,
        mark: RunningMark | None,
        lane: str,
    ) -> None:
        channel = channel_of(lane)
        self._sub_batch = TEXT_SUB_BATCH if channel == Channel.SMS else SUB_BATCH
        self._breaker = _breaker_of(channel)
        self._business_id, self._claimed, self._press, self._gateway = business_id, claimed, press, gateway
        self._token, self._mark = token, mark
        self._lease = _Lease(business_id, token, mark)
        self._results: list[Result] = []
        self._sent = 0

    def send_all(self) -> int:
        """Sub-batch after sub-batch; what there is no time for goes back. How many were sent."""
        began = recorded_at = time.monotonic()
        try:
            for start in range(0, len(self._claimed), self._sub_batch):
                moment = time.monotonic()
                if moment > began + TURN_SECONDS or self._breaker.seconds_left() or is_stopping():
                    _give_back(self._business_id, self._claimed[start:], self._token)
                    break
                if self._results and moment > recorded_at + RECORD_SECONDS:
                    self._record()
                    recorded_at = moment
                self._send_some(self._claimed[start : start + self._sub_batch])
        finally:
            # What was answered is written down, whatever broke.
            self._record()
        _run_alone(_CLOSE, {"token": self._token}, self._business_id, name="close_claim")
        return self._sent

    def _send_some(self, claimed: Sequence[ClaimedMessage]) -> None:
        """One sub-batch: through the gate and out."""
        faults.hit("before_gate")
        passages = pass_gate(claimed, token=self._token, business_id=self._business_id)
        faults.hit("after_gate")
        handed = {
            message.id: message
            for message in claimed
            if message.id in passages and passages[message.id].state == "handed"
        }
        letters = _letters(handed.values(), self._press, self._results.append)
        heard = self._mark.hear if self._mark else _unheard
        outcomes = self._gateway.send(letters, started=self._lease.start, answered=heard)
        if self._mark:
            self._mark.flush()
        self._breaker.hear(outcomes)
        self._results += [result_of(handed[outcome.id], outcome) for outcome in outcomes]

    def _record(self) -> None:
        if not self._results:
            return
        results, self._results = self._results, []
        faults.hit("before_result_commit")
        _persist(lambda: record_results(self._business_id, results, token=self._token))
        faults.hit("after_result_commit")
        self._sent += sum(result.state == "accepted" for result in results)


def _unheard(_outcome: Outcome) -> None:
    """Where no file keeps the answers."""


def _letters(
    messages: Iterable[ClaimedMessage], press: LetterPress | TextPress, skip: Callable[[Result], None]
) -> Iterator[OutgoingMessage]:
    """The bytes of each message, made when the gateway asks. One that cannot be made is skipped, alone."""
    for message in messages:
        try:
            yield press.make(message, clock_now())
        except RenderTooLarge:
            skip(Result(message, Message.State.SKIPPED, "template_error"))
        except DomainError as error:
            skip(Result(message, Message.State.SKIPPED, error.code[:24]))
        except Exception:
            log.exception("letter_not_made", message_id=str(message.id))
            skip(Result(message, Message.State.SKIPPED, "template_error"))


class _Lease:
    """The hold on what is in hand, asked of PostgreSQL anew when half of it is over; and the running mark under it."""

    def __init__(self, business_id: int, token: UUID, mark: RunningMark | None) -> None:
        self._business_id, self._token, self._mark = business_id, token, mark
        self.renewed()

    def renewed(self) -> None:
        """The hold was taken or prolonged just now."""
        self._renew_at = time.monotonic() + LEASE_SECONDS / 2

    def start(self, message_id: UUID) -> bool:
        """Mark a message as begun. False where the lease is lost and we may not go on."""
        if time.monotonic() > self._renew_at:
            if not _run_alone(_RENEW, {"token": self._token}, self._business_id, name="renew_lease"):
                return False
            self.renewed()
        if self._mark is not None:
            return self._mark.start(message_id)
        return _mark_started(self._business_id, self._token, message_id)


def _mark_started(business_id: int, token: UUID, message_id: UUID) -> bool:
    """The running mark in the row: this one may have begun, the one before it is done. False where we may not go on."""
    return _run_alone(_MARK, {"id": message_id, "token": token}, business_id, name="mark_started") == 1


def _run_alone(statement: str, given: dict[str, UUID], business_id: int, *, name: str) -> int:
    """Run one of the statements above outside of a transaction; how many rows are still ours."""
    try:
        return execute_alone(
            statement,
            {**given, "lease": LEASE_SECONDS},
            business_id=business_id,
            waits_for_disk=False,
            prepared=name,
        )
    except (OperationalError, InterfaceError) as error:
        log.warning("mark_failed", error=type(error).__name__)
        connection.close()
        return 0


def _give_back(business_id: int, claimed: Sequence[ClaimedMessage], token: UUID) -> None:
    """Let go of what there was no time for."""
    with business_scope(business_id):
        give_back(claimed, token=token)


def _persist(write: Callable[[], object]) -> None:
    """Write what is known of mails that have left, also through a restart of PostgreSQL: it cannot be learned again."""
    for pause in PAUSES_BETWEEN_TRIES:
        try:
            write()
        except (OperationalError, InterfaceError) as error:
            log.warning("results_wait_for_database", error=type(error).__name__)
            connection.close()
            time.sleep(pause)
        else:
            return
    write()
