"""Whether a business sends at all now, and as whom."""

from dataclasses import dataclass

from ecosystem.base.sql import rows, rows_alone

_MAY_SEND = """
SELECT profile.sender_email, profile.timezone FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s AND business.state = 'active' AND profile.sending_paused_at IS NULL
   AND NOT EXISTS (SELECT FROM ecosystem_sendingstop)"""

_IS_STOPPED = """
SELECT business.state <> 'active' OR profile.sending_paused_at IS NOT NULL
       OR EXISTS (SELECT FROM ecosystem_sendingstop) AS is_stopped
  FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s"""


@dataclass(frozen=True, slots=True)
class Sending:
    """As whom a business sends, and where its days begin."""

    sender_email: str
    timezone: str


def find_sending() -> Sending | None:
    """How the current business sends; None while it is paused, being closed, or closed, or all sending is stopped."""
    found = rows(_MAY_SEND)
    return Sending(**found[0]) if found else None


def is_stopped(business_id: int) -> bool:
    """Whether a business may send nothing right now. Asked outside of a transaction, in the middle of sending."""
    return any(row["is_stopped"] for row in rows_alone(_IS_STOPPED, {}, business_id=business_id))
