"""The history of a run, judged by what the provider took and by what stands in the database."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg2

# What may become of a letter for good, and what says openly that it did not leave.
ENDS = frozenset(
    {"accepted", "delivered", "bounced", "complained", "unknown", "failed", "expired", "skipped", "parked"}
)
TOLD = ENDS - {"accepted", "delivered"}

_IN_HAND = """
SELECT claim_token::text, count(*) FROM campaigns_queuedmessage
 WHERE handed_at IS NOT NULL AND claim_token IS NOT NULL GROUP BY claim_token"""
_STATES = """
SELECT message.id::text, message.state || coalesce(' ' || message.reason, '')
       || CASE WHEN queued.id IS NOT NULL THEN ', waits' ELSE '' END || coalesce(', claimed ' || queued.claim_token, '')
       || coalesce(', handed ' || queued.handed_at, '') || ', attempt ' || queued.attempt, message.state
  FROM campaigns_message AS message
  LEFT JOIN campaigns_queuedmessage AS queued
    ON queued.business_id = message.business_id AND queued.id = message.id"""

_HELD = "SELECT message_ids::text[] FROM campaigns_messageclaim WHERE id = ANY (%(claims)s::uuid[])"
_PASSED_ON = """
SELECT count(*) FROM campaigns_queuedmessage
 WHERE id = ANY (%(letters)s::uuid[]) AND claim_token <> ALL (%(claims)s::uuid[]) AND handed_at IS NOT NULL"""

_STILL = """
SELECT count(*) FROM campaigns_queuedmessage WHERE claim_token = ANY (%(claims)s::uuid[]) AND handed_at IS NULL"""


@dataclass(frozen=True)
class History:
    """What a run came to. Every number that is a fault is 0 in a good one."""

    letters: int
    taken: int
    unknown: int
    unknown_taken: int
    twins: list[str] = field(default_factory=list)
    never_taken: list[str] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Each violation of the promise, as a sentence."""
        return [
            *(f"{one} was taken twice." for one in self.twins),
            *(f"{one} stands as sent, and the provider has never seen it." for one in self.never_taken),
            *(f"{one} was not taken, and nothing says so: {state}." for one, state in self.silent.items()),
        ]


def judge(log: Path, url: str) -> History:
    """Read the provider's log and all messages (as the role that sees every business)."""
    taken = Counter(line.split()[0][1:37] for line in log.read_text().splitlines())
    found = _rows(url, _STATES)
    states = {row[0]: row[2] for row in found}
    words = {row[0]: row[1] for row in found}
    unknown = [one for one, state in states.items() if state == "unknown"]
    return History(
        letters=len(states),
        taken=len(taken),
        unknown=len(unknown),
        unknown_taken=sum(one in taken for one in unknown),
        twins=[one for one, times in taken.items() if times > 1],
        never_taken=[one for one, state in states.items() if state in ENDS - TOLD and one not in taken],
        silent={one: words[one] for one, state in states.items() if one not in taken and state not in ENDS},
    )


def claims_in_hand(url: str) -> dict[UUID, int]:
    """How many letters are handed over and not answered for, by the claim they belong to."""
    return {UUID(token): int(count) for token, count in _rows(url, _IN_HAND)}


def letters_of(url: str, claims: list[UUID]) -> list[str]:
    """The letters of some claims."""
    found = _rows(url, _HELD, {"claims": [str(claim) for claim in claims]})
    return [letter for row in found for letter in row[0]]


def has_passed_on(url: str, letters: list[str], claims: list[UUID]) -> bool:
    """Whether somebody else has handed over one of these letters of some claims and has no answer yet."""
    given = {"letters": letters, "claims": [str(claim) for claim in claims]}
    return bool(_rows(url, _PASSED_ON, given)[0][0])


def still_to_hand(url: str, claims: list[UUID]) -> int:
    """How many letters of some claims are not handed over yet."""
    return int(_rows(url, _STILL, {"claims": [str(claim) for claim in claims]})[0][0])


def left_to_send(url: str) -> int:
    """How many letters have no end yet, or people have not taken their step."""
    waiting = "SELECT count(*) FROM campaigns_queuedmessage"
    walking = "SELECT count(*) FROM campaigns_enrollment WHERE state = 'active'"
    return sum(int(_rows(url, statement)[0][0]) for statement in (waiting, walking))


def _rows(url: str, statement: str, given: dict[str, list[str]] | None = None) -> list[tuple]:
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
