"""What holds now, kept from the ledger row by row, and rebuilt from it at will with the same result.

The rule in one place: the newest yes or no counts; a no to everything is a no to each topic; a request shows only
where no yes stands. A correction (CORRECTIONS) is neither: nothing holds after it until something is said.
"""

from collections.abc import Sequence

from contacts.models import CORRECTIONS, Consent, ConsentState
from ecosystem.base import sql

_UNIQUE = ["business_id", "contact", "channel", "topic"]
_KEPT = ["state", "basis", "address_hash", "since", "expires_at", "consent", "updated_at"]

_FOLD = """
    WITH yes_or_no AS (
        SELECT DISTINCT ON (contact_id, channel, topic_id) *
          FROM contacts_consent
         WHERE business_id = %(business_id)s AND contact_id IS NOT NULL AND topic_id IS NOT NULL AND act <> 'requested'
         ORDER BY contact_id, channel, topic_id, id DESC
    ), request AS (
        SELECT DISTINCT ON (contact_id, channel, topic_id) *
          FROM contacts_consent
         WHERE business_id = %(business_id)s AND contact_id IS NOT NULL AND topic_id IS NOT NULL AND act = 'requested'
         ORDER BY contact_id, channel, topic_id, id DESC
    ), no_to_all AS (
        SELECT DISTINCT ON (contact_id, channel) *
          FROM contacts_consent
         WHERE business_id = %(business_id)s AND contact_id IS NOT NULL AND topic_id IS NULL AND act = 'withdrawn'
         ORDER BY contact_id, channel, id DESC
    ), said AS (
        SELECT contact_id, channel, topic_id FROM yes_or_no WHERE source <> ALL (%(corrections)s)
         UNION
        SELECT contact_id, channel, topic_id
          FROM request LEFT JOIN yes_or_no USING (contact_id, channel, topic_id)
         WHERE yes_or_no.id IS NULL OR yes_or_no.source <> ALL (%(corrections)s) OR request.id > yes_or_no.id
    ), newest AS (
        SELECT said.contact_id, said.channel, said.topic_id,
               CASE
                   WHEN yes_or_no.act <> 'withdrawn' AND (no_to_all.id IS NULL OR yes_or_no.id > no_to_all.id)
                       THEN yes_or_no.id
                   ELSE greatest(yes_or_no.id, request.id, no_to_all.id)
               END AS consent_id
          FROM said
          LEFT JOIN yes_or_no USING (contact_id, channel, topic_id)
          LEFT JOIN request USING (contact_id, channel, topic_id)
          LEFT JOIN no_to_all USING (contact_id, channel)
    )
    INSERT INTO contacts_consentstate AS kept
           (business_id, id, created_at, updated_at, version, contact_id, channel, topic_id, state, basis,
            address_hash, since, consent_id)
    SELECT %(business_id)s, uuidv7(), clock_timestamp(), clock_timestamp(), 1, newest.contact_id, newest.channel,
           newest.topic_id,
           CASE consent.act WHEN 'requested' THEN 'requested' WHEN 'withdrawn' THEN 'withdrawn' ELSE 'granted' END,
           consent.basis, consent.address_hash, consent.occurred_at, consent.id
      FROM newest
      JOIN contacts_consent consent ON consent.business_id = %(business_id)s AND consent.id = newest.consent_id"""


def keep_yes(consent: Consent) -> None:
    """Let a yes hold from now on."""
    _keep(consent, ConsentState.State.GRANTED)


def keep_request(consent: Consent) -> None:
    """Show that somebody was asked, unless their yes stands already."""
    stands = ConsentState.objects.filter(
        contact=consent.contact_id, channel=consent.channel, topic=consent.topic_id, state=ConsentState.State.GRANTED
    )
    if not stands.exists():
        _keep(consent, ConsentState.State.REQUESTED)


def keep_no(consent: Consent) -> None:
    """Let a no hold from now on, for its topic, or for every topic there was anything said about."""
    if consent.topic_id is not None:
        _keep(consent, ConsentState.State.WITHDRAWN)
        return
    ConsentState.objects.filter(contact=consent.contact_id, channel=consent.channel).update(
        state=ConsentState.State.WITHDRAWN,
        basis=consent.basis,
        address_hash=consent.address_hash,
        since=consent.occurred_at,
        expires_at=None,
        consent=consent,
        updated_at=consent.created_at,
    )


def keep_correction(states: Sequence[ConsentState]) -> None:
    """Let what nobody said hold no more: nothing is known of these topics then."""
    ConsentState.objects.filter(pk__in=[state.pk for state in states]).delete()


def rebuild_consent_states() -> int:
    """Throw away what is kept for the current business and fold it anew from the ledger; says how many rows."""
    ConsentState.objects.all().delete()
    return sql.execute(_FOLD, {"corrections": list(CORRECTIONS)})


def _keep(consent: Consent, state: str) -> None:
    if consent.contact_id is None or consent.topic_id is None:
        raise ValueError("What holds is kept for one person and one topic.")
    ConsentState.objects.bulk_create(
        [
            ConsentState(
                contact_id=consent.contact_id,
                channel=consent.channel,
                topic_id=consent.topic_id,
                state=state,
                basis=consent.basis,
                address_hash=consent.address_hash,
                since=consent.occurred_at,
                consent=consent,
                updated_at=consent.created_at,
            )
        ],
        update_conflicts=True,
        unique_fields=_UNIQUE,
        update_fields=_KEPT,
    )
