"""Delivery: a business's waiting messages, taken in hand, passed through the gate, sent, and written down.

planned -> queued -> claimed -> handed -> accepted, each step committed before the next begins. A worker that dies
leaves at most one message in doubt; what is in doubt is never sent again by itself unless somebody needs it.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F

from campaigns.gateways.base import Gateway, OutgoingMessage
from campaigns.gateways.smtp import open_gateway
from campaigns.models import Message
from campaigns.queries.sending import may_business_send
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.services.delivery_breaker import breaker
from campaigns.services.delivery_claims import (
    LEASE_SECONDS,
    ClaimedMessage,
    claim_messages,
    next_due,
    resend_unknown,
    sweep_messages,
)
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_marks import RunningMark, open_mark
from campaigns.services.delivery_results import Result, record_results, result_of
from campaigns.services.rendering import LetterPress, open_press
from ecosystem.base import faults
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import execute_alone
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import note_work
from ecosystem.services.tallies import QUEUE as TALLIES_QUEUE

log = structlog.get_logger(__name__)

QUANTUM = 100
SUB_BATCH = 20
TURN_SECONDS = 6.0
PAUSED_SECONDS = 60
FOLDS_PER_MAIL = 1 / 5_000
PAUSES_BETWEEN_TRIES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)

# Where the mark has no file: costs no wait for the disk and touches no index (the lease grows only when half of it is
# over). It may only make unknowns fewer, never permit a send: the hand-over before it is durable.
_MARK = """
UPDATE campaigns_message AS message
   SET started_at = clock_timestamp(),
       lease_until = CASE WHEN message.lease_until < clock_timestamp() + make_interval(secs => %(lease)s / 2)
                          THEN clock_timestamp() + make_interval(secs => %(lease)s) ELSE message.lease_until END
 WHERE message.business_id = %(business_id)s AND message.id = %(id)s AND message.state = 'handed'
   AND message.claim_token = %(token)s AND message.lease_until > clock_timestamp()"""

_RENEW = """
UPDATE campaigns_message SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
 WHERE business_id = %(business_id)s AND state = 'handed' AND claim_token = %(token)s
   AND lease_until > statement_timestamp()"""


def work_delivery(lane: str, business_id: int, now: datetime) -> datetime | None:
    """One turn of a business in a lane: judge what was left behind, send up to a hundred; when to come again."""
    with business_scope(business_id):
        sweep_messages(lane)
        if not may_business_send():
            return now + timedelta(seconds=PAUSED_SECONDS)
        resend_unknown(lane)
    wait = breaker.seconds_left()
    if wait:
        return now + timedelta(seconds=wait)
    gateway = open_gateway(settings.EMAIL_URL)
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
    with business_scope(business_id):
        claimed = claim_messages(lane, token=token, now=now, count=count)
        press = open_press(claimed) if claimed else None
    faults.hit("after_claim")
    if press is None:
        return 0
    mark = open_mark(token)
    is_over = False
    try:
        sent = _send_all(business_id, claimed, press, gateway, token, mark)
        is_over = True
    finally:
        if mark is not None:
            mark.close(is_over=is_over)
    return sent


def _send_all(
    business_id: int,
    claimed: Sequence[ClaimedMessage],
    press: LetterPress,
    gateway: Gateway,
    token: UUID,
    mark: RunningMark | None,
) -> int:
    """Sub-batch after sub-batch; what there is no time for goes back."""
    deadline = time.monotonic() + TURN_SECONDS
    sent = 0
    for start in range(0, len(claimed), SUB_BATCH):
        if time.monotonic() > deadline or breaker.seconds_left():
            _give_back(business_id, claimed[start:], token)
            break
        sent += _send_some(business_id, claimed[start : start + SUB_BATCH], press, gateway, token, mark)
    return sent


def _send_some(
    business_id: int,
    claimed: Sequence[ClaimedMessage],
    press: LetterPress,
    gateway: Gateway,
    token: UUID,
    mark: RunningMark | None,
) -> int:
    """One sub-batch: through the gate, out, and written down."""
    faults.hit("before_gate")
    started = partial(_mark_started, business_id, token) if mark is None else _Lease(business_id, token, mark).start
    passages = pass_gate(claimed, token=token, marks_rows=mark is None, business_id=business_id)
    faults.hit("after_gate")
    handed = {
        message.id: message for message in claimed if message.id in passages and passages[message.id].state == "handed"
    }
    results: list[Result] = []
    outcomes = gateway.send(_letters(handed.values(), press, results.append), started=started)
    breaker.hear(outcomes)
    results += [result_of(handed[outcome.id], outcome) for outcome in outcomes]
    faults.hit("before_result_commit")
    _persist(lambda: record_results(business_id, results, token=token))
    faults.hit("after_result_commit")
    return sum(result.state == "accepted" for result in results)


def _letters(
    messages: Iterable[ClaimedMessage], press: LetterPress, skip: Callable[[Result], None]
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
    """The hold on a sub-batch whose running mark stands in a file: asked of PostgreSQL anew when half of it is over."""

    def __init__(self, business_id: int, token: UUID, mark: RunningMark) -> None:
        self._business_id, self._token, self._mark = business_id, token, mark
        self._renew_at = time.monotonic() + LEASE_SECONDS / 2

    def start(self, message_id: UUID) -> bool:
        """Mark a message as begun. False where the lease is lost and we may not go on."""
        if time.monotonic() > self._renew_at:
            held_from = time.monotonic()
            if not _run_alone(_RENEW, {"token": self._token}, self._business_id, name="renew_lease"):
                return False
            self._renew_at = held_from + LEASE_SECONDS / 2
        return self._mark.start(message_id)


def _mark_started(business_id: int, token: UUID, message_id: UUID) -> bool:
    """The running mark in the row: this one may have begun, the one before it is done. False where we may not go on."""
    return _run_alone(_MARK, {"id": message_id, "token": token}, business_id, name="mark_started") == 1


def _run_alone(statement: str, given: dict[str, UUID], business_id: int, *, name: str) -> int:
    """Run one of the two statements above between two mails; how many messages are still ours."""
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
    """Put back what this turn has no time for; it does not count as an attempt."""
    with business_scope(business_id):
        Message.objects.filter(
            id__in=[message.id for message in claimed], state=Message.State.CLAIMED, claim_token=token
        ).update(state=Message.State.QUEUED, claim_token=None, lease_until=None, attempt=F("attempt") - 1)


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
