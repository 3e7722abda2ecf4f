"""How many messages a business may send today, and what its owner is told of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from campaigns.queries.accounts import PLATFORM, Account
from contacts.models import Channel
from ecosystem.base.sql import rows
from ecosystem.days import business_day

NO_LIMIT = 2_000_000_000

# The measure is that of the business, its own or the usual one, less what went today by its other accounts of the
# channel, and what its owner entered for the account. The step of a day is the number of earlier days on which
# something was sent. Beyond the last step only the quota counts. An index finds the days of one account: of very many
# no more are read than there are steps.
LIMIT_SQL = """
figure AS (
    SELECT nullif(coalesce((SELECT (quotas->>%(figure)s)::bigint FROM ecosystem_business
                             WHERE id = %(business_id)s), %(usual)s), 0) AS most
), elsewhere AS (
    SELECT coalesce(sum(count), 0)::bigint AS count FROM campaigns_dailysends
     WHERE business_id = %(business_id)s AND sent_on = %(today)s AND account_key <> %(account_key)s
       AND (account_key = 'platform:sms') = (%(account_key)s::text = 'platform:sms')
), measure AS (
    SELECT least(%(per_day)s::bigint,
                 CASE WHEN figure.most IS NOT NULL THEN greatest(0, figure.most - elsewhere.count) END) AS quota,
           figure.most AS of_all, elsewhere.count AS elsewhere
      FROM figure CROSS JOIN elsewhere
), former AS (
    SELECT count(*) AS days FROM (
        SELECT FROM campaigns_dailysends
         WHERE business_id = %(business_id)s AND account_key = %(account_key)s AND sent_on < %(today)s AND count > 0
         LIMIT coalesce(cardinality(%(steps)s::int[]), 0)) AS day
), allowed AS (
    SELECT least(measure.quota, (%(steps)s::int[])[former.days + 1]) AS most FROM former CROSS JOIN measure
)"""

_DAY = f"""
WITH {LIMIT_SQL}
SELECT allowed.most, coalesce(day.count, 0) AS count, measure.elsewhere, day.full_at,
       (%(steps)s::int[])[former.days + 1] IS NOT NULL AND allowed.most < measure.quota AS is_step,
       least(%(per_day)s::bigint, measure.of_all, (%(steps)s::int[])[former.days + 2]) AS most_tomorrow
  FROM allowed CROSS JOIN former CROSS JOIN measure
  LEFT JOIN campaigns_dailysends AS day
         ON day.business_id = %(business_id)s AND day.account_key = %(account_key)s AND day.sent_on = %(today)s"""  # noqa: S608


@dataclass(frozen=True)
class FullDay:
    """A day that has no place left: how many went, and whether it is a step of a new business; tomorrow's measure."""

    count: int
    is_step: bool
    most_tomorrow: int
    full_at: datetime


def limits_of(account_key: str, per_day: int | None) -> dict[str, Any]:
    """What LIMIT_SQL is given, but for the day."""
    return {
        "account_key": account_key,
        "figure": "texts" if account_key == f"{PLATFORM}:{Channel.SMS}" else "letters",
        "usual": settings.SENDS_PER_DAY,
        "per_day": per_day or NO_LIMIT,
        "steps": list(settings.SENDS_FIRST_DAYS),
    }


def find_full_day(account: Account, *, now: datetime, timezone: str) -> FullDay | None:
    """The day of the current business where messages wait at an account for the next one."""
    given = limits_of(account.key, account.per_day) | {"today": business_day(now, timezone).today}
    row = rows(_DAY, given)[0]
    if row["full_at"] is None or row["count"] < row["most"]:
        return None
    # A step is that of the account; the measure of the business is full by all of them together.
    count = row["count"] + (0 if row["is_step"] else row["elsewhere"])
    return FullDay(count, row["is_step"], row["most_tomorrow"], row["full_at"])
