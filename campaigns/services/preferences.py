"""What a person decides themselves by the links of their letters: out, back in, this but not that."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Message
from campaigns.queries.preferences import TopicSwitch, hashes_of_message, preference_page
from campaigns.queries.pressure import RHYTHMS
from campaigns.services.messages import queue_of
from contacts.models import Channel, Contact, Topic
from contacts.services.consent import grant_own_consent, withdraw_address, withdraw_consent
from contacts.services.consent_ledger import Evidence
from ecosystem.base.errors import Invalid
from ecosystem.base.sql import rows
from ecosystem.models import Membership
from ecosystem.services.agenda import note_work
from ecosystem.services.audit import record_act

# For how many days somebody may have a rest.
RESTS = (30, 90)

_RELEASE = """
WITH waiting AS (
    SELECT queued.id
      FROM campaigns_message AS message
      JOIN campaigns_queuedmessage AS queued ON queued.business_id = %(business_id)s AND queued.id = message.id
     WHERE message.business_id = %(business_id)s AND message.contact_id = %(contact_id)s
       AND message.state = 'deferred' AND queued.claim_token IS NULL
       AND (message.reason = 'on_pause'
            -- Whose reason says what must not be forgotten of them waits for the same moment.
            OR (message.reason IN ('resent', 'while_away') AND message.due_at = %(until)s))
     ORDER BY queued.id FOR UPDATE OF queued
), freed AS (
    UPDATE campaigns_queuedmessage AS queued SET due_at = %(now)s FROM waiting
     WHERE queued.business_id = %(business_id)s AND queued.id = waiting.id
    RETURNING queued.id, queued.lane
), told AS (
    UPDATE campaigns_message AS message
       SET state = 'queued', reason = CASE message.reason WHEN 'on_pause' THEN '' ELSE message.reason END,
           due_at = %(now)s, updated_at = clock_timestamp()
      FROM freed WHERE message.business_id = %(business_id)s AND message.id = freed.id
)
SELECT DISTINCT lane FROM freed"""


@dataclass(frozen=True)
class Change:
    """What a person changed: the switches that are on now and were off, and the other way round."""

    turned_on: tuple[TopicSwitch, ...] = ()
    turned_off: tuple[TopicSwitch, ...] = ()

    @property
    def undo(self) -> bytes:
        """What takes it back, to be sealed: each topic of letters that changed, and which way.

        Texts are left out: they begin only from the phone itself.
        """
        letters = [(b"-", each) for each in self.turned_on] + [(b"+", each) for each in self.turned_off]
        return b"".join(way + each.topic.id.bytes for way, each in letters if each.channel == Channel.EMAIL)


@transaction.atomic
def leave_by_message(message: Message, *, evidence: Evidence, now: datetime) -> tuple[UUID, ...]:
    """Take somebody out of the topic of a letter (of everything, where it had none), whoever is still kept.

    Effective with this transaction; twice changes nothing. Returns the topics that had been a yes.
    """
    if message.contact is None:
        withdraw_address(
            channel=message.channel, hashes=hashes_of_message(message), topic=message.topic, source="link",
            request_id=message.id, now=now,
        )  # fmt: skip
        return ()
    gone = withdraw_consent(
        message.contact, channel=message.channel, topic=message.topic, source="link", address=message.address,
        request_id=message.id, evidence=evidence, now=now,
    )  # fmt: skip
    return gone.topic_ids


@transaction.atomic
def come_back(message: Message, topic_ids: Collection[UUID], *, evidence: Evidence, now: datetime) -> list[Topic]:
    """Take a leaving back: a new yes of the person's own, from the mailbox that the letter went to."""
    if message.contact is None or message.contact.deleted_at is not None or not message.address:
        return []
    topics = list(Topic.objects.filter(id__in=topic_ids, archived_at__isnull=True).order_by("name", "id"))
    for topic in topics:
        _say_yes(message.contact, message, topic, source="undo", evidence=evidence, now=now)
    return topics


@transaction.atomic
def keep_preferences(
    message: Message, *, shown: Collection[str], chosen: Collection[str], evidence: Evidence, now: datetime
) -> Change:
    """Set the switches of a person's page. Only those that the page showed can change.

    A switch turned on is a new yes of their own, with the words that stood beside it.
    """
    page = preference_page(message, now=now)
    contact = page.contact
    if contact is None:
        return Change()
    switches = [switch for switch in page.switches if switch.key in shown]
    turned_on = [switch for switch in switches if switch.key in chosen and not switch.is_on and switch.can_turn_on]
    turned_off = [switch for switch in switches if switch.key not in chosen and switch.is_on]
    for switch in turned_on:
        _say_yes(contact, message, switch.topic, source="preferences", evidence=evidence, now=now)
    for switch in turned_off:
        address = message.address if switch.channel == message.channel else ""
        withdraw_consent(
            contact, channel=switch.channel, topic=switch.topic, source="preferences", address=address,
            request_id=message.id, evidence=evidence, now=now,
        )  # fmt: skip
    return Change(tuple(turned_on), tuple(turned_off))


@transaction.atomic
def take_back(message: Message, undo: bytes, *, evidence: Evidence, now: datetime) -> Change:
    """Take a change of the page back, as `Change.undo` says; what was changed again since stays as it is."""
    page = preference_page(message, now=now)
    if page.contact is None or not message.address or message.channel != Channel.EMAIL:
        return Change()
    parts = [undo[start : start + 17] for start in range(0, len(undo), 17)]
    wanted = {UUID(bytes=part[1:]): part[:1] == b"+" for part in parts}
    changed = [each for each in page.email if wanted.get(each.topic.id, each.is_on) != each.is_on]
    turned_on = [each for each in changed if wanted[each.topic.id] and each.can_turn_on]
    turned_off = [each for each in changed if not wanted[each.topic.id]]
    come_back(message, [each.topic.id for each in turned_on], evidence=evidence, now=now)
    for switch in turned_off:
        withdraw_consent(
            page.contact, channel=switch.channel, topic=switch.topic, source="preferences", address=message.address,
            request_id=message.id, evidence=evidence, now=now,
        )  # fmt: skip
    return Change(tuple(turned_on), tuple(turned_off))


@transaction.atomic
def stop_everything(message: Message, *, evidence: Evidence, now: datetime) -> Change:
    """Stop every topic on every channel that somebody can be reached by. Twice changes nothing."""
    page = preference_page(message, now=now)
    if page.contact is None:
        withdraw_address(
            channel=message.channel, hashes=hashes_of_message(message), topic=None, source="preferences",
            request_id=message.id, now=now,
        )  # fmt: skip
        return Change()
    channels = {message.channel, *(switch.channel for switch in page.switches)}
    for channel in sorted(channels):
        address = message.address if channel == message.channel else ""
        withdraw_consent(
            page.contact, channel=channel, topic=None, source="preferences", address=address,
            request_id=message.id, evidence=evidence, now=now,
        )  # fmt: skip
    return Change(turned_off=tuple(switch for switch in page.switches if switch.is_on))


@transaction.atomic
def rest(message: Message, *, days: int, now: datetime) -> datetime | None:
    """Let news and promised letters wait for so many days, on every channel; until when. None for nobody we know."""
    _check_rest(days)
    contact = message.contact
    if contact is None or contact.deleted_at is not None:
        return None
    until = now + timedelta(days=days)
    Contact.objects.filter(id=contact.id).update(paused_until=until, updated_at=now)
    contact.paused_until = until
    return until


@transaction.atomic
def rest_for(contact: Contact, *, days: int, actor: Membership, now: datetime) -> datetime:
    """Note for somebody who told us so that letters are to wait for so many days; until when.

    A longer rest stays: only the person themselves takes one back.
    """
    _check_rest(days)
    held = Contact.objects.select_for_update(no_key=True).get(id=contact.id)
    until = now + timedelta(days=days)
    if held.paused_until is not None and held.paused_until >= until:
        return held.paused_until
    Contact.objects.filter(id=held.id).update(paused_until=until, updated_at=now)
    record_act("rest_noted", actor=actor, subject=held, days=days)
    return until


@transaction.atomic
def keep_rhythm(message: Message, *, days: int | None, now: datetime) -> bool:
    """Write to a person at most once in so many days from now on, letters and texts together; None: as promised.

    Counts for what waits already. False for nobody we know; Invalid for what is not offered.
    """
    if days is not None and days not in RHYTHMS:
        raise Invalid("rhythm_unknown", _("Choose how often we may write."))
    contact = message.contact
    if contact is None or contact.deleted_at is not None:
        return False
    Contact.objects.filter(id=contact.id).update(rhythm_days=days, updated_at=now)
    contact.rhythm_days = days
    return True


@transaction.atomic
def end_rest(message: Message, *, now: datetime) -> bool:
    """Let what waited for the end of a rest go now; False where there was none."""
    contact = message.contact
    if contact is None:
        return False
    resting = Contact.objects.select_for_update(no_key=True).filter(id=contact.id, paused_until__gt=now)
    until = resting.values_list("paused_until", flat=True).first()
    if until is None:
        return False
    Contact.objects.filter(id=contact.id).update(paused_until=None)
    contact.paused_until = None
    for row in rows(_RELEASE, {"contact_id": contact.id, "now": now, "until": until}):
        note_work(queue_of(row["lane"]))
    return True


def _check_rest(days: int) -> None:
    if days not in RESTS:
        raise Invalid("rest_unknown", _("Choose how long the rest may be."))


def _say_yes(
    contact: Contact, message: Message, topic: Topic, *, source: str, evidence: Evidence, now: datetime
) -> None:
    grant_own_consent(
        contact, address=message.address, channel=message.channel, topic=topic,
        wording=_("%(topic)s, by email") % {"topic": topic.name} + f"\n{topic.promise}", source=source,
        evidence=evidence, now=now,
    )  # fmt: skip
