"""The hold of a worker on what it has claimed: prolonged in time, marked letter by letter, and let go at the end."""

import time
from collections.abc import Callable
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, connection

from campaigns.services.delivery_claims import LEASE_SECONDS
from campaigns.services.delivery_marks import RunningMark
from ecosystem.base.sql import execute, execute_alone

log = structlog.get_logger(__name__)

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


class Lease:
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
        return mark_started(self._business_id, self._token, message_id)


def mark_started(business_id: int, token: UUID, message_id: UUID) -> bool:
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


def close_claim(business_id: int, token: UUID) -> None:
    """Let go of a claim of which nothing is in hand any more, outside of a transaction."""
    _run_alone(_CLOSE, {"token": token}, business_id, name="close_claim")


def close_claim_here(token: UUID) -> None:
    """The same within the current transaction."""
    execute(_CLOSE, {"token": token})


def persist(write: Callable[[], object]) -> None:
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
