"""Businesses with very many or very few letters in the queue."""

from dataclasses import dataclass

from benchmarks._database import add_people, compiled_letter, queue_messages
from benchmarks._letters import LETTER, NAMES
from campaigns.models import ChannelRule, ContentVersion
from contacts.models import Channel, Contact, Topic
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from ecosystem.services.agenda import note_work
from tests.factories.permission import make_business, make_topic

LANE = "broadcast"
CHUNK = 20_000


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
    """A business with so many people, and a letter to each that is due now."""
    business = make_business(name, owner=f"{name.replace(' ', '')}@example.com")
    with business_scope(business):
        BusinessProfile.objects.update(sender_name=name)
        ChannelRule.objects.create(channel=Channel.EMAIL, most_count=100, most_days=1)
        topic = make_topic(promised_count=31, promised_days=1)
        words = {"subject": LETTER.subject, "preheader": LETTER.preheader, "body": LETTER.body}
        version = compiled_letter(topic, **words)
    for start in range(0, letters, CHUNK):
        names = [NAMES[number % len(NAMES)] for number in range(min(CHUNK, letters - start))]
        with business_scope(business):
            queue_messages(topic, version, add_people(topic, names))
    with business_scope(business):
        note_work(f"send.{LANE}")
    return Sender(business, topic, version)
