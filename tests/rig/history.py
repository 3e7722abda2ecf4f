"""The history of a run, judged by what the provider took and by what stands in the database.

Nothing that may be done without is taken twice, and what is needed now only where it was in doubt and went once more,
openly. What stands as sent was taken; taken or not, each has come to an end, and nothing is left to send. Whoever left
a topic on a channel is sent nothing of it after their word was kept, in the order of the log, but what a worker had in
hand by then. What is told of a letter ends as its gravest word, in whatever order the words came and however often.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg2

from campaigns.gateways.base import Verdict
from campaigns.services.delivery_marks import told_under
from tests.rig.leaving import LEFT

# What may become of a letter for good, and what says openly that it did not leave.
ENDS = frozenset(
    {
        "accepted",
        "delivered",
        "bounced",
        "complained",
        "unknown",
        "failed",
        "expired",
        "skipped",
        "parked",
        "cancelled",
    }
)
TOLD = ENDS - {"accepted", "delivered"}
# The graver word wins.
WEIGHT = ("accepted", "delivered", "bounced", "complained")

_IN_HAND = """
SELECT claim_token::text, count(*) FROM campaigns_queuedmessage
 WHERE handed_at IS NOT NULL AND claim_token IS NOT NULL GROUP BY claim_token"""
_FACTS = """
SELECT message.id::text AS letter, message.state,
       message.state || coalesce(' ' || nullif(message.reason, ''), '')
       || CASE WHEN queued.id IS NOT NULL THEN ', waits' ELSE '' END || coalesce(', claimed ' || queued.claim_token, '')
       || coalesce(', handed ' || queued.handed_at, '') || ', attempt ' || coalesce(queued.attempt, message.attempt)
       AS words,
       message.message_class = 'transactional' AS is_needed, message.attempt,
       concat_ws(' ', message.contact_id, message.channel, message.topic_id) AS reader
  FROM campaigns_message AS message
  LEFT JOIN campaigns_queuedmessage AS queued
    ON queued.business_id = message.business_id AND queued.id = message.id"""

# What stands as not known, and what is handed over without an answer, with whose token.
_DOUBTFUL = """
SELECT message.id::text, coalesce(queued.claim_token::text, '')
  FROM campaigns_message AS message
  LEFT JOIN campaigns_queuedmessage AS queued
    ON queued.business_id = message.business_id AND queued.id = message.id
 WHERE message.message_class = 'transactional' AND message.channel <> 'sms'
   AND (message.state = 'unknown' OR queued.handed_at IS NOT NULL)"""

_HELD = "SELECT message_ids::text[] FROM campaigns_messageclaim WHERE id = ANY (%(claims)s::uuid[])"
_PASSED_ON = """
SELECT count(*) FROM campaigns_queuedmessage
 WHERE id = ANY (%(letters)s::uuid[]) AND claim_token <> ALL (%(claims)s::uuid[]) AND handed_at IS NOT NULL"""

_STILL = """
SELECT count(*) FROM campaigns_queuedmessage WHERE claim_token = ANY (%(claims)s::uuid[]) AND handed_at IS NULL"""


@dataclass(frozen=True)
class Fact:
    """What stands in the database of one letter or text. `reader` is who it is for, by which channel, about what."""

    letter: str
    state: str
    words: str
    is_needed: bool
    attempt: int
    reader: str


@dataclass(frozen=True)
class History:
    """What a run came to. Every number that is a fault is 0 in a good one."""

    letters: int
    taken: int
    unknown: int
    unknown_taken: int
    twins: list[str] = field(default_factory=list)
    never_taken: list[str] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)
    left: int = 0
    after_leaving: list[str] = field(default_factory=list)
    told: int = 0
    not_heard: dict[str, str] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Each violation of the promise, as a sentence."""
        return [
            *(f"{one} was taken twice." for one in self.twins),
            *(f"{one} stands as sent, and the provider has never seen it." for one in self.never_taken),
            *(f"{one} has come to no end: {state}." for one, state in self.stuck.items()),
            *([f"Left to work: {self.left} letters, steps and words of providers."] if self.left else []),
            *(f"{one} was handed over after its reader had left." for one in self.after_leaving),
            *(f"{one} {words}." for one, words in self.not_heard.items()),
        ]


def judge(log: Path, url: str, *, told: Path | None = None, doubted: Collection[str] = ()) -> History:
    """Read the provider's logs and all messages (as the role that sees every business), once all have rested.

    `doubted` are the letters that were in doubt in the middle of it: those alone may be needed a second time.
    """
    lines = log.read_text().splitlines()
    taken = Counter(line.split()[0][1:37] for line in lines if not line.startswith(LEFT))
    facts = {row[0]: Fact(*row) for row in _rows(url, _FACTS)}
    unknown = [one for one, fact in facts.items() if fact.state == "unknown"]
    words = read_told(told)
    return History(
        letters=len(facts),
        taken=len(taken),
        unknown=len(unknown),
        unknown_taken=sum(one in taken for one in unknown),
        twins=[one for one, times in taken.items() if times > most_times(facts.get(one), doubted)],
        never_taken=[one for one, fact in facts.items() if fact.state in ENDS - TOLD and one not in taken],
        stuck={one: taken_or_not(one in taken, fact) for one, fact in facts.items() if fact.state not in ENDS},
        left=left_to_send(url),
        after_leaving=after_leaving(lines, facts),
        told=len(words),
        not_heard=not_heard(words, facts),
    )


def most_times(fact: Fact | None, doubted: Collection[str]) -> int:
    """How often it may be taken: what is needed now goes once more where nobody knew, and its second try says so.

    Who died before it was begun, and a provider that refused it, leave no doubt: then one of the two is a twin.
    """
    return 2 if fact is not None and fact.is_needed and fact.attempt > 1 and fact.letter in doubted else 1


def taken_or_not(is_taken: bool, fact: Fact) -> str:
    """Where a letter without an end stands, in words."""
    return f"{'taken' if is_taken else 'not taken'}, {fact.words}"


def in_doubt(url: str, *, all_rest: bool) -> set[str]:
    """The letters that are needed now of which nobody can tell at this moment whether they left.

    Where all workers have ended, what is in hand is in doubt too: by its mark what one had begun and heard nothing of,
    and all where there is none. While they work it is no more than on its way.
    """
    found = defaultdict(set)
    for letter, token in _rows(url, _DOUBTFUL):
        found[token].add(letter)
    doubted = found.pop("", set())
    for token, letters in found.items() if all_rest else ():
        told = told_under(UUID(token))
        if told is not None:
            heard = {one for one, answer in told.answers.items() if answer.verdict != Verdict.PERHAPS}
            letters &= {str(one) for one in told.begun - heard}
        doubted |= letters
    return doubted


def after_leaving(lines: Sequence[str], facts: Mapping[str, Fact]) -> list[str]:
    """What was taken after the line that says that its reader left, and was not in a worker's hand by then."""
    left: dict[str, str] = {}
    found = []
    for line in lines:
        first, _space, rest = line.partition(" ")
        if first == LEFT:
            reader, _space, in_hand = rest.rpartition(" ")
            left.setdefault(reader, in_hand)
            continue
        fact = facts.get(first[1:37])
        in_hand = left.get(fact.reader) if fact is not None and not fact.is_needed else None
        if in_hand is not None and fact.letter not in in_hand.split(","):
            found.append(fact.letter)
    return found


def read_told(log: Path | None) -> dict[str, set[tuple[str, int]]]:
    """What was told of each letter, and how the product answered."""
    found: dict[str, set[tuple[str, int]]] = {}
    if log is not None and log.exists():
        for line in log.read_text().splitlines():
            letter, kind, status = line.split()
            found.setdefault(letter[:36], set()).add((kind, int(status)))
    return found


def not_heard(told: Mapping[str, set[tuple[str, int]]], facts: Mapping[str, Fact]) -> dict[str, str]:
    """The letters of which the product would not hear, or which do not end as the gravest word about them."""
    found = {}
    for letter, words in told.items():
        refused = sorted({status for _kind, status in words if status != 200})
        gravest = max((kind for kind, _status in words), key=WEIGHT.index)
        if refused:
            found[letter] = f"was told of and the product answered {refused}"
        elif facts[letter].state != gravest:
            found[letter] = f"was told of as {gravest} and stands as {facts[letter].words}"
    return found


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
    """How many letters have no end yet, people have not taken their step, or words of providers were not worked."""
    waiting = "SELECT count(*) FROM campaigns_queuedmessage"
    walking = "SELECT count(*) FROM campaigns_enrollment WHERE state = 'active'"
    unheard = "SELECT count(*) FROM campaigns_providerevent WHERE worked_at IS NULL"
    return sum(int(_rows(url, statement)[0][0]) for statement in (waiting, walking, unheard))


def _rows(url: str, statement: str, given: dict[str, list[str]] | None = None) -> list[tuple]:
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall()
