"""Writing letters: kept, changed, put away, tried out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.models import Content, ContentVersion, Message
from campaigns.queries.contents import sequences_of, topic_of_letter
from campaigns.queries.texts import has_text_account
from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.lint import Finding, lint_plan
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preview import Preview, render_preview
from campaigns.rendering.texts import compile_text
from campaigns.services.messages import plan_message
from campaigns.services.rendering import compile_content, sender_identity
from contacts.models import Channel, Topic
from contacts.queries.consent import live_suppressions
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash, address_hashes, normalise_email, normalise_phone
from ecosystem.base.errors import Conflict, Invalid, LimitReached, NotAllowed
from ecosystem.base.ids import uuid7
from ecosystem.base.ratelimit import take
from ecosystem.models import BusinessProfile, Membership
from ecosystem.queries.businesses import get_profile
from ecosystem.services.audit import record_act
from ecosystem.services.once import made_before

TESTS_AN_HOUR = 30
TESTS_TO_A_NUMBER = 5


@dataclass(frozen=True)
class LetterWords:
    """What the team writes, and the name it knows the letter by."""

    name: str
    subject: str = ""
    preheader: str = ""
    body: str = ""
    button_label: str = ""
    button_url: str = ""
    text_body: str = ""

    def letter(self) -> Letter:
        """The words that people get."""
        return Letter(self.subject, self.body, self.preheader, self.button_label, self.button_url)


@dataclass(frozen=True)
class LetterReport:
    """How a letter stands: what it compiles to, if it does, and everything there is to say about it."""

    plan: RenderPlan | None
    findings: list[Finding]
    constants: Mapping[str, str]

    @property
    def sender_name(self) -> str:
        return self.constants.get("sender.name", "")

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_blocking]

    @property
    def hints(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.is_blocking]

    def preview(self, merge: Mapping[str, str]) -> Preview | None:
        """One person's copy, or None where the letter cannot be sent, to nobody or not to this person."""
        try:
            return render_preview(self.plan, self.constants, merge) if self.plan else None
        except RenderTooLarge:
            return None


@transaction.atomic
def add_content(
    words: LetterWords,
    *,
    kind: str = Content.Kind.LETTER,
    content_id: UUID | None = None,
    actor: Membership | None = None,
) -> Content:
    """Begin a letter or a text. It may still lack words; what it says must make sense. Raises Invalid.

    `content_id` is the id it will have: the same one again (a second click) returns the first.
    """
    _refuse_nonsense(words)
    if standing := made_before(Content, content_id):
        return standing
    content = Content.objects.create(id=content_id or uuid7(), kind=Content.Kind(kind), **vars(words))
    record_act("letter_added", actor=actor, subject=content)
    return content


@transaction.atomic
def edit_content(content: Content, words: LetterWords, *, version: int, actor: Membership | None = None) -> Content:
    """Word a letter anew. Sequences send what was published until they are published again.

    Raises Invalid for words that make no sense, Conflict when somebody else changed the letter in between.
    """
    _refuse_nonsense(words)
    held = Content.objects.select_for_update(no_key=True).get(id=content.id)
    if held.version != version:
        raise Conflict("letter_changed", _("Somebody else changed this letter just now. Both are shown below."))
    if words == words_of(held):
        return held
    for name, value in vars(words).items():
        setattr(held, name, value)
    held.version += 1
    held.save()
    record_act("letter_edited", actor=actor, subject=held)
    return held


@transaction.atomic
def archive_content(content: Content, *, actor: Membership | None = None, now: datetime | None = None) -> Content:
    """Put a letter away. Conflict while a sequence sends it."""
    used = sequences_of([content.id]).get(content.id)
    if used:
        sentence = _("“%(sequence)s” sends this letter. Take it out there first.") % {"sequence": used[0].name}
        raise Conflict("letter_in_use", sentence)
    return _archive(content, now or clock.now(), "letter_archived", actor)


@transaction.atomic
def restore_content(content: Content, *, actor: Membership | None = None) -> Content:
    """Take a letter out of the drawer again."""
    return _archive(content, None, "letter_restored", actor)


def read_content(content: Content, profile: BusinessProfile | None = None) -> LetterReport:
    """How a letter stands now, for the sender and the address as they are now (read unless they were before)."""
    profile = profile or get_profile()
    constants = sender_identity(profile, topics=topic_of_letter(content.id)).values()
    missing = []
    if not content.subject.strip():
        sentence = _("It has no subject yet: that is what people see first.")
        missing.append(Finding("subject_missing", sentence, is_blocking=True, field="subject"))
    if not content.body.strip():
        missing.append(Finding("body_missing", _("It has no words yet."), is_blocking=True, field="body"))
    if missing:
        return LetterReport(None, missing, constants)
    try:
        plan = compile_letter(words_of(content).letter(), language=profile.language)
    except Invalid as problem:
        return LetterReport(
            None, [Finding(problem.code, str(problem), is_blocking=True, field=problem.field)], constants
        )
    return LetterReport(plan, lint_plan(plan, constants), constants)


def send_test(content: Content, *, to: Membership, merge: Mapping[str, str]) -> Message:
    """Send one copy to a member's own address, as `merge` says it would read for somebody.

    It goes the way of all letters, marked as a test: it counts nowhere, needs no yes and uses up no promise. Raises
    Invalid where the letter cannot be sent as it is, LimitReached after 30 in an hour.
    """
    topic, version = _compile_for_test(content, to)
    address = normalise_email(to.user.email)
    message = plan_message(
        idem_key=f"test:{uuid7()}",
        message_class=topic.message_class,
        lane=Message.Lane.TRANSACTIONAL,
        content_version=version,
        topic=topic,
        address=address,
        address_hash=address_hash("email", address),
        merge=merge,
        is_test=True,
    )
    record_act("letter_tested", actor=to, subject=content)
    return message


def send_text_test(content: Content, *, number: str, to: Membership, merge: Mapping[str, str]) -> Message:
    """Send one copy of the text to the number that a member names as their own.

    As with letters it counts nowhere. Raises Invalid where it cannot be sent as it is or the number is none,
    NotAllowed where that number said stop, LimitReached after 30 in an hour or 5 a day to a number.
    """
    if not has_text_account():
        raise Invalid("no_text_account", _("No provider of texts is set up here yet."))
    address = normalise_phone(number, get_profile().country)
    hashes = address_hashes(Channel.SMS, address)
    if live_suppressions(Channel.SMS, hashes):
        raise NotAllowed("said_no", _("This number said stop. It opens again by texting START."))
    topic, version = _compile_for_test(content, to)
    if not version.text_body:
        raise Invalid("text_missing", _("Write something: the text is still empty."), field="text_body")
    if not take(("text_test", address), TESTS_TO_A_NUMBER, 24 * 3600):
        raise LimitReached("too_many_tests", _("This number got five tests today. Try again tomorrow."))
    message = plan_message(
        idem_key=f"test:{uuid7()}",
        message_class=topic.message_class,
        lane=Message.Lane.TEXT_NOW,
        content_version=version,
        topic=topic,
        address=address,
        address_hash=hashes[0],
        merge=merge,
        is_test=True,
    )
    record_act("letter_tested", actor=to, subject=content)
    return message


def _compile_for_test(content: Content, to: Membership) -> tuple[Topic, ContentVersion]:
    topics = topic_of_letter(content.id)
    if not topics:
        raise Invalid("topic_missing", _("First make a topic: what people can say yes to. A letter names it."))
    version = compile_content(content, topic=topics[0], made_by=to)
    if not take(("letter_test", to.id), TESTS_AN_HOUR, 3600):
        raise LimitReached("too_many_tests", _("That were many tests. Wait an hour, then go on."))
    return topics[0], version


def words_of(content: Content) -> LetterWords:
    """The words of a letter that is kept."""
    return LetterWords(**{name: getattr(content, name) for name in LetterWords.__dataclass_fields__})


def _refuse_nonsense(words: LetterWords) -> None:
    """Compile what is there; a subject or a body that is still missing is no fault of a draft."""
    letter = words.letter()
    compile_letter(
        Letter(
            subject=letter.subject if letter.subject.strip() else "-",
            body=letter.body if letter.body.strip() else "-",
            preheader=letter.preheader,
            button_label=letter.button_label,
            button_url=letter.button_url,
        )
    )
    if words.text_body.strip():
        compile_text(words.text_body)


def _archive(content: Content, at: datetime | None, act: str, actor: Membership | None) -> Content:
    held = Content.objects.select_for_update(no_key=True).get(id=content.id)
    if (held.archived_at is None) != (at is None):
        held.archived_at = at
        held.save(update_fields=["archived_at", "updated_at"])
        record_act(act, actor=actor, subject=held)
    return held
