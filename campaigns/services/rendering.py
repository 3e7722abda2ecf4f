"""From a letter that was written to the bytes that leave: compiled once per version, prepared once per batch."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.gateways.base import OutgoingMessage
from campaigns.models import Content, ContentVersion, Link
from campaigns.queries.data_links import LINKS, data_url
from campaigns.queries.sender_domains import IS_PROVED_SQL, shared_address
from campaigns.queries.signups import confirm_url
from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.lint import lint_plan
from campaigns.rendering.messages import build
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preparing import PreparedLetter, SenderIdentity, prepare
from campaigns.rendering.system_letters import confirmation_plan, data_copy_plan, erasure_plan, receipt_plan
from campaigns.rendering.texts import compile_text, lint_text
from campaigns.services.delivery_claims import ClaimedMessage
from campaigns.services.measuring import NOTHING, Measuring
from contacts.models import Contact, Topic
from ecosystem.base.errors import Invalid
from ecosystem.base.sql import array_text, rows
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Business, BusinessProfile, LegalText, Membership
from ecosystem.queries.brand import mark_url
from ecosystem.queries.legal_texts import legal_url

SYSTEM_PLANS = {
    "confirm_signup": confirmation_plan,
    "receipt": receipt_plan,
    "data_copy": data_copy_plan,
    "confirm_erasure": erasure_plan,
}
MOST_PREPARED = 200

# Asked once for every hundred letters: three queries of the ORM would cost a fifth of what a letter costs.
_SENDER = f"""
SELECT {IS_PROVED_SQL} AS is_proved,
       business.name AS business_name, profile.id, profile.language, profile.postal_address, profile.sender_name,
       profile.sender_email, profile.reply_to_email, profile.core_message, profile.town, profile.mark_key,
       profile.privacy_number, profile.terms_number, profile.follows_links, profile.sees_opens,
       business.slug AS business_slug,
       CASE WHEN profile.follows_links OR profile.sees_opens THEN ARRAY (
                SELECT message.id::text FROM campaigns_message AS message
                  JOIN contacts_contact AS person
                    ON person.business_id = %(business_id)s AND person.id = message.contact_id
                 WHERE message.business_id = %(business_id)s AND message.id = ANY (%(ids)s::uuid[])
                   AND person.is_unmeasured) ELSE '{{}}' END AS unmeasured,
       (SELECT coalesce(json_agg(json_build_object('id', topic.id, 'name', topic.name, 'promise', topic.promise)), '[]')
          FROM contacts_topic AS topic
         WHERE topic.business_id = %(business_id)s AND topic.id = ANY (%(topic_ids)s::uuid[]))::text AS topics
  FROM ecosystem_business AS business
  JOIN ecosystem_businessprofile AS profile ON profile.business_id = business.id
 WHERE business.id = %(business_id)s"""  # noqa: S608

_prepared: dict[tuple[object, ...], PreparedLetter] = {}


@transaction.atomic
def compile_content(content: Content, *, topic: Topic, made_by: Membership | None = None) -> ContentVersion:
    """The letter as it stands, compiled to a version that never changes; unchanged it is the version there was.

    Raises Invalid with a plain sentence and the field where the letter cannot be sent as it is.
    """
    content = Content.objects.select_for_update().get(id=content.id)
    profile = BusinessProfile.objects.get()
    letter = Letter(
        subject=content.subject,
        body=content.body,
        preheader=content.preheader,
        button_label=content.button_label,
        button_url=content.button_url,
    )
    if content.is_text:
        return _keep_version(content, made_by, text_body=_checked_text(content, profile, topic))
    if not content.subject.strip() or not content.body.strip():
        raise Invalid("letter_empty", _("This letter has no subject or no words yet."), field="body")
    plan = compile_letter(letter, message_class=topic.message_class, language=profile.language)
    for finding in lint_plan(plan, sender_identity(profile, topics=[topic]).values()):
        if finding.is_blocking:
            raise Invalid(finding.code, finding.message, field=finding.field)
    text_body = _checked_text(content, profile, topic) if content.offers_both else ""
    words = {"subject": content.subject, "preheader": content.preheader, "body": content.body}
    return _keep_version(content, made_by, plan=plan, text_body=text_body, **words)


def _keep_version(
    content: Content, made_by: Membership | None, *, plan: RenderPlan | None = None, text_body: str = "", **words: str
) -> ContentVersion:
    """The newest version where it prints the same, or a new one with its links."""
    plan_hash = plan.hash if plan and not text_body else _hash_with_text(plan, text_body)
    newest = content.versions.order_by("-number").first()
    if newest is not None and newest.plan_hash == plan_hash:
        return newest
    version = ContentVersion.objects.create(
        content=content,
        number=newest.number + 1 if newest else 1,
        plan=plan.as_json() if plan else {},
        plan_hash=plan_hash,
        text_body=text_body,
        made_by=made_by,
        **words,
    )
    links = plan.links if plan else ()
    Link.objects.bulk_create(
        [Link(content_version=version, number=number, url=url) for number, url in enumerate(links, 1)]
    )
    return version


def _hash_with_text(plan: RenderPlan | None, text_body: str) -> str:
    return hashlib.sha256(f"{plan.hash if plan else ''}\n{text_body}".encode()).hexdigest()


def _checked_text(content: Content, profile: BusinessProfile, topic: Topic) -> str:
    """The words of a text as they are kept. Raises Invalid where they cannot be sent as they are."""
    parts = compile_text(content.text_body, profile.language)
    for finding in lint_text(parts, sender_identity(profile, topics=[topic]).values()):
        raise Invalid(finding.code, finding.message, field=finding.field)
    return content.text_body.strip()


def sender_identity(
    profile: BusinessProfile,
    *,
    topics: Iterable[Topic] = (),
    is_asked: bool = False,
    is_proved: bool = False,
    business: Business | None = None,
) -> SenderIdentity:
    """Who writes for the current business, and why people get the letter.

    Without a proof of its domain (`is_proved`) it writes from the shared address, and answers go to its own.
    `is_asked` is for the letter that asks for a yes; the others name the topics that were said yes to.
    """
    business = business or Business.objects.get(pk=current_business_id())
    topics = list(topics)
    names = ", ".join(topic.name for topic in topics)
    reason = _reason(profile.language, business.name, "" if is_asked else names)
    own_address = profile.sender_email if is_proved else ""
    return SenderIdentity(
        business_id=business.pk,
        business_name=business.name,
        postal_address=profile.postal_address,
        from_name=profile.sender_name or business.name,
        from_address=own_address or shared_address(),
        reason=reason,
        reply_to=profile.reply_to_email or ("" if own_address else profile.sender_email),
        constants={
            "business.core_message": profile.core_message,
            "business.town": profile.town,
            **_legal_constants(business, profile),
            "business.mark_url": mark_url(business.slug, profile.mark_key),
            "topic.name": names,
            "topic.promise": " ".join(topic.promise for topic in topics),
        },
    )


def _legal_constants(business: Business, profile: BusinessProfile) -> dict[str, str]:
    """Where the privacy notice and the terms stand, and what they are called in the business's language."""
    numbers = {LegalText.Kind.PRIVACY: profile.privacy_number, LegalText.Kind.TERMS: profile.terms_number}
    found: dict[str, str] = {}
    with translation.override(profile.language):
        for kind, number in numbers.items():
            found |= {f"{kind}.url": legal_url(business.slug, kind, number), f"{kind}.label": str(kind.label)}
    return found


def _reason(language: str, business_name: str, topic_names: str) -> str:
    """Why somebody gets a letter: they said yes, or their address was entered here."""
    with translation.override(language):
        if topic_names:
            return _("You get this because you said yes to %(topics)s.") % {"topics": topic_names}
        return _("You get this because this address was entered at %(business)s.") % {"business": business_name}


@dataclass(frozen=True)
class LetterPress:
    """Everything that the letters of one batch are printed from; asks the database nothing more."""

    business_id: int
    sender: SenderIdentity
    language: str
    letters: Mapping[tuple[str | None, str | None, Measuring], PreparedLetter]
    measuring: Measuring
    unmeasured: frozenset[str]

    def make(self, message: ClaimedMessage, now: datetime) -> OutgoingMessage:
        """The bytes of one message. Raises Invalid, RenderTooLarge, or KeyError where its letter is gone."""
        if message.content_version_id is None:
            prepared = self._system_letter(message)
        else:
            measuring = NOTHING if message.key in self.unmeasured else self.measuring
            prepared = self.letters[message.content_version_id, message.topic_id, measuring]
        body = build(prepared, message_id=message.id, to=message.address, merge=self._merge(message), now=now)
        return OutgoingMessage(message.id, prepared.envelope_from, message.address, body, has_dots=False)

    def _system_letter(self, message: ClaimedMessage) -> PreparedLetter:
        """A letter of our own: it says the topics that its own person was asked about."""
        topics = message.merge.get("topics") or []
        constants = {
            "topic.name": ", ".join(topic["name"] for topic in topics),
            "topic.promise": " ".join(topic["promise"] for topic in topics),
        }
        sender = replace(self.sender, constants={**self.sender.constants, **constants})
        if message.template == "receipt":
            reason = _reason(self.language, self.sender.business_name, constants["topic.name"])
            sender = replace(sender, reason=reason)
        key = (self.business_id, message.template, self.language, *_values(sender))
        return _prepared.get(key) or _prepare(key, SYSTEM_PLANS[message.template](self.language), sender, Measuring())

    def _merge(self, message: ClaimedMessage) -> dict[str, str]:
        if not message.template:
            return message.merge
        merge = {name: value for name, value in message.merge.items() if isinstance(value, str)}
        merge["contact.first_name"] = merge.get("given_name", "")
        if message.signup_id is not None and message.template == "confirm_signup":
            merge["action.url"] = confirm_url(self.business_id, UUID(message.signup_id))
        if message.template in LINKS:
            merge["action.url"] = data_url(message.template, self.business_id, UUID(merge["request_id"]))
        return merge


def open_press(messages: Iterable[ClaimedMessage]) -> LetterPress:
    """Read once what a batch of messages of the current business is printed from."""
    business_id = current_business_id()
    letters = [one for one in messages if one.content_version_id is not None]
    topic_ids = {one.topic_id for one in letters if one.topic_id is not None}
    given = {"topic_ids": array_text(list(topic_ids)), "ids": array_text([one.key for one in letters])}
    facts = rows(_SENDER, given, prepared="sender_of_letters")[0]
    business = Business(pk=business_id, name=facts.pop("business_name"), slug=facts.pop("business_slug"))
    is_proved = facts.pop("is_proved")
    topics = {topic["id"]: Topic(**topic) for topic in orjson.loads(facts.pop("topics"))}
    unmeasured = frozenset(facts.pop("unmeasured"))
    profile = BusinessProfile(**facts)
    measuring = Measuring(profile.follows_links, profile.sees_opens)
    wanted = {
        (one.content_version_id, one.topic_id, NOTHING if one.key in unmeasured else measuring) for one in letters
    }
    found: dict[tuple[str | None, str | None, Measuring], PreparedLetter] = {}
    missing: dict[tuple[str | None, str | None, Measuring], tuple[tuple[object, ...], SenderIdentity]] = {}
    for version_id, topic_id, measured in wanted:
        said_yes_to = [topics[topic_id]] if topic_id in topics else []
        sender = sender_identity(profile, topics=said_yes_to, business=business, is_proved=is_proved)
        key = (business_id, version_id, measured, *_values(sender))
        if key in _prepared:
            found[version_id, topic_id, measured] = _prepared[key]
        else:
            missing[version_id, topic_id, measured] = (key, sender)
    plans = ContentVersion.objects.only("plan").filter(id__in={version_id for version_id, *_ in missing})
    versions = {str(version.id): version for version in plans} if missing else {}
    for wanted_as, (key, sender) in missing.items():
        if wanted_as[0] in versions:
            plan = RenderPlan.from_json(versions[wanted_as[0]].plan)
            found[wanted_as] = _prepare(key, plan, sender, wanted_as[2])
    asking = sender_identity(profile, is_asked=True, business=business, is_proved=is_proved)
    return LetterPress(business_id, asking, profile.language, found, measuring, unmeasured)


def _prepare(key: tuple[object, ...], plan: RenderPlan, sender: SenderIdentity, measuring: Measuring) -> PreparedLetter:
    """Prepare a letter and remember it under everything it was made from."""
    if len(_prepared) >= MOST_PREPARED:
        _prepared.clear()
    _prepared[key] = prepare(
        plan,
        sender,
        public_url=settings.PUBLIC_URL,
        is_tracked=measuring.follows_links,
        has_pixel=measuring.sees_opens,
    )
    return _prepared[key]


def _values(sender: SenderIdentity) -> list[object]:
    """All of a sender's values, in one order: whoever changes a name gets newly prepared letters."""
    own = [getattr(sender, name) for name in sender.__slots__ if name != "constants"]
    return [*own, *sorted(sender.constants.items())]


def merge_of_contact(contact: Contact) -> dict[str, str]:
    """What is printed of a person, kept with the message so that it can be told later what they got."""
    values = {
        "contact.first_name": contact.given_name,
        "contact.last_name": contact.family_name,
        "contact.full_name": contact.display_name,
    }
    return {name: value for name, value in values.items() if value}
