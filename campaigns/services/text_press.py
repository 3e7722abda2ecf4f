"""From a text that was written to the words that leave, read once for a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.gateways.base import OutgoingMessage
from campaigns.models import ContentVersion
from campaigns.queries.texts import TextSettings, reply_url, text_settings
from campaigns.rendering.texts import compile_text, finish_text, print_text, system_text
from campaigns.services.delivery_claims import ClaimedMessage
from campaigns.services.rendering import sender_identity
from contacts.models import Topic
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import array_text, rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import BusinessProfile
from ecosystem.queries.zones import business_zone

# What each number got: of which topics, and whether anything since the month began. A text that was taken and then
# reported as failed was heard by nobody.
_HEARD = """
SELECT address_hash, topic_id::text AS topic_id, max(accepted_at) >= %(month)s AS is_recent
  FROM campaigns_message
 WHERE business_id = %(business_id)s AND channel = 'sms' AND address_hash = ANY (%(hashes)s::text[])
   AND state IN ('accepted', 'delivered') AND NOT is_test
 GROUP BY address_hash, topic_id"""


@dataclass(frozen=True)
class TextPress:
    """Everything that the texts of one batch are made from; asks the database nothing more."""

    settings: TextSettings
    reply_url: str
    constants: Mapping[str, str]
    words: Mapping[str, str]
    topics: Mapping[str, Topic]
    heard: frozenset[tuple[str, str | None]]
    reminded: frozenset[str]

    def make(self, message: ClaimedMessage, now: datetime) -> OutgoingMessage:
        """The words of one text. Raises Invalid, RenderTooLarge, or KeyError where they are gone."""
        topic = self.topics.get(message.topic_id or "")
        if message.content_version_id is None:
            voice = self.settings.voice(promise=str(message.merge.get("promise", "")))
            words = system_text(message.template, voice)
        else:
            parts = compile_text(self.words[message.content_version_id], self.settings.language)
            words = finish_text(
                print_text(parts, self.constants, message.merge),
                self.settings.voice(topic),
                is_first=topic is not None and (message.address_hash, message.topic_id) not in self.heard,
                is_due_reminder=message.address_hash not in self.reminded,
            )
        number = self.settings.sender.number
        return OutgoingMessage(message.id, number, message.address, words.encode(), reply_url=self.reply_url)


def open_text_press(messages: Iterable[ClaimedMessage]) -> TextPress:
    """Read once what a batch of texts of the current business is made from."""
    batch = list(messages)
    month = clock_now().astimezone(business_zone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    hashes = array_text([message.address_hash for message in batch])
    heard = rows(_HEARD, {"hashes": hashes, "month": month})
    versions = ContentVersion.objects.filter(id__in={one.content_version_id for one in batch if one.content_version_id})
    topics = Topic.objects.filter(id__in={one.topic_id for one in batch if one.topic_id})
    return TextPress(
        settings=text_settings(),
        reply_url=reply_url(current_business_id()),
        constants=sender_identity(BusinessProfile.objects.get()).values(),
        words={str(version_id): words for version_id, words in versions.values_list("id", "text_body")},
        topics={str(topic.id): topic for topic in topics},
        heard=frozenset((row["address_hash"], row["topic_id"]) for row in heard),
        reminded=frozenset(row["address_hash"] for row in heard if row["is_recent"]),
    )
