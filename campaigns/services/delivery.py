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
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from campaigns.gateways.base import Gateway, Outcome, OutgoingMessage
from campaigns.gateways.mail import open_mail_gateway
from campaigns.gateways.sms import open_sms_gateway
from campaigns.models import Message
from campaigns.queries.accounts import Account, account_for
from campaigns.queries.sending import MOST_WITHOUT_ALL_RECORDS, Sending, find_sending, is_stopped
from campaigns.queries.texts import text_settings
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.services.account_suspensions import (
    LOOK_SECONDS,
    find_suspension,
    lift_suspension,
    may_try,
    suspend_account,
)
from campaigns.services.delivery_asking import ask_again, can_be_asked, next_asking
from campaigns.services.delivery_breaker import refuses_sign_in
from campaigns.services.delivery_claims import (
    LEASE_SECONDS,
    ClaimedMessage,
    claim_messages,
    give_back,
    give_back_for_later,
    next_due,
)
from campaigns.services.delivery_days import DayOfSending
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_limits import Admission, Limits, open_limits
from campaigns.services.delivery_marks import RunningMark, open_mark
from campaigns.services.delivery_results import Result, record_results, result_of
from campaigns.services.delivery_sweep import resend_unknown, sweep_messages
from campaigns.services.messages import channel_of
from campaigns.services.rendering import LetterPress, open_press
from campaigns.services.text_press import TextPress, open_text_press
from contacts.models import Channel
from ecosystem.agenda import NotServed
from ecosystem.base import faults
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.sql import execute, execute_alone
from ecosystem.base.stopping import is_stopping
from ecosystem.base.tenancy import business_scope
from ecosystem.services.agenda import is_crowded, note_work
from ecosystem.services.tallies import QUEUE as TALLIES_QUEUE

log = structlog.get_logger(__name__)

QUANTUM = 100
# A turn is so long while a crowd waits for its first: each soon has some on the way, and then all go on faster.
QUANTUM_IN_A_CROWD = 20
SUB_BATCH = 20
# Each text passes the gate by itself: a STOP that came a second ago stops the next one.
TEXT_SUB_BATCH = 1
# Answers are written down so often at the latest; until then the running mark keeps them.
RECORD_SECONDS = 1.0
TURN_SECONDS = 6.0
# With a provider that needs so long for a few, no further one is begun: a task is ended at 50 s.
LONGEST_TURN_SECONDS = 15.0
PAUSED_SECONDS = 60
# So often it is looked in the middle of a handful whether somebody stopped all sending.
STOP_LOOK_SECONDS = 1.0
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


def work_delivery(lane: str, business_id: int, now: datetime) -> datetime | NotServed | None:
    """One turn of a business in a lane: judge what was left behind, send up to a hundred; when to come again.

    In a crowd that waits for its first turn fewer are sent, so that all begin soon. Where a limit let nothing go the
    business keeps its place among those that wait.
    """
    began = time.monotonic()
    with business_scope(business_id):
        sweep_messages(lane)
        sending = find_sending()
        if sending is None:
            return now + timedelta(seconds=PAUSED_SECONDS)
        resend_unknown(lane)
        channel = channel_of(lane)
        account = account_for(channel)
        ask_again(lane, account)
        suspension = find_suspension(account)
        quantum = QUANTUM_IN_A_CROWD if is_crowded(f"send.{lane}") else QUANTUM
        sender = _sender_of(channel, sending) if settings.SENDS_PER_SECOND_SENDER else ""
    if not account.url:
        return now + timedelta(seconds=PAUSED_SECONDS)
    if account.is_own and not sending.is_proved:
        # No provider of theirs sends from the shared address, and from an unproved one nobody may.
        return now + timedelta(seconds=LOOK_SECONDS)
    if suspension is not None and not may_try(account, suspension, now=now):
        return now + timedelta(seconds=LOOK_SECONDS)
    limits = open_limits(account, business_id, lane, channel=channel, sender_address=sender)
    opening = limits.open()
    if opening.seconds_left:
        return NotServed(now + timedelta(seconds=time.monotonic() - began + opening.seconds_left))
    day = DayOfSending(
        account.key,
        per_day=_most_in_a_day(account, sending),
        now=now,
        timezone=sending.timezone,
        is_urgent=limits.is_urgent,
        is_measured=sending.is_measured,
    )
    gateway: Gateway = open_sms_gateway(account.url) if channel == Channel.SMS else open_mail_gateway(account.url)
    try:
        count = opening.most or quantum
        sent = deliver(business_id, lane, now=now, gateway=gateway, count=count, limits=limits, day=day)
    finally:
        gateway.close()
        limits.close()
    if sent and suspension is not None:
        lift_suspension(account)
    return _come_again(lane, business_id, sent, now + timedelta(seconds=time.monotonic() - began), limits, day)


def _most_in_a_day(account: Account, sending: Sending) -> int | None:
    """What the owner entered, and what mailbox providers take from a domain without SPF, DKIM and DMARC."""
    if not account.is_own or sending.is_complete:
        return account.per_day
    return min(account.per_day or MOST_WITHOUT_ALL_RECORDS, MOST_WITHOUT_ALL_RECORDS)


def _sender_of(channel: Channel, sending: Sending) -> str:
    """The address or number that messages of the current business come from."""
    return text_settings().number if channel == Channel.SMS else sending.from_address


def _come_again(
    lane: str, business_id: int, sent: int, moment: datetime, limits: Limits, day: DayOfSending
) -> datetime | NotServed | None:
    """When a business is due again after a turn that ended at `moment`."""
    with business_scope(business_id):
        # Much sending appends many counts: they are folded more often than the hourly look.
        if random.random() < FOLDS_PER_MAIL * sent:  # noqa: S311 - a chance, no secret
            note_work(TALLIES_QUEUE)
        if day.is_full:
            return next_due(lane, not_before=day.ends_at)
        if not limits.wait_seconds:
            return _sooner(next_due(lane), next_asking(lane, limits.account))
        due_at = next_due(lane, not_before=moment + timedelta(seconds=limits.wait_seconds))
    return due_at if sent or due_at is None else NotServed(due_at)


def _sooner(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def deliver(
    business_id: int,
    lane: str,
    *,
    now: datetime,
    gateway: Gateway,
    count: int = QUANTUM,
    limits: Limits | None = None,
    day: DayOfSending | None = None,
) -> int:
    """Take up to `count` due messages in hand and see them through; how many were sent.

    Nothing is open in the database while the provider is talked to. Without limits as many go as there are.
    """
    token = uuid4()
    mark = open_mark(token)
    is_over = False
    try:
        with business_scope(business_id):
            keyed_by = limits.account.key if limits is not None and can_be_asked(limits.account) else ""
            claimed = _claim(
                lane, token=token, now=now, count=count, marks_rows=mark is None, keyed_by=keyed_by, day=day
            )
            press = _open_press(lane, claimed) if claimed else None
        faults.hit("after_claim")
        turn = _Turn(business_id, claimed, press, gateway, token, mark, lane, limits, keyed_by) if press else None
        sent = turn.send_all() if turn else 0
        is_over = True
        if day is not None and turn is not None and turn.left < len(claimed):
            with business_scope(business_id):
                day.give_back_unused(turn.left)
    finally:
        if mark is not None:
            mark.close(is_over=is_over)
    return sent


def _claim(
    lane: str, *, token: UUID, now: datetime, count: int, marks_rows: bool, keyed_by: str, day: DayOfSending | None
) -> list[ClaimedMessage]:
    """Take messages in hand, as many as the day has places for. One more is looked at, to know whether any wait."""
    if day is None or not day.is_limited:
        return claim_messages(lane, token=token, now=now, count=count, marks_rows=marks_rows, keyed_by=keyed_by)
    count = min(count, day.places_left() + 1)
    claimed = claim_messages(lane, token=token, now=now, count=count, marks_rows=marks_rows, keyed_by=keyed_by)
    granted = day.take(len(claimed)) if claimed else 0
    if granted < len(claimed):
        give_back(claimed[granted:], token=token)
    if claimed and not granted:
        execute(_CLOSE, {"token": token})
    return claimed[:granted]


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
        limits: Limits | None,
        keyed_by: str,
    ) -> None:
        channel = channel_of(lane)
        self._sub_batch = TEXT_SUB_BATCH if channel == Channel.SMS else SUB_BATCH
        self._limits = limits
        self._keyed_by = keyed_by
        # How many may have left: all that were begun, whatever came of them.
        self.left = 0
        self._claimed = claimed
        self._business_id, self._press, self._gateway = business_id, press, gateway
        self._token, self._mark = token, mark
        self._lease = _Lease(business_id, token, mark)
        self._results: list[Result] = []
        self._sent = 0
        self._began = time.monotonic()
        self._look_at = self._began + STOP_LOOK_SECONDS

    def send_all(self) -> int:
        """Sub-batch after sub-batch; what there is no time for goes back. How many were sent."""
        began = recorded_at = self._began
        try:
            for start in range(0, len(self._claimed), self._sub_batch):
                end = start + self._sub_batch
                moment = time.monotonic()
                if moment > began + TURN_SECONDS or is_stopping():
                    _give_back(self._business_id, self._claimed[start:], self._token)
                    break
                if self._results and moment > recorded_at + RECORD_SECONDS:
                    self._record()
                    recorded_at = moment
                admission = self._admit(self._claimed[start:end])
                if admission.passed:
                    self._send_some(admission.passed)
                if admission.wait_seconds:
                    _give_back(self._business_id, [*admission.stopped, *self._claimed[end:]], self._token)
                    break
        finally:
            # What was answered is written down, whatever broke.
            self._record()
        _run_alone(_CLOSE, {"token": self._token}, self._business_id, name="close_claim")
        return self._sent

    def _admit(self, claimed: Sequence[ClaimedMessage]) -> Admission:
        """What of a sub-batch the limits let go; what waits for its receivers is given back until then."""
        if self._limits is None:
            return Admission(claimed)
        admission = self._limits.admit(claimed)
        if admission.later:
            with business_scope(self._business_id):
                give_back_for_later(admission.later, token=self._token)
        return admission

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
        moment = time.monotonic()
        outcomes = self._gateway.send(letters, started=self._start, answered=heard)
        if self._mark:
            self._mark.flush()
        self.left += sum(outcome.was_started for outcome in outcomes)
        seconds = time.monotonic() - moment
        self._results += [result_of(handed[outcome.id], outcome, keyed_by=self._keyed_by) for outcome in outcomes]
        if self._limits is not None:
            self._hear(self._limits, outcomes, seconds)

    def _start(self, message_id: UUID) -> bool:
        """Begin a message, unless this process is to end or the turn is over long since, the provider being so slow."""
        moment = time.monotonic()
        if is_stopping() or moment >= self._began + LONGEST_TURN_SECONDS:
            return False
        if moment >= self._look_at:
            # A slow provider keeps a handful busy for long after the gate: who stops everything is not to wait for it.
            if self._is_stopped():
                return False
            self._look_at = time.monotonic() + STOP_LOOK_SECONDS
        return self._lease.start(message_id)

    def _is_stopped(self) -> bool:
        try:
            return is_stopped(self._business_id)
        except (OperationalError, InterfaceError) as error:
            log.warning("stop_not_looked_at", error=type(error).__name__)
            connection.close()
            return True

    def _hear(self, limits: Limits, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Let the limits learn from the answers, and set the account aside where it is not let in."""
        limits.hear(self._claimed, outcomes, seconds)
        refused = next((outcome for outcome in outcomes if refuses_sign_in(outcome)), None)
        if refused is not None:
            suspend_account(limits.account, words=refused.response)
            limits.wait_seconds = LOOK_SECONDS

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
