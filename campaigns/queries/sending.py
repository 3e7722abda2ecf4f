"""Whether a business sends at all now, and as whom."""

from dataclasses import dataclass

from campaigns.queries.sender_domains import IS_PROVED_SQL, shared_address
from ecosystem.base.sql import rows, rows_alone

# What mailbox providers take in a day from a domain without SPF, DKIM and DMARC.
MOST_WITHOUT_ALL_RECORDS = 5_000

_MAY_SEND = f"""
SELECT profile.sender_email, profile.timezone, {IS_PROVED_SQL} AS is_proved,
       business.quotas ?| '{{letters,texts}}'::text[] AS is_measured,
       coalesce((SELECT every.found @> '{{"spf": "yes", "dkim": "yes", "dmarc": "yes"}}'
                   FROM campaigns_senderdomain AS every
                  WHERE every.business_id = %(business_id)s
                    AND every.domain = lower(split_part(profile.sender_email, '@', 2))), false) AS is_complete
  FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s AND business.state = 'active' AND profile.sending_paused_at IS NULL
   AND NOT EXISTS (SELECT FROM ecosystem_sendingstop)"""  # noqa: S608

_IS_STOPPED = """
SELECT business.state <> 'active' OR profile.sending_paused_at IS NOT NULL
       OR EXISTS (SELECT FROM ecosystem_sendingstop) AS is_stopped
  FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s"""


@dataclass(frozen=True, slots=True)
class Sending:
    """As whom a business sends, and where its days begin.

    Letters come from its own address where DNS proves the domain just now, from the shared one otherwise. `is_complete`
    says that all is there that mailbox providers want of whoever sends very much, `is_measured` that the business has a
    figure of its own for what it may send in a day.
    """

    sender_email: str
    timezone: str
    is_proved: bool
    is_measured: bool
    is_complete: bool

    @property
    def from_address(self) -> str:
        """The address that letters come from."""
        return self.sender_email if self.is_proved and self.sender_email else shared_address()


def find_sending() -> Sending | None:
    """How the current business sends; None while it is paused, being closed, or closed, or all sending is stopped."""
    found = rows(_MAY_SEND)
    return Sending(**found[0]) if found else None


def is_stopped(business_id: int) -> bool:
    """Whether a business may send nothing right now. Asked outside of a transaction, in the middle of sending."""
    return any(row["is_stopped"] for row in rows_alone(_IS_STOPPED, {}, business_id=business_id))
