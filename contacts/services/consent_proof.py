"""Proof that what holds is what the ledger says: rebuilt from it and compared, and nothing changed."""

from django.db import transaction

from contacts.services.consent_states import rebuild_consent_states
from ecosystem.base.sql import rows

_FINGERPRINT = """
SELECT count(*) AS number,
       md5(string_agg(concat_ws('|', contact_id, channel, topic_id, state, address_hash, since),
                      ',' ORDER BY contact_id, channel, topic_id)) AS print
  FROM contacts_consentstate WHERE business_id = %(business_id)s"""


class _Undone(Exception):
    """Takes the rebuilding back."""


def consent_states_differ() -> list[str]:
    """Says so where the kept states of permission are not what the ledger makes of them."""
    kept = rows(_FINGERPRINT)[0]
    rebuilt = kept
    try:
        with transaction.atomic():
            rebuild_consent_states()
            rebuilt = rows(_FINGERPRINT)[0]
            raise _Undone
    except _Undone:
        pass
    if kept == rebuilt:
        return []
    return [f"{kept['number']} states of permission are kept; rebuilt from the ledger there are {rebuilt['number']}."]
