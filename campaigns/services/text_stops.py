"""Stop and start by number: what a number says counts for everybody who has it."""

from datetime import datetime
from uuid import UUID

from campaigns.models import Message, TextSignup
from campaigns.queries.texts import people_with_number
from campaigns.services.address_stops import stop_address
from campaigns.services.messages import cancel_open_messages
from contacts.models import Act, Basis, Channel, Consent, ConsentState, Contact, ContactPoint, Suppression, Topic
from contacts.services.consent import grant_own_consent, withdraw_address, withdraw_consent
from contacts.services.consent_ledger import Evidence
from contacts.services.suppression import open_own_address
from ecosystem.base import clock
from ecosystem.base.addresses import address_hashes

HARD_FAILURES = 2


def stop_number(number: str, *, source: str, request_id: UUID | None = None, now: datetime | None = None) -> bool:
    """Record that a number wants no more texts, of any topic and for whoever has it; whether that is new.

    What waits for it is called off in the same transaction, needed or not: texts stop altogether.
    """
    now = now or clock.now()
    hashes = address_hashes(Channel.SMS, number)
    people = people_with_number(number)
    written = [
        withdraw_consent(
            person, channel=Channel.SMS, topic=None, source=source, address=number, request_id=request_id, now=now
        ).consent
        for person in people
    ]
    if not people:
        written = [
            withdraw_address(
                channel=Channel.SMS, hashes=hashes, topic=None, source=source, request_id=request_id, now=now
            )
        ]
    TextSignup.objects.filter(number_hash__in=hashes, state=TextSignup.State.REQUESTED).delete()
    is_new = any(consent is not None for consent in written)
    # Said again, all that can wait is the answer to the first time.
    for address_hash in hashes if is_new else ():
        cancel_open_messages(address_hash=address_hash, channel=Channel.SMS, stops_all=True, reason="left")
    return is_new


def stop_after_second_failure(number: str) -> None:
    """Never text a number again that was refused as not in use twice: it was switched off or given to somebody else."""
    hashes = address_hashes(Channel.SMS, number)
    failed = Message.objects.filter(address_hash__in=hashes, channel=Channel.SMS, state=Message.State.BOUNCED)
    if failed[:HARD_FAILURES].count() < HARD_FAILURES:
        return
    stop_address(Channel.SMS, hashes, Suppression.Reason.BOUNCED)
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.PHONE, value_norm=number, bounced_at=None)
    points.update(bounced_at=clock.now())


def restart_number(
    number: str, *, keyword: str, request_id: UUID, now: datetime | None = None
) -> tuple[Contact | None, list[Topic]]:
    """Let a number have again what it had said yes to in writing before it stopped: for whom, and which topics.

    Each is a new row of the ledger. Somebody who was forgotten, or never said yes, gets a row for the number alone:
    it opens nothing but the way to a new yes.
    """
    now = now or clock.now()
    hashes = address_hashes(Channel.SMS, number)
    reopened: list[Topic] = []
    whose: Contact | None = None
    for person in people_with_number(number):
        for topic, wording in _stopped_topics(person, hashes):
            grant_own_consent(
                person, address=number, channel=Channel.SMS, topic=topic, wording=wording, source="text",
                source_detail=keyword, basis=Basis.EXPRESS_WRITTEN, evidence=Evidence(note=keyword), now=now,
            )  # fmt: skip
            reopened.append(topic)
            whose = whose or person
    if not reopened:
        consent = Consent.objects.create(
            contact=None, address_hash=hashes[0], channel=Channel.SMS, topic=None, act=Act.GRANTED, source="text",
            source_detail=keyword, request_id=request_id, occurred_at=now,
        )  # fmt: skip
        open_own_address(consent, hashes=hashes)
    return whose, reopened


def _stopped_topics(person: Contact, hashes: list[str]) -> list[tuple[Topic, str]]:
    """The open topics that this number had by a yes in writing and has no more, with the words of that yes."""
    stopped = ConsentState.objects.filter(contact=person, channel=Channel.SMS, state=ConsentState.State.WITHDRAWN)
    yeses = Consent.objects.filter(
        contact=person,
        channel=Channel.SMS,
        act__in=[Act.GRANTED, Act.CONFIRMED],
        basis=Basis.EXPRESS_WRITTEN,
        address_hash__in=hashes,
        topic__in=stopped.values("topic"),
        topic__archived_at__isnull=True,
    )
    newest = {consent.topic_id: consent for consent in yeses.select_related("topic").order_by("id")}
    return [(consent.topic, consent.wording) for consent in newest.values() if consent.topic is not None]
