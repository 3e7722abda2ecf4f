"""The outbox: work that a transaction promised, done after it by a worker, once."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from ecosystem.base.errors import DomainError
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import OutboxEntry
from ecosystem.outbox import OUTBOX
from ecosystem.services.agenda import note_work

log = structlog.get_logger(__name__)

QUEUE = "outbox"
BATCH = 20
LEASE_SECONDS = 60
MOST_ATTEMPTS = 5
BACK_OFF_SECONDS = 5

# An entry that took its worker down five times ends here: the attempt is counted before the work begins.
_PARK_THE_DEADLY = """
UPDATE ecosystem_outboxentry
   SET parked_at = clock_timestamp(), parked_reason = 'The work ended without a word too often.', lease_until = NULL
 WHERE business_id = %(business_id)s AND parked_at IS NULL AND attempts >= %(most)s
   AND lease_until < statement_timestamp()"""

_CLAIM = """
UPDATE ecosystem_outboxentry AS entry
   SET attempts = attempts + 1, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM (SELECT id FROM ecosystem_outboxentry
         WHERE business_id = %(business_id)s AND parked_at IS NULL AND due_at <= %(now)s
           AND (lease_until IS NULL OR lease_until < statement_timestamp())
         ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED) AS due
 WHERE entry.business_id = %(business_id)s AND entry.id = due.id
RETURNING entry.id, entry.kind, entry.payload, entry.attempts"""

# The first by due time are enough: those in hand are among them, and behind them stands one that is not.
_NEXT = """
SELECT min(greatest(due_at, lease_until)) AS due_at
  FROM (SELECT due_at, lease_until FROM ecosystem_outboxentry
         WHERE business_id = %(business_id)s AND parked_at IS NULL ORDER BY due_at LIMIT 1000) AS first"""

_AGAIN = """
UPDATE ecosystem_outboxentry
   SET lease_until = NULL, due_at = clock_timestamp() + make_interval(secs => %(wait)s)
 WHERE business_id = %(business_id)s AND id = %(id)s AND attempts = %(attempts)s"""

_PARK = """
UPDATE ecosystem_outboxentry SET lease_until = NULL, parked_at = clock_timestamp(), parked_reason = %(reason)s
 WHERE business_id = %(business_id)s AND id = %(id)s AND attempts = %(attempts)s"""


@dataclass(frozen=True)
class _Promise:
    id: UUID
    kind: str
    payload: dict[str, Any]
    attempts: int


def enqueue(kind: str, payload: dict[str, Any], due_at: datetime | None = None) -> OutboxEntry:
    """Promise work of a kind, in this transaction: it is done after the commit, or never if there is none.

    `payload` holds ids and plain values. An unknown kind raises KeyError here rather than in a worker.
    """
    OUTBOX.get(kind)
    entry = OutboxEntry(kind=kind, payload=payload)
    if due_at is not None:
        entry.due_at = due_at
    entry.save(force_insert=True)
    note_work(QUEUE, due_at)
    return entry


def work_outbox(business_id: int, now: datetime) -> datetime | None:
    """Keep some of the promises of a business that are due; when the next one is."""
    with business_scope(business_id):
        execute(_PARK_THE_DEADLY, {"most": MOST_ATTEMPTS})
        found = rows(_CLAIM, {"now": now, "batch": BATCH, "lease": LEASE_SECONDS})
    for row in found:
        _keep(business_id, _Promise(**{**row, "payload": json.loads(row["payload"])}))
    with business_scope(business_id):
        next_due: datetime | None = rows(_NEXT)[0]["due_at"]
    return next_due


def _keep(business_id: int, promise: _Promise) -> None:
    """Do the work and forget the promise in one transaction; a failure is tried again later, or set aside."""
    try:
        with business_scope(business_id):
            mine = OutboxEntry.objects.select_for_update().filter(id=promise.id, attempts=promise.attempts).first()
            if mine is not None:
                OUTBOX.get(promise.kind)(promise.payload)
                OutboxEntry.objects.filter(id=promise.id).delete()
    except DomainError as error:
        _set_aside(business_id, promise, f"{error.code}: {error}")
    except Exception as error:
        log.exception("outbox_failed", kind=promise.kind, attempts=promise.attempts)
        if promise.attempts >= MOST_ATTEMPTS:
            _set_aside(business_id, promise, f"{type(error).__name__}: {error}")
        else:
            with business_scope(business_id):
                wait = BACK_OFF_SECONDS * 4 ** (promise.attempts - 1)
                execute(_AGAIN, {"id": promise.id, "attempts": promise.attempts, "wait": wait})


def _set_aside(business_id: int, promise: _Promise, reason: str) -> None:
    log.warning("outbox_parked", kind=promise.kind, attempts=promise.attempts)
    with business_scope(business_id):
        execute(_PARK, {"id": promise.id, "attempts": promise.attempts, "reason": reason[:300]})
