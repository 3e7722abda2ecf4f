"""How many may leave in a day: the measure of a business, and the steps by which a new one begins.

Mail providers learn slowly to trust a new sender. The first day of sending takes fifty letters, the second a hundred,
and so on; a day without any is no step. What somebody needs now is not counted and never waits.
"""

from datetime import date, datetime
from typing import Any

from django.conf import settings

from campaigns.queries.sending_days import LIMIT_SQL, limits_of
from ecosystem.base.sql import execute, rows
from ecosystem.days import business_day
from ecosystem.queries.quotas import FULL, NEARLY
from ecosystem.services.agenda import note_work
from ecosystem.services.quotas import QUEUE as QUOTAS_QUEUE

# Whoever takes places of the figure of a business waits for whoever takes some by another account of it, until that
# transaction is over: the claim of one handful. Workers of one account wait for each other at the row of their day
# anyhow, and no business waits for another one.
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended('sends:' || %(figure)s, %(business_id)s))"

# One statement decides, under the lock of the day's row: of two workers that want the last place one gets it.
_TAKE = f"""
WITH {LIMIT_SQL}
INSERT INTO campaigns_dailysends AS day (business_id, id, account_key, sent_on, count, full_at)
SELECT %(business_id)s, uuidv7(), %(account_key)s, %(today)s, least(%(wanted)s, most),
       CASE WHEN %(wanted)s > most THEN clock_timestamp() END
  FROM allowed
ON CONFLICT (business_id, account_key, sent_on) DO UPDATE
   SET count = greatest(day.count, least(day.count + %(wanted)s, (SELECT most FROM allowed))),
       full_at = CASE WHEN day.count + %(wanted)s > (SELECT most FROM allowed)
                      THEN coalesce(day.full_at, clock_timestamp()) ELSE day.full_at END
RETURNING new.count - coalesce(old.count, 0) AS granted,
          (SELECT new.count + elsewhere FROM measure) AS count, (SELECT of_all FROM measure) AS quota"""  # noqa: S608

_GIVE_BACK = """
UPDATE campaigns_dailysends SET count = greatest(0, count - %(unused)s)
 WHERE business_id = %(business_id)s AND account_key = %(account_key)s AND sent_on = %(today)s"""

_LEFT = f"""
WITH {LIMIT_SQL}
SELECT greatest(0, most - coalesce((SELECT count FROM campaigns_dailysends
                                     WHERE business_id = %(business_id)s AND account_key = %(account_key)s
                                       AND sent_on = %(today)s), 0)) AS places
  FROM allowed"""  # noqa: S608


class DayOfSending:
    """The day's places of the current business at one account."""

    def __init__(
        self,
        account_key: str,
        *,
        per_day: int | None,
        now: datetime,
        timezone: str,
        is_urgent: bool,
        is_measured: bool = False,
    ) -> None:
        day = business_day(now, timezone)
        self.ends_at = day.tomorrow
        self.is_full = False
        self._today: date = day.today
        self._limits = limits_of(account_key, per_day)
        # Nothing is asked where nothing could be full; `is_measured`: the business may have a figure of its own.
        has_limit = is_measured or per_day or settings.SENDS_PER_DAY or settings.SENDS_FIRST_DAYS
        self.is_limited = bool(has_limit) and not is_urgent
        self._has_figure = is_measured or bool(settings.SENDS_PER_DAY)
        self._taken = 0

    def places_left(self) -> int:
        """How many may still leave today."""
        return int(rows(_LEFT, self._given())[0]["places"])

    def take(self, wanted: int) -> int:
        """Take so many places; how many there were. What is asked beyond them waits for tomorrow.

        Exact for the figure of the business too, by however many accounts it sends at once.
        """
        if self._has_figure:
            # By itself: a statement that waits sees what was there before it waited.
            execute(_HOLD, {"figure": self._limits["figure"]})
        (row,) = rows(_TAKE, {**self._given(), "wanted": wanted})
        granted = int(row["granted"])
        count, quota = row["count"], row["quota"]
        if quota is not None and any(count - granted < mark <= count for mark in (quota * NEARLY // FULL, quota)):
            note_work(QUOTAS_QUEUE)
        self._taken += granted
        self.is_full = granted < wanted
        return granted

    def give_back_unused(self, used: int) -> None:
        """Those that were taken and did not leave."""
        unused, self._taken = self._taken - used, 0
        if unused > 0:
            self.is_full = False
            execute(_GIVE_BACK, {**self._given(), "unused": unused})

    def _given(self) -> dict[str, Any]:
        return {**self._limits, "today": self._today}
