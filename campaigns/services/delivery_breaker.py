"""The breaker: after five troubles of the provider in a row nobody knocks there for a minute. No attempt is lost."""

import time
from collections.abc import Iterable

import structlog

from campaigns.gateways.base import Outcome

log = structlog.get_logger(__name__)

FAULTS_IN_A_ROW = 5
OPEN_SECONDS = 60.0


class Breaker:
    """What one worker process knows of the provider. Half a minute of silence costs less than a thousand refusals."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start anew: nothing is known of the provider."""
        self._faults = 0
        self._open_until = 0.0

    def seconds_left(self) -> float:
        """How long to leave the provider alone; 0 when it may be asked."""
        return max(0.0, self._open_until - time.monotonic())

    def hear(self, outcomes: Iterable[Outcome]) -> None:
        """Learn from answers. One answer that is no trouble of the provider closes the breaker."""
        for outcome in outcomes:
            if outcome.is_fault:
                self._faults += 1
            elif outcome.was_started or outcome.code is not None:
                self.forget()
        if self._faults >= FAULTS_IN_A_ROW:
            self._open_until = time.monotonic() + OPEN_SECONDS
            # The next probe decides: one more trouble opens it again.
            self._faults = FAULTS_IN_A_ROW - 1
            log.warning("breaker_opened", seconds=OPEN_SECONDS)


breaker = Breaker()
# Texts have another provider: trouble there says nothing about mail.
text_breaker = Breaker()
