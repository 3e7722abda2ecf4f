"""From a typed number to a confirmed yes to texts: the box, the one text that asks, the YES."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Message, Signup, SignupForm, SignupFormTopic, TextSignup
from campaigns.queries.signups import CONFIRM_WITHIN
from campaigns.queries.texts import TextSettings, has_text_account, people_with_number, text_settings
from campaigns.rendering.texts import CONFIRM, WELCOME, disclosure
from campaigns.services.messages import plan_message
from campaigns.services.signups import raise_to_prospect
from contacts.models import Basis, Channel, Contact, StageChange, Topic
from contacts.queries.consent import channel_hashes, live_suppressions
from contacts.services.consent import confirm_consent, request_consent
from contacts.services.consent_ledger import Evidence
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.points import keep_number
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash, address_hashes
from ecosystem.base.ids import uuid7
from ecosystem.base.ratelimit import take

TEXTS_PER_NUMBER, NUMBER_WINDOW = 3, 24 * 3600


@dataclass(frozen=True)
class TextYes:
    """What a YES confirmed: the person and the topics."""

    contact: Contact
    topics: Sequence[Topic]


def disclosure_of(topic: Topic, settings: TextSettings) -> str:
    """The words beside the box for texts about a topic."""
    return disclosure(
        settings.voice(topic), topic=topic.name, terms_url=settings.terms_url, privacy_url=settings.privacy_url
    )


def text_boxes(form: SignupForm, boxes: Sequence[SignupFormTopic]) -> dict[str, str]:
    """The boxes for texts on an opt-in page: what stands beside each, by topic.

    None while something is missing that the law wants there, or nobody could send a text.
    """
    settings = text_settings()
    if not form.offers_texts or not settings.may_offer_boxes or not has_text_account():
        return {}
    return {str(box.topic_id): disclosure_of(box.topic, settings) for box in boxes}


@transaction.atomic
def request_texts(
    form: SignupForm,
    *,
    number: str,
    boxes: Sequence[SignupFormTopic],
    evidence: Evidence,
    given_name: str = "",
    signup: Signup | None = None,
    request_id: UUID | None = None,
    now: datetime | None = None,
) -> TextSignup | None:
    """Keep that boxes for texts were ticked and plan the one text that asks the number to confirm.

    `signup` is what was sent with it about letters, by the same person.
    A number that was stopped gets none: only its own START opens it. At most three such texts go to one number in a
    day, whichever businesses ask; beyond that nothing happens and None is returned.
    """
    if not boxes or not take(("confirmation_text", number), TEXTS_PER_NUMBER, NUMBER_WINDOW):
        return None
    now, settings = now or clock.now(), text_settings()
    ticked = [
        (box.topic, f"{disclosure_of(box.topic, settings)}\n{settings.shown_versions}".rstrip("\n")) for box in boxes
    ]
    asked = TextSignup.objects.create(
        id=request_id or uuid7(),
        form=form,
        signup=signup,
        given_name=given_name[:80],
        number=number,
        number_hash=address_hash(Channel.SMS, number),
        topics=[[str(topic.id), words] for topic, words in ticked],
        ip=evidence.ip,
        user_agent=evidence.user_agent[:300],
        page=evidence.page[:300],
    )
    source_detail = form.headline
    for topic, words in ticked:
        request_consent(
            None, address=number, channel=Channel.SMS, topic=topic, wording=words, source="signup",
            source_detail=source_detail, request_id=asked.id, evidence=evidence, now=now,
        )  # fmt: skip
    if not live_suppressions(Channel.SMS, channel_hashes(Channel.SMS, [number])):
        topics = [topic for topic, _words in ticked]
        plan_system_text(CONFIRM, f"o:text:{asked.id}", number, topics=topics, expires_at=now + CONFIRM_WITHIN)
    return asked


@transaction.atomic
def confirm_texts(number: str, *, keyword: str, now: datetime | None = None) -> TextYes | None:
    """Let the newest request of a number count, now that the number itself said YES; None where nothing was asked.

    The person is known from now on, each ticked topic is a yes in writing, and the text that says thank you goes out.
    """
    now = now or clock.now()
    open_ones = TextSignup.objects.select_for_update(no_key=True, of=("self",)).filter(
        number_hash__in=address_hashes(Channel.SMS, number),
        state=TextSignup.State.REQUESTED,
        created_at__gt=now - CONFIRM_WITHIN,
    )
    asked = open_ones.select_related("form", "signup__contact").order_by("-id").first()
    if asked is None:
        return None
    source_detail = asked.form.headline if asked.form else _("An opt-in page")
    contact = _person_of(asked, source_detail, now)
    keep_number(contact, number, now=now)
    raise_to_prospect(contact, source_detail, now)
    wordings = {UUID(topic_id): words for topic_id, words in asked.topics}
    topics = Topic.objects.in_bulk(list(wordings))
    for topic_id, topic in topics.items():
        evidence = Evidence(ip=asked.ip, user_agent=asked.user_agent, page=asked.page, note=keyword)
        confirm_consent(
            contact, address=number, channel=Channel.SMS, topic=topic, wording=wordings[topic_id],
            source_detail=source_detail, request_id=asked.id, basis=Basis.EXPRESS_WRITTEN, evidence=evidence, now=now,
        )  # fmt: skip
    asked.state, asked.confirmed_at, asked.contact = TextSignup.State.CONFIRMED, now, contact
    asked.save(update_fields=["state", "confirmed_at", "contact", "updated_at"])
    said_yes_to = list(topics.values())
    plan_system_text(WELCOME, f"t:text_welcome:{asked.id}", number, topics=said_yes_to, contact=contact)
    return TextYes(contact, said_yes_to)


def plan_system_text(
    template: str,
    idem_key: str,
    number: str,
    *,
    topics: Sequence[Topic] = (),
    contact: Contact | None = None,
    expires_at: datetime | None = None,
) -> Message:
    """Plan one of the house's own texts, which leaves at once."""
    return plan_message(
        idem_key=idem_key,
        message_class=Message.MessageClass.TRANSACTIONAL,
        lane=Message.Lane.TEXT_NOW,
        template=template,
        contact=contact,
        topic=topics[0] if topics else None,
        address=number,
        address_hash=address_hash(Channel.SMS, number),
        merge={"promise": " ".join(_as_sentence(topic.promise) for topic in topics)},
        expires_at=expires_at,
    )


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _person_of(asked: TextSignup, source_detail: str, now: datetime) -> Contact:
    """Who filled in the page, where their mailbox said so already; else who has the number; else somebody new."""
    signup = asked.signup
    if signup is not None and signup.contact is not None and signup.contact.deleted_at is None:
        contact: Contact = signup.contact
        return contact
    holders = people_with_number(asked.number)
    if len(holders) == 1:
        return holders[0]
    details = ContactDetails(given_name=asked.given_name, phone=asked.number, source_detail=source_detail[:120])
    return add_contact(details, source=Contact.Source.SIGNUP, actor=None, now=now, actor_kind=StageChange.Actor.RULE)
