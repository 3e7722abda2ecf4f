"""Many yeses at once, from a list or a program that has proof of them: a constant number of statements."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.models import ContactPoint, Topic
from contacts.queries.consent import channel_hashes
from contacts.services.interactions import NewInteraction, record_interactions
from ecosystem.base import sql
from ecosystem.base.errors import Invalid
from ecosystem.base.ids import uuid7
from ecosystem.models import Membership

# Who said nothing yet, and whose address is not stopped: a list never opens what a person closed, and never writes
# over a yes or a no that stands. One statement writes the ledger, the proof and what holds now.
_KEEP = """
    WITH given AS (
        SELECT * FROM unnest(%(contacts)s::uuid[], %(consents)s::uuid[], %(addresses)s::text[], %(hashes)s::text[])
            AS person(contact_id, consent_id, address, hashes)
    ), open AS (
        SELECT given.contact_id, given.consent_id, given.address, split_part(given.hashes, ',', 1) AS address_hash
          FROM given
         WHERE NOT EXISTS (
                SELECT 1 FROM contacts_suppression stop
                 WHERE stop.business_id = %(business_id)s AND stop.channel = %(channel)s AND stop.lifted_at IS NULL
                   AND stop.address_hash = ANY (string_to_array(given.hashes, ','))
                   AND (stop.topic_id IS NULL OR stop.topic_id = %(topic)s))
           AND NOT EXISTS (
                SELECT 1 FROM contacts_consent said
                 WHERE said.business_id = %(business_id)s AND said.contact_id = given.contact_id
                   AND said.channel = %(channel)s AND said.act <> 'requested'
                   AND (said.topic_id = %(topic)s OR said.topic_id IS NULL))
    ), ledger AS (
        INSERT INTO contacts_consent (business_id, id, created_at, contact_id, address_hash, channel, topic_id, act,
               basis, wording, source, source_detail, actor_id, request_id, occurred_at)
        SELECT %(business_id)s, consent_id, clock_timestamp(), contact_id, address_hash, %(channel)s, %(topic)s,
               'imported', 'express', %(wording)s, 'import', %(source)s, %(actor)s, %(request)s, %(said_at)s
          FROM open
    ), proof AS (
        INSERT INTO contacts_consentevidence (business_id, id, created_at, updated_at, version, consent_id, contact_id,
               address, user_agent, page, note)
        SELECT %(business_id)s, uuidv7(), clock_timestamp(), clock_timestamp(), 1, consent_id, contact_id, address,
               '', '', %(source)s
          FROM open
    ), kept AS (
        INSERT INTO contacts_consentstate AS state (business_id, id, created_at, updated_at, version, contact_id,
               channel, topic_id, state, basis, address_hash, since, consent_id)
        SELECT %(business_id)s, uuidv7(), clock_timestamp(), clock_timestamp(), 1, contact_id, %(channel)s, %(topic)s,
               'granted', 'express', address_hash, %(said_at)s, consent_id
          FROM open
        ON CONFLICT (business_id, contact_id, channel, topic_id) DO UPDATE SET state = excluded.state,
               basis = excluded.basis, address_hash = excluded.address_hash, since = excluded.since,
               expires_at = NULL, consent_id = excluded.consent_id, updated_at = excluded.updated_at
    )
    SELECT contact_id, consent_id FROM open"""


@transaction.atomic
def record_imported_consents(
    contact_ids: Sequence[UUID],
    *,
    topic: Topic,
    channel: str,
    wording: str,
    source: str,
    occurred_at: datetime,
    actor: Membership | None,
    request_id: UUID | None,
) -> int:
    """Keep the yes of many people, brought in with its proof, and say for how many it counts.

    Leaves out whoever has no address on the channel, has said yes or no before, or whose address is stopped.
    Starts nothing: no letter goes out because a list came in.
    """
    if not source.strip():
        raise Invalid("proof_source", _("A yes without a source is no permission."), field="source")
    kind = ContactPoint.Kind.EMAIL if channel == "email" else ContactPoint.Kind.PHONE
    points = ContactPoint.objects.filter(contact__in=contact_ids, kind=kind, is_primary=True)
    people = dict(points.values_list("contact_id", "value_norm"))
    if not people:
        return 0
    kept = sql.rows(
        _KEEP,
        {
            "contacts": list(people),
            "consents": [uuid7() for _ in people],
            "addresses": list(people.values()),
            "hashes": [",".join(channel_hashes(channel, [address])) for address in people.values()],
            "topic": topic.id,
            "channel": channel,
            "wording": wording,
            "source": source.strip()[:160],
            "actor": actor.id if actor else None,
            "request": request_id,
            "said_at": occurred_at,
        },
    )
    record_interactions(
        [
            NewInteraction(
                contact_id=row["contact_id"],
                kind="consent_change",
                source="consent",
                occurred_at=occurred_at,
                channel=channel,
                external_id=row["consent_id"].hex,
                actor_id=actor.id if actor else None,
                object_id=row["consent_id"],
                params={"act": "imported"},
            )
            for row in kept
        ]
    )
    return len(kept)
