"""From a typed address to a confirmed yes: the request, the one letter, the confirmation, the purge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Message, Signup, SignupForm, SignupFormTopic, TextSignup
from campaigns.queries.signups import ASKED, CONFIRM_WITHIN, CONFIRMED, is_confirmable, topics_of
from campaigns.services.messages import plan_message
from campaigns.services.signup_purge import KEEP_UNCONFIRMED, PURGE_QUEUE
from contacts.models import Channel, Contact, ContactPoint, Stage, StageChange, Suppression, Topic
from contacts.queries.consent import channel_hashes, find_state, is_suppressed, last_request, live_suppressions
from contacts.queries.contacts import find_contact_by_email
from contacts.services.consent import confirm_consent, request_consent
from contacts.services.consent_ledger import NO_EVIDENCE, Evidence
from contacts.services.contacts import ContactDetails, add_contact, restore_contact
from contacts.services.points import EmailTaken
from contacts.services.stages import change_stage
from ecosystem.base import clock
from ecosystem.base.addresses import address_hash
from ecosystem.base.errors import Conflict, Invalid, LimitReached, NotAllowed
from ecosystem.base.ids import uuid7
from ecosystem.base.ratelimit import take
from ecosystem.models import Membership
from ecosystem.queries.businesses import get_profile
from ecosystem.queries.legal_texts import shown_with_a_yes
from ecosystem.services.agenda import note_work
from ecosystem.services.tallies import count

LETTERS_PER_ADDRESS, ADDRESS_WINDOW = 3, 24 * 3600
ASK_AGAIN_DAYS = 30
# To these nothing is sent even when they ask: the mailbox does not exist, or its owner called us unwanted.
_NEVER = {Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED}
_BELOW_PROSPECT = {Stage.SUSPECT, Stage.ONLINE_USER}


@dataclass(frozen=True)
class Confirmation:
    """What a confirmation made: the person, what they said yes to, and whether it happened only now."""

    signup: Signup
    contact: Contact | None
    topics: Sequence[Topic]
    is_new: bool
    receipt: Message | None = None


@transaction.atomic
def request_signup(
    form: SignupForm,
    *,
    email: str,
    given_name: str,
    boxes: Sequence[SignupFormTopic],
    signup_id: UUID,
    evidence: Evidence,
    now: datetime | None = None,
) -> Signup | None:
    """Keep what somebody sent by an opt-in page and plan the one letter that asks them to confirm.

    Nobody becomes a contact by this, since anybody can type an address. At most three such letters go to one
    address in a day, whichever businesses ask; beyond that nothing happens and None is returned.
    """
    if not take(("confirmation_letter", email), LETTERS_PER_ADDRESS, ADDRESS_WINDOW):
        return None
    now = now or clock.now()
    beside = shown_with_a_yes(get_profile())
    ticked = [(box.topic, f"{box.wording}\n{box.topic.promise}\n{beside}".rstrip("\n")) for box in boxes]
    signup = _keep_signup(signup_id, form=form, email=email, given_name=given_name, ticked=ticked, evidence=evidence)
    for topic, wording in ticked:
        request_consent(
            None, address=email, channel=Channel.EMAIL, topic=topic, wording=wording, source="signup",
            source_detail=form.headline, request_id=signup.id, evidence=evidence, now=now,
        )  # fmt: skip
    reasons = {stop.reason for stop in live_suppressions(Channel.EMAIL, channel_hashes(Channel.EMAIL, [email]))}
    if not reasons & _NEVER:
        _plan_confirmation(signup, [topic for topic, _wording in ticked], now)
    count(ASKED, form.id.hex)
    return signup


@transaction.atomic
def ask_for_consent(contact: Contact, *, topic: Topic, actor: Membership, now: datetime | None = None) -> Signup:
    """Send a contact the one letter that asks for their yes, on behalf of somebody of the team.

    NotAllowed where they said no, or the team marked them; Conflict while an asking is younger than 30 days.
    """
    now = now or clock.now()
    contact = Contact.objects.select_for_update(no_key=True).get(id=contact.id)
    email = contact.primary_email
    if not email or contact.deleted_at is not None:
        raise Invalid("no_address", gettext_lazy("Add an email address first."), field="email")
    if contact.do_not_contact:
        raise NotAllowed("do_not_contact", gettext_lazy("The team marked this person “do not contact”."))
    state = find_state(contact, channel=Channel.EMAIL, topic=topic)
    said_no = state is not None and state.state == state.State.WITHDRAWN
    if said_no or is_suppressed(Channel.EMAIL, channel_hashes(Channel.EMAIL, [email]), topic=topic):
        raise NotAllowed("said_no", gettext_lazy("They said stop. They can come back by an opt-in page, if they like."))
    asked = last_request(contact, channel=Channel.EMAIL, topic=topic)
    if asked is not None and asked.occurred_at > now - timedelta(days=ASK_AGAIN_DAYS):
        raise Conflict("asked_already", gettext_lazy("They were asked less than 30 days ago. Give them time."))
    if not take(("confirmation_letter", email), LETTERS_PER_ADDRESS, ADDRESS_WINDOW):
        raise LimitReached("address_limit", gettext_lazy("This address got three such letters today. Ask tomorrow."))
    wording = f"{topic.name}\n{topic.promise}\n{shown_with_a_yes(get_profile())}".rstrip("\n")
    signup = _keep_signup(
        uuid7(), form=None, email=email, given_name=contact.given_name, ticked=[(topic, wording)], evidence=NO_EVIDENCE
    )
    request_consent(
        contact, address=email, channel=Channel.EMAIL, topic=topic, wording=wording, source="staff",
        source_detail=_("Asked by the team"), actor=actor, request_id=signup.id, now=now,
    )  # fmt: skip
    _plan_confirmation(signup, [topic], now)
    return signup


@transaction.atomic
def confirm_signup(signup_id: UUID, *, evidence: Evidence, now: datetime | None = None) -> Confirmation | None:
    """Let a submission count: the person is known from now on, each ticked topic is a yes, a receipt goes out.

    Confirming twice changes nothing, also when they have left since. None when the submission was purged or its
    seven days are over.
    """
    now = now or clock.now()
    signup = Signup.objects.select_for_update(no_key=True).filter(id=signup_id).first()
    if signup is None or not is_confirmable(signup, now=now):
        return None
    ticked = topics_of(signup)
    topics = [topic for topic, _wording in ticked]
    if signup.state == Signup.State.CONFIRMED:
        return Confirmation(signup, signup.contact, topics, is_new=False)
    source_detail = signup.form.headline if signup.form else _("Asked by the team")
    contact = _person_of(signup, source_detail, now)
    ContactPoint.objects.filter(contact=contact, kind=ContactPoint.Kind.EMAIL, value_norm=signup.email).update(
        verified_at=now, bounced_at=None, updated_at=now
    )
    raise_to_prospect(contact, source_detail, now)
    signup.state, signup.confirmed_at, signup.contact = Signup.State.CONFIRMED, now, contact
    signup.save(update_fields=["state", "confirmed_at", "contact", "updated_at"])
    for topic, wording in ticked:
        confirm_consent(
            contact, address=signup.email, channel=Channel.EMAIL, topic=topic, wording=wording,
            source_detail=source_detail, request_id=signup.id, evidence=evidence, now=now,
        )  # fmt: skip
    if signup.form_id is not None:
        count(CONFIRMED, signup.form_id.hex)
    receipt = _plan(signup, topics, f"t:receipt:{signup.id}", "receipt", contact=contact) if topics else None
    return Confirmation(signup, contact, topics, is_new=True, receipt=receipt)


def _keep_signup(
    signup_id: UUID,
    *,
    form: SignupForm | None,
    email: str,
    given_name: str,
    ticked: Sequence[tuple[Topic, str]],
    evidence: Evidence,
) -> Signup:
    note_work(PURGE_QUEUE, clock.now() + KEEP_UNCONFIRMED)
    return Signup.objects.create(
        id=signup_id, form=form, email=email, given_name=given_name[:80],
        address_hash=address_hash(Channel.EMAIL, email), topics=[[str(topic.id), words] for topic, words in ticked],
        ip=evidence.ip, user_agent=evidence.user_agent[:300], page=evidence.page[:300],
    )  # fmt: skip


def _plan_confirmation(signup: Signup, topics: Sequence[Topic], now: datetime) -> None:
    expires_at = now + CONFIRM_WITHIN
    _plan(signup, topics, f"o:{signup.id}", "confirm_signup", expires_at=expires_at)


def _plan(
    signup: Signup,
    topics: Sequence[Topic],
    idem_key: str,
    template: str,
    *,
    contact: Contact | None = None,
    expires_at: datetime | None = None,
) -> Message:
    return plan_message(
        idem_key=idem_key,
        message_class=Message.MessageClass.TRANSACTIONAL,
        lane=Message.Lane.TRANSACTIONAL,
        template=template,
        contact=contact,
        signup=signup,
        topic=topics[0],
        address=signup.email,
        address_hash=signup.address_hash,
        merge={
            "given_name": signup.given_name,
            "topics": [{"name": topic.name, "promise": _as_sentence(topic.promise)} for topic in topics],
        },
        expires_at=expires_at,
    )


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _person_of(signup: Signup, source_detail: str, now: datetime) -> Contact:
    """The person whose mailbox this is: known already, brought back, or new."""
    contact = find_contact_by_email(signup.email) or _person_of_number(signup)
    if contact is None:
        contact = _add_person(signup, source_detail, now)
    if contact.deleted_at is not None:
        restore_contact(contact, actor=None, now=now)
        contact.refresh_from_db()
    return contact


def _person_of_number(signup: Signup) -> Contact | None:
    """Who said YES from the number on the same page before they opened their mail, with the address added."""
    asked = TextSignup.objects.select_related("contact").filter(signup=signup, contact__isnull=False).first()
    if asked is None or asked.contact is None or asked.contact.primary_email or asked.contact.deleted_at is not None:
        return None
    ContactPoint.objects.create(
        contact=asked.contact, kind="email", value=signup.email, value_norm=signup.email, is_primary=True
    )
    asked.contact.primary_email = signup.email
    asked.contact.save(update_fields=["primary_email", "updated_at"])
    contact: Contact = asked.contact
    return contact


def _add_person(signup: Signup, source_detail: str, now: datetime) -> Contact:
    details = ContactDetails(given_name=signup.given_name, email=signup.email, source_detail=source_detail[:120])
    try:
        return add_contact(
            details, source=Contact.Source.SIGNUP, actor=None, now=now, actor_kind=StageChange.Actor.RULE
        )
    except EmailTaken as taken:
        if taken.contact is not None:
            return taken.contact
    # A firm's own address: from now on it is shared by the firm and the person who reads it.
    firms = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value_norm=signup.email)
    firms.filter(organization__isnull=False).update(is_shared=True, updated_at=now)
    return add_contact(details, source=Contact.Source.SIGNUP, actor=None, now=now, actor_kind=StageChange.Actor.RULE)


def raise_to_prospect(contact: Contact, source_detail: str, now: datetime) -> None:
    """Who let us follow them home is a prospect. Who stands higher, or only beside the ladder, stays."""
    stands_beside = contact.stage is None and contact.roles.filter(ended_at=None).exists()
    if stands_beside or (contact.stage is not None and contact.stage not in _BELOW_PROSPECT):
        return
    reason = _("Said yes on “%(page)s” and confirmed it") % {"page": source_detail}
    change_stage(contact, Stage.PROSPECT, actor=None, reason=reason, now=now, actor_kind=StageChange.Actor.RULE)
