"""Whether a business sends at all now, and as whom."""

from dataclasses import dataclass

from ecosystem.base.sql import rows

_MAY_SEND = """
SELECT profile.sender_email, profile.timezone FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s AND business.state = 'active' AND profile.sending_paused_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Sending:
    """As whom a business sends, and where its days begin."""

    sender_email: str
    timezone: str


def find_sending() -> Sending | None:
    """How the current business sends; None while it is paused, being closed, or closed."""
    found = rows(_MAY_SEND)
    return Sending(**found[0]) if found else None
