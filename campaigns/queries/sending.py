"""Whether a business sends at all now."""

from ecosystem.base.sql import rows

_MAY_SEND = """
SELECT 1 FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s AND business.state = 'active' AND profile.sending_paused_at IS NULL"""


def may_business_send() -> bool:
    """True unless the current business is paused, being closed, or closed."""
    return bool(rows(_MAY_SEND))
