"""What was sent to one person, as they read it themselves on the page that their letters lead to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.models import Message
from campaigns.names import told
from contacts.models import Channel, Contact
from ecosystem.base.keyset import Page, keyset_page

PAGE_SIZE = 20
_SENT = ("accepted", "delivered", "bounced", "complained", "unknown")
# What a system letter is called in the list, since it has no subject that a person wrote.
TEMPLATE_NAMES: dict[str, Promise] = {
    "confirm_signup": _("We asked whether it was you"),
    "receipt": _("Thank you for your yes"),
    "text_confirm": _("We asked whether it was you"),
    "text_welcome": _("Thank you for your yes"),
    "text_stopped": _("You are out"),
    "text_started": _("Welcome back"),
    "text_help": _("Help"),
}


@dataclass(frozen=True)
class SentLine:
    """One letter or text: when, about what. Without `is_readable` its words are not kept."""

    id: UUID
    channel: str
    sent_at: datetime
    title: str
    topic_name: str
    is_readable: bool


def sent_page(contact: Contact, *, cursor: str | None = None, limit: int = PAGE_SIZE) -> Page[SentLine]:
    """Letters and texts that went to a person, the newest first. Test letters of the team are none of them."""
    page: Page[Message] = keyset_page(_sent(contact), ("-id",), cursor, limit)
    return Page([_line(message) for message in page.items], page.next_cursor, page.previous_cursor)


def find_sent(contact: Contact, message_id: UUID) -> Message | None:
    """One of the letters that went to a person, with what it is printed from; None for anybody else's."""
    found = Message.objects.select_related("content_version", "topic")
    return found.filter(contact=contact, id=message_id, state__in=_SENT, is_test=False).first()


def line_of(message: Message) -> SentLine:
    """One letter as the list shows it."""
    return _line(message)


def _sent(contact: Contact) -> QuerySet[Message]:
    named = ("topic__name", "content_version__subject", "content_version__text_body")
    found = Message.objects.filter(contact=contact, state__in=_SENT, is_test=False)
    with_names = found.select_related("content_version", "topic")
    return with_names.only("channel", "accepted_at", "handed_at", "due_at", "template", *named)


def _line(message: Message) -> SentLine:
    version = message.content_version
    words = (version.text_body[:80] if message.channel == Channel.SMS else version.subject) if version else ""
    topic = message.topic
    return SentLine(
        id=message.id,
        channel=message.channel,
        sent_at=message.accepted_at or message.handed_at or message.due_at,
        title=told(words) or str(TEMPLATE_NAMES.get(message.template, _("A letter"))),
        topic_name=topic.name if topic is not None else "",
        is_readable=version is not None,
    )
