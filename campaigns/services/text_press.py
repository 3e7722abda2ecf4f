"""From a text that was written to the words that leave, read once for a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.gateways.base import OutgoingMessage
from campaigns.models import ContentVersion, Message
from campaigns.queries.texts import TextSettings, reply_url, text_settings
from campaigns.rendering.texts import SAY_TERMS, compile_text, finish_text, print_text, system_text
from campaigns.services.delivery_claims import ClaimedMessage
from campaigns.services.rendering import sender_identity
from contacts.models import Topic
from ecosystem.base.clock import now as clock_now
from ecosystem.base.sql import array_text, execute, rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import BusinessProfile
from ecosystem.queries.zones import business_zone

# What each number was told: of which topics the terms, and whether how to stop since the month began. A text that was
# taken and then reported as failed was heard by nobody, whatever came after it.
_HEARD = """
SELECT address_hash, topic_id::text AS topic_id, bool_or(said = 'terms') AS has_terms,
       max(accepted_at) >= %(month)s AS is_recent
  FROM campaigns_message
 WHERE business_id = %(business_id)s AND channel = 'sms' AND address_hash = ANY (%(hashes)s::text[])
   AND state IN ('accepted', 'delivered') AND said <> '' AND NOT is_test
 GROUP BY address_hash, topic_id"""

# Known of a text before it leaves, whoever lives to write down that it left.
_SAID = """
UPDATE campaigns_message AS message SET said = given.said, updated_at = clock_timestamp()
  FROM unnest(%(ids)s::uuid[], %(said)s::text[]) AS given(id, said)
 WHERE message.business_id = %(business_id)s AND message.id = given.id AND message.id = ANY (%(ids)s::uuid[])
   AND message.said <> given.said"""


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
        said = self.said(message)
        if message.content_version_id is None:
            voice = self.settings.voice(promise=str(message.merge.get("promise", "")))
            words = system_text(message.template, voice)
        else:
            parts = compile_text(self.words[message.content_version_id], self.settings.language)
            words = finish_text(
                print_text(parts, self.constants, message.merge),
                self.settings.voice(topic),
                is_first=said == Message.Said.TERMS,
                is_due_reminder=said == Message.Said.STOP,
            )
        number = self.settings.sender.number
        return OutgoingMessage(message.id, number, message.address, words.encode(), reply_url=self.reply_url)

    def said(self, message: ClaimedMessage) -> str:
        """What a text says of what the law wants: the terms, how to stop, or nothing."""
        if message.content_version_id is None:
            return Message.Said.TERMS if message.template in SAY_TERMS else ""
        if message.topic_id in self.topics and (message.address_hash, message.topic_id) not in self.heard:
            return Message.Said.TERMS
        return "" if message.address_hash in self.reminded else Message.Said.STOP


def open_text_press(messages: Iterable[ClaimedMessage]) -> TextPress:
    """Read once what a batch of texts of the current business is made from, and note what each of them says."""
    batch = list(messages)
    month = clock_now().astimezone(business_zone()).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    hashes = array_text([message.address_hash for message in batch])
    heard = rows(_HEARD, {"hashes": hashes, "month": month})
    versions = ContentVersion.objects.filter(id__in={one.content_version_id for one in batch if one.content_version_id})
    topics = Topic.objects.filter(id__in={one.topic_id for one in batch if one.topic_id})
    press = TextPress(
        settings=text_settings(),
        reply_url=reply_url(current_business_id()),
        constants=sender_identity(BusinessProfile.objects.get()).values(),
        words={str(version_id): words for version_id, words in versions.values_list("id", "text_body")},
        topics={str(topic.id): topic for topic in topics},
        heard=frozenset((row["address_hash"], row["topic_id"]) for row in heard if row["has_terms"]),
        reminded=frozenset(row["address_hash"] for row in heard if row["is_recent"]),
    )
    # Of most there is nothing to note; what is tried once more may have said something else before.
    said = {one.key: press.said(one) for one in batch}
    noted = [one.key for one in batch if said[one.key] or one.attempt > 1]
    if noted:
        execute(_SAID, {"ids": array_text(noted), "said": array_text([said[key] for key in noted])})
    return press
