"""Proving that nothing was lost, doubled or left lying: every business is asked, one after another."""

from dataclasses import dataclass

from django.db import transaction

from ecosystem.base.sql import rows
from ecosystem.base.tenancy import each_business
from ecosystem.invariants import INVARIANTS

# Twice the lease, and what a sweep may need on top.
OLD_SECONDS = 2 * 60 + 15

_OLD_AGENDA = """
SELECT agenda_business_id, queue FROM ecosystem_agenda
 WHERE lease_until < clock_timestamp() - make_interval(secs => %(seconds)s)"""
_OLD_MAILS = """
SELECT count(*) AS mails FROM ecosystem_accountemail
 WHERE lease_until < clock_timestamp() - make_interval(secs => %(seconds)s)"""
_OLD_ROWS = """
SELECT (SELECT count(*) FROM ecosystem_outboxentry
         WHERE business_id = %(business_id)s AND parked_at IS NULL
           AND lease_until < clock_timestamp() - make_interval(secs => %(seconds)s)) AS promises,
       (SELECT count(*) FROM ecosystem_job
         WHERE business_id = %(business_id)s AND state = 'running'
           AND lease_until < clock_timestamp() - make_interval(secs => %(seconds)s)) AS jobs"""


@dataclass(frozen=True)
class Problem:
    """Something that is not as it must be. `business_id` 0: it belongs to no business."""

    business_id: int
    check: str
    sentence: str


@dataclass(frozen=True)
class Proof:
    """What was asked of how many businesses, and what was found wrong."""

    businesses: int
    checks: tuple[str, ...]
    problems: tuple[Problem, ...]


def check_invariants() -> Proof:
    """Ask every business about everything that must be true of it. Changes nothing."""
    problems = _global_problems()
    businesses = 0
    for business in each_business():
        businesses += 1
        for check, ask in INVARIANTS.items():
            problems += [Problem(business.pk, check, sentence) for sentence in ask()]
    return Proof(businesses, tuple(INVARIANTS.keys()), tuple(problems))


def leases_left_lying() -> list[str]:
    """Promised work and jobs whose worker died and that nobody took up again."""
    old = rows(_OLD_ROWS, {"seconds": OLD_SECONDS})[0]
    words = {"promises": "promises of the outbox", "jobs": "jobs"}
    return [f"{count} {words[name]} have a lease that ended long ago." for name, count in old.items() if count]


def _global_problems() -> list[Problem]:
    with transaction.atomic():
        old = rows(_OLD_AGENDA, {"seconds": OLD_SECONDS})
        mails = rows(_OLD_MAILS, {"seconds": OLD_SECONDS})[0]["mails"]
    problems = [
        Problem(row["agenda_business_id"], "agenda_leases", f"The lease of queue {row['queue']} ended long ago.")
        for row in old
    ]
    if mails:
        problems.append(Problem(0, "account_mails", f"{mails} account mails have a lease that ended long ago."))
    return problems
