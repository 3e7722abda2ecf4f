"""How many letters and texts a business may send in a day of its own calendar."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ecosystem.base.clock import now
from ecosystem.base.sql import rows
from ecosystem.quotas import QUOTAS, READERS, Quota, Reading, Span

# All that went, by whichever account; what still may go is said by the account that carries now. An index finds the
# days of each.
_USED = """
WITH today AS (
    SELECT (%(now)s::timestamptz AT TIME ZONE timezone)::date AS day FROM ecosystem_businessprofile
     WHERE business_id = %(business_id)s
), account AS (
    SELECT 'letters' AS key, coalesce(own.key, 'platform:email') AS account_key, own.per_day
      FROM (SELECT) AS one
      LEFT JOIN (SELECT 'own:' || id AS key, per_day FROM campaigns_provideraccount
                  WHERE business_id = %(business_id)s AND channel = 'email' AND carries) AS own ON true
    UNION ALL SELECT 'texts', 'platform:sms', NULL
)
SELECT account.key, sent.count AS used, (business.quotas->>account.key)::bigint AS own,
       sent.elsewhere + least(account.per_day, (%(steps)s::int[])[former.days + 1])::bigint AS today
  FROM ecosystem_business AS business
  CROSS JOIN today CROSS JOIN account
  CROSS JOIN LATERAL (
    SELECT count(*) AS days FROM (
        SELECT FROM campaigns_dailysends
         WHERE business_id = %(business_id)s AND account_key = account.account_key AND sent_on < today.day AND count > 0
         LIMIT coalesce(cardinality(%(steps)s::int[]), 0)) AS day) AS former
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(count), 0)::bigint AS count,
           coalesce(sum(count) FILTER (WHERE account_key <> account.account_key), 0)::bigint AS elsewhere
      FROM campaigns_dailysends
     WHERE business_id = %(business_id)s AND sent_on = today.day
       AND (account_key = 'platform:sms') = (account.key = 'texts')) AS sent
 WHERE business.id = %(business_id)s"""


def readings() -> Mapping[str, Reading]:
    """How many have gone today by kept counts, and how many go on this day."""
    found = rows(_USED, {"now": now(), "steps": list(settings.SENDS_FIRST_DAYS)})
    return {"letters": Reading(0), "texts": Reading(0)} | {
        row["key"]: Reading(row["used"], row["own"], row["today"]) for row in found
    }


READERS.add("campaigns", readings)
for _key, _label, _icon, _order in (
    ("letters", _("Letters today"), "mail", 40),
    ("texts", _("Texts today"), "message-square-text", 41),
):
    QUOTAS.add(
        _key,
        Quota(
            _label,
            _("What somebody needs now, such as a receipt, is not counted and never waits."),
            _("What waits goes on tomorrow by itself. Nothing is lost."),
            _icon,
            Span.DAY,
            "campaigns",
            lambda: settings.SENDS_PER_DAY,
            is_told=True,
        ),
        order=_order,
    )
