"""Letters of which nobody knows whether they left, at a provider that knows each by its key: they are asked for again.

Such a provider takes a letter once however often it is handed over with the same key, for a day. So what is in doubt
there goes once more, by the same account, and its answer settles it.
"""

from datetime import datetime

from campaigns.gateways.mail_http import KEYED
from campaigns.gateways.mail_lookup import LOOK_UP
from campaigns.queries.accounts import Account
from campaigns.services.delivery_claims import MOST_CRASHES
from ecosystem.base.sql import execute, rows

# Shorter than the day for which a provider remembers a key.
KEPT_HOURS = 23
# Half a minute after the first try without an answer, three minutes after the second, and so on, the last after two
# hours: a letter that had five of these, or took down five workers, is asked for no more. A refusal is an answer.
FIRST_WAIT_SECONDS = 30
MOST_AT_ONCE = 20

_WAITED = """make_interval(secs => %(first)s * 6 ^ (greatest(message.attempt - message.answered, 1) - 1))"""
_DOUBTFUL = """message.business_id = %(business_id)s AND message.rare_state = 'unknown' AND message.lane = %(lane)s
       AND message.provider_id = %(account_key)s AND message.attempt - message.answered < %(most)s
       AND message.handed_at > statement_timestamp() - make_interval(hours => %(hours)s)"""

# At the front of the queue, so that this very turn takes them: it is for the account that they are known to.
_ASK_AGAIN = f"""
WITH doubtful AS MATERIALIZED (
    SELECT message.id FROM campaigns_message AS message
     WHERE {_DOUBTFUL} AND message.handed_at + {_WAITED} < statement_timestamp()
     ORDER BY message.id LIMIT %(count)s FOR UPDATE SKIP LOCKED
), again AS (
    UPDATE campaigns_message AS message
       SET state = 'queued', reason = 'resent', provider_id = '', updated_at = clock_timestamp()
      FROM doubtful WHERE message.business_id = %(business_id)s AND message.id = doubtful.id
    RETURNING message.id, message.lane, message.handed_at, message.attempt, message.sequence_id, message.step_key,
              message.is_test, message.is_replaced
), counted AS (
    INSERT INTO ecosystem_tally (business_id, id, name, key, amount)
    SELECT %(business_id)s, uuidv7(), 'step.unknown', sequence_id || ':' || step_key, -count(*)
      FROM again WHERE sequence_id IS NOT NULL AND NOT is_test AND NOT is_replaced
     GROUP BY sequence_id, step_key
)
INSERT INTO campaigns_queuedmessage (business_id, id, lane, due_at, attempt)
SELECT %(business_id)s, id, lane, handed_at, attempt FROM again"""  # noqa: S608

_NEXT = f"""
SELECT min(message.handed_at + {_WAITED}) AS due_at FROM campaigns_message AS message WHERE {_DOUBTFUL}"""  # noqa: S608


def can_be_asked(account: Account) -> bool:
    """Whether the provider can say what became of a letter in doubt: by its key, or looked up."""
    return knows_by_key(account) or account.provider in LOOK_UP


def knows_by_key(account: Account) -> bool:
    """Whether the provider takes each letter once, however often it is handed over."""
    return account.provider in KEYED


def ask_again(lane: str, account: Account) -> int:
    """Queue once more what is in doubt at an account that knows letters by their key; how many."""
    if not knows_by_key(account):
        return 0
    return execute(_ASK_AGAIN, {**_given(lane, account), "count": MOST_AT_ONCE})


def next_asking(lane: str, account: Account) -> datetime | None:
    """When something in doubt is to be asked for next."""
    if not knows_by_key(account):
        return None
    found: datetime | None = rows(_NEXT, _given(lane, account))[0]["due_at"]
    return found


def _given(lane: str, account: Account) -> dict[str, object]:
    given = {"lane": lane, "account_key": account.key, "most": MOST_CRASHES, "hours": KEPT_HOURS}
    return {**given, "first": FIRST_WAIT_SECONDS}
