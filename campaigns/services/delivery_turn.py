"""What a worker does with the letters it has claimed: handful after handful through the gate, out, and written down."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection

from campaigns.gateways.base import Gateway, Outcome, OutgoingMessage
from campaigns.models import Message
from campaigns.queries.sending import is_stopped
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.services.account_suspensions import LOOK_SECONDS, suspend_account
from campaigns.services.delivery_breaker import refuses_sign_in
from campaigns.services.delivery_claims import ClaimedMessage, give_back, give_back_for_later
from campaigns.services.delivery_gate import pass_gate
from campaigns.services.delivery_lease import Lease, close_claim, persist
from campaigns.services.delivery_limits import Admission, Limits
from campaigns.services.delivery_marks import RunningMark
from campaigns.services.delivery_results import Result, record_results, result_of
from campaigns.services.messages import channel_of
from campaigns.services.rendering import LetterPress
from campaigns.services.text_press import TextPress
from contacts.models import Channel
from ecosystem.base import faults
from ecosystem.base.clock import now as clock_now
from ecosystem.base.errors import DomainError
from ecosystem.base.stopping import is_stopping
from ecosystem.base.tenancy import business_scope

log = structlog.get_logger(__name__)

SUB_BATCH = 20
# Each text passes the gate by itself: a STOP that came a second ago stops the next one.
TEXT_SUB_BATCH = 1
# Answers are written down so often at the latest; until then the running mark keeps them.
RECORD_SECONDS = 1.0
TURN_SECONDS = 6.0
# With a provider that needs so long for a few, no further one is begun: a task is ended at 50 s.
LONGEST_TURN_SECONDS = 15.0
# So often it is looked in the middle of a handful whether somebody stopped all sending.
STOP_LOOK_SECONDS = 1.0


class Turn:
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
        self._lease = Lease(business_id, token, mark)
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
        close_claim(self._business_id, self._token)
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
        persist(lambda: record_results(self._business_id, results, token=self._token))
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


def _give_back(business_id: int, claimed: Sequence[ClaimedMessage], token: UUID) -> None:
    """Let go of what there was no time for."""
    with business_scope(business_id):
        give_back(claimed, token=token)
