"""Businesses with very many or very few letters in the queue."""

from dataclasses import dataclass

from benchmarks._database import add_people, compiled_letter, queue_messages
from benchmarks._letters import LETTER, NAMES
from campaigns.models import ChannelRule, ContentVersion
from contacts.models import Channel, Contact, Topic
from ecosystem.base.sql import execute
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from ecosystem.services.agenda import note_work
from tests.factories.permission import make_business, make_topic

LANE = "broadcast"
CHUNK = 4_000
MOST_PEOPLE = 50_000

# One more letter to each of the people, by the same content.
_ONE_MORE = """
WITH written AS (
    INSERT INTO campaigns_message (business_id, id, idem_key, message_class, channel, lane, contact_id, topic_id,
                                   content_version_id, template, address, address_hash, merge, is_test, state, reason,
                                   due_at, attempt, provider_id)
    SELECT %(business_id)s, uuidv7(), idem_key || ':' || %(number)s, message_class, channel, lane, contact_id, topic_id,
           content_version_id, '', address, address_hash, merge, false, 'queued', '', due_at, 0, ''
      FROM campaigns_message WHERE business_id = %(business_id)s AND idem_key !~ ':.*:'
    RETURNING id, lane, due_at
)
INSERT INTO campaigns_queuedmessage (business_id, id, lane, due_at)
SELECT %(business_id)s, id, lane, due_at FROM written"""


@dataclass(frozen=True)
class Sender:
    """A business, and what it writes to its people."""

    business: Business
    topic: Topic
    version: ContentVersion

    def queue_again(self) -> None:
        """One more letter to each of its people, due now."""
        with business_scope(self.business):
            queue_messages(self.topic, self.version, list(Contact.objects.order_by("id")))
            note_work(f"send.{LANE}")


def make_sender(name: str, letters: int) -> Sender:
    """A business with so many letters that are due now: one to each of its people, or many to fifty thousand."""
    business = make_business(name, owner=f"{name.replace(' ', '')}@example.com")
    with business_scope(business):
        BusinessProfile.objects.update(sender_name=name)
        ChannelRule.objects.create(channel=Channel.EMAIL, most_count=100, most_days=1)
        topic = make_topic(promised_count=31, promised_days=1)
        words = {"subject": LETTER.subject, "preheader": LETTER.preheader, "body": LETTER.body}
        version = compiled_letter(topic, **words)
    people = min(letters, MOST_PEOPLE)
    for start in range(0, people, CHUNK):
        names = [NAMES[number % len(NAMES)] for number in range(min(CHUNK, people - start))]
        with business_scope(business):
            queue_messages(topic, version, add_people(topic, names))
    for number in range(1, letters // people):
        with business_scope(business):
            execute(_ONE_MORE, {"number": number})
    with business_scope(business):
        note_work(f"send.{LANE}")
    return Sender(business, topic, version)
