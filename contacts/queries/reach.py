"""How many people a business may reach, by channel: the counting behind `Allowed to follow home`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from contacts.models import Channel
from ecosystem.base.sql import rows
from ecosystem.gauges import REACH_WEEKS, GaugeQuestion

# A yes counts once a person and channel, from the first topic on; weeks end today, the oldest first.
_PERMISSION = """
WITH states AS MATERIALIZED (
    SELECT state.contact_id, state.channel, state.state, state.since
      FROM contacts_consentstate state
      JOIN contacts_contact person ON person.business_id = state.business_id AND person.id = state.contact_id
     WHERE state.business_id = %(business_id)s AND person.business_id = %(business_id)s AND person.deleted_at IS NULL
       AND (state.state = 'withdrawn' OR state.state = 'granted'
            AND (state.expires_at IS NULL OR state.expires_at > %(now)s)
            AND (state.channel <> 'sms' OR state.basis = 'express_written')
            AND NOT person.do_not_contact AND (person.paused_until IS NULL OR person.paused_until <= %(now)s)
            AND NOT EXISTS (SELECT 1 FROM contacts_suppression stop
                             WHERE stop.business_id = %(business_id)s AND stop.channel = state.channel
                               AND stop.address_hash = state.address_hash AND stop.lifted_at IS NULL
                               AND (stop.topic_id IS NULL OR stop.topic_id = state.topic_id)))
     LIMIT %(most)s
), allowed AS (
    SELECT contact_id, channel, min(since) AS since FROM states WHERE state = 'granted' GROUP BY contact_id, channel
)
SELECT channel, count(*) AS people, count(*) FILTER (WHERE since >= %(month_start)s) AS gained,
       ARRAY (SELECT (SELECT count(*) FROM allowed one WHERE one.channel = allowed.channel
                         AND one.since < %(tomorrow)s - make_interval(days => 7 * (%(weeks)s - week)))
                FROM generate_series(1, %(weeks)s) AS week ORDER BY week) AS by_week
  FROM allowed GROUP BY channel
UNION ALL
SELECT 'left', (SELECT count(DISTINCT contact_id) FROM states WHERE state = 'withdrawn' AND since >= %(month_start)s),
       (SELECT count(DISTINCT address_hash) FROM contacts_suppression stop
         WHERE stop.business_id = %(business_id)s AND stop.reason = 'complained'
           AND stop.created_at >= %(month_start)s),
       ARRAY[(SELECT count(*) FROM states)]"""


@dataclass(frozen=True)
class Reach:
    """How many people may be reached on one channel: now, gained in 30 days, and at the end of each week."""

    people: int
    gained: int
    weeks: list[int]


@dataclass(frozen=True)
class Permission:
    """Reach by channel, with how many people left and complained in 30 days."""

    by_channel: Mapping[str, Reach]
    left: int
    complained: int


def count_permission(question: GaugeQuestion, at_most: int | None = None) -> Permission | None:
    """How many people may be reached, by channel; None if there are more answers than `at_most`."""
    most = None if at_most is None else at_most + 1
    found = rows(
        _PERMISSION,
        {
            "now": question.now,
            "most": most,
            "weeks": REACH_WEEKS,
            "tomorrow": question.midnight + timedelta(days=1),
            "month_start": question.midnight - timedelta(days=29),
        },
    )
    last = next(row for row in found if row["channel"] == "left")
    if most is not None and last["by_week"][0] >= most:
        return None
    by_channel = {
        row["channel"]: Reach(people=row["people"], gained=row["gained"], weeks=list(row["by_week"]))
        for row in found
        if row["channel"] in Channel.values
    }
    return Permission(by_channel=by_channel, left=last["people"], complained=last["gained"])
