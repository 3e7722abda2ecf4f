"""Two businesses with one of everything, each text marked: a trace of one in the other is seen from outside."""

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from PIL import Image

from campaigns.models import (
    AddressTrouble,
    ChannelRule,
    Content,
    DailySends,
    Message,
    MessageClaim,
    Pressure,
    ProviderEvent,
    QueuedMessage,
    SenderDomain,
    TextSender,
    TrackingEvent,
)
from campaigns.queries.accounts import Account, account_for
from campaigns.services.account_suspensions import suspend_account
from campaigns.services.accounts import add_account
from campaigns.services.advancing import advance
from campaigns.services.enrollments import enroll_contact
from campaigns.services.incoming_texts import hear_text
from campaigns.services.sequence_steps import add_letter, add_wait
from campaigns.services.sequences import create_sequence, start_sequence
from campaigns.services.signup_forms import FormWords, add_signup_form, publish_signup_form
from campaigns.services.signups import request_signup
from campaigns.services.text_signups import request_texts
from campaigns.services.trigger_starts import START_ON_YES
from contacts.models import (
    Channel,
    ContactPoint,
    DataRequest,
    DuplicateCandidate,
    ImportChange,
    ImportCheck,
    ImportProblem,
    Suppression,
)
from contacts.queries.people_filter import PeopleFilter
from contacts.services.bulk import edit_chosen, edit_matching
from contacts.services.consent import grant_consent, withdraw_consent
from contacts.services.consent_ledger import NO_EVIDENCE
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.data_requests import ask_for_copy, ask_for_erasure
from contacts.services.exports import ask_for_people, work_export
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from contacts.services.interactions import log_talk
from contacts.services.merging import merge_contacts
from contacts.services.next_steps import NONE_YET, set_next_step
from contacts.services.notes import add_note
from contacts.services.organizations import add_organization, affiliate
from contacts.services.people_views import keep_view
from contacts.services.roles import assign_role
from contacts.services.stages import change_stage
from contacts.services.suppression import suppress_address
from contacts.services.topics import add_topic
from ecosystem.base.access import Role
from ecosystem.base.addresses import address_hashes
from ecosystem.base.ids import uuid7
from ecosystem.base.sealing import seal
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.days import business_day
from ecosystem.models import (
    ApiKey,
    Business,
    BusinessProfile,
    HealthSnapshot,
    IdempotencyKey,
    Kind,
    LegalText,
    Membership,
    OutboxEntry,
    PermissionSnapshot,
    User,
)
from ecosystem.notices import Pace
from ecosystem.queries.businesses import get_profile
from ecosystem.scopes import Scope
from ecosystem.services.api_keys import make_api_key
from ecosystem.services.audit_chain import seal_audit
from ecosystem.services.brand import keep_image
from ecosystem.services.businesses import create_business
from ecosystem.services.heartbeat import doubt_business, last_absence, look_around
from ecosystem.services.invitations import invite
from ecosystem.services.legal_texts import publish_legal_text
from ecosystem.services.memberships import add_membership
from ecosystem.services.notices import choose_paces, tell
from ecosystem.services.sending import resume_all_sending, stop_all_sending

FAR_AWAY = timedelta(days=36_500)
MARKERS = ("ZZTENANTA-", "ZZTENANTB-")
NUMBERS = {"ZZTENANTA-": "+12025550141", "ZZTENANTB-": "+12025550142"}
PASSWORD = "two-walls-and-a-door"  # noqa: S105 - of two businesses that exist for looking at the wall


@dataclass(frozen=True)
class DemoTenant:
    """One of the two, with what is needed to knock at its doors."""

    marker: str
    business: Business
    owner: User
    staff: User
    helper: User
    api_key: str


def write_tenants() -> list[DemoTenant]:
    """Make both businesses, each whole or not at all."""
    return [_write_tenant(marker) for marker in MARKERS]


@transaction.atomic
def _write_tenant(marker: str) -> DemoTenant:
    name = marker.lower().rstrip("-")
    owner, staff, helper = (_user(marker, f"{name}-{role}") for role in ("owner", "staff", "helper"))
    business = create_business(owner=owner, name=f"{marker}Bakery", trade="food", town=f"{marker}Town")
    with business_scope(business, owner):
        made = SimpleNamespace(marker=marker, name=name, now=timezone.now(), actor=Membership.objects.get(user=owner))
        _describe(made)
        add_membership(staff, role=Role.STAFF)
        add_membership(helper, role=Role.HELPER)
        invite(email=f"{name}-invited@example.com", role=Role.STAFF, actor=made.actor)
        key = make_api_key(name=f"{marker}key", scopes=list(Scope), expires_at=None, actor=made.actor)
        _write_people(made)
        _write_permission(made)
        _write_texts(made)
        _write_letters(made)
        _write_wishes(made)
        _write_absence(made)
        _write_import(made)
        _write_export(made)
        _write_twins(made)
        _write_figures(made)
        tell("job_ended", [made.actor], key="demo", about=f"{marker}work")
        seal_audit(now=made.now + timedelta(hours=1))
        choose_paces(made.actor, {"job_ended": Pace.DAILY})
    return DemoTenant(marker, business, owner, staff, helper, key.text)


def _user(marker: str, name: str) -> User:
    user = User.objects.create_user(f"{name}@example.com", PASSWORD, name=f"{marker}{name}")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _describe(made: SimpleNamespace) -> None:
    picture = BytesIO()
    Image.new("RGB", (8, 8), "#7a3b12").save(picture, format="PNG")
    for kind in LegalText.Kind:
        publish_legal_text(kind, f"{made.marker}{kind}", after=0, actor=made.actor)
    made.image = keep_image(picture.getvalue())
    BusinessProfile.objects.update(
        core_message=f"{made.marker}message",
        core_unique=f"{made.marker}unique",
        core_audience=f"{made.marker}audience",
        sender_name=f"{made.marker}sender",
        sender_email=f"{made.name}@example.com",
        reply_to_email=f"{made.name}@example.com",
        postal_address=f"{made.marker}street\n10001 Town",
        setup_step=5,
    )


def _write_people(made: SimpleNamespace) -> None:
    details = ContactDetails(
        given_name=f"{made.marker}given", family_name=f"{made.marker}family", email=f"{made.name}-ana@example.com"
    )
    made.contact = add_contact(
        details, source="staff", actor=made.actor, now=made.now, stage="suspect", tags=[f"{made.marker}tag"]
    )
    change_stage(made.contact, "prospect", actor=made.actor, reason=f"{made.marker}reason", now=made.now)
    log_talk(made.contact, kind="call", occurred_at=made.now, actor=made.actor, now=made.now, said=f"{made.marker}said")
    add_note(made.contact, body=f"{made.marker}note", actor=made.actor, now=made.now)
    today = business_day(made.now, get_profile().timezone).today
    set_next_step(
        made.contact, what=f"{made.marker}step", due_on=today, assignee=made.actor, version=NONE_YET, now=made.now
    )
    organization = add_organization(name=f"{made.marker}firm", actor=made.actor, main_contact=made.contact)
    affiliate(made.contact, organization, title=f"{made.marker}title")
    assign_role("vendor", now=made.now, actor=made.actor, contact=made.contact, note=f"{made.marker}role")
    edit_chosen("owner", str(made.actor.pk), [made.contact.pk], actor=made.actor, now=made.now)
    edit_matching("owner", "", PeopleFilter(kind="prospect"), actor=made.actor, total=1)
    keep_view(PeopleFilter(kind="prospect"), name=f"{made.marker}view", for_team=False, actor=made.actor, now=made.now)


def _write_permission(made: SimpleNamespace) -> None:
    made.topic = add_topic(
        name=f"{made.marker}topic", promise=f"{made.marker}promise", promised_count=2, promised_days=30
    )
    other = add_topic(name=f"{made.marker}other", promise=f"{made.marker}promise", promised_count=1, promised_days=30)
    said_on = business_day(made.now, get_profile().timezone).today
    for topic in (made.topic, other):
        grant_consent(
            made.contact,
            channel=Channel.EMAIL,
            topic=topic,
            actor=made.actor,
            source="paper",
            said_on=said_on,
            note=f"{made.marker}proof",
        )
    withdraw_consent(made.contact, channel=Channel.EMAIL, topic=other, source="staff", actor=made.actor)
    gone = address_hashes(Channel.EMAIL, f"{made.name}-gone@example.com")
    suppress_address(channel=Channel.EMAIL, hashes=gone, topic=None, reason=Suppression.Reason.MANUAL)
    words = FormWords(
        headline=f"{made.marker}headline",
        intro=f"{made.marker}intro",
        promise_no_abuse=f"{made.marker}never",
        promise_how_often=f"{made.marker}often",
        promise_how_to_leave=f"{made.marker}leave",
        thank_you=f"{made.marker}thanks",
    )
    form = add_signup_form(words, boxes={made.topic.id: f"{made.marker}wording"}, actor=made.actor)
    made.form = publish_signup_form(form, actor=made.actor)
    made.signup = request_signup(
        made.form,
        email=f"{made.name}-new@example.com",
        given_name=f"{made.marker}new",
        boxes=list(made.form.boxes.select_related("topic")),
        signup_id=uuid7(),
        evidence=NO_EVIDENCE,
    )


def _write_wishes(made: SimpleNamespace) -> None:
    """A copy of their data that is ready for them, and a wish to be forgotten that waits for their second word."""
    point = ContactPoint.objects.filter(contact=made.contact, kind=ContactPoint.Kind.EMAIL)
    point.update(verified_at=made.now)
    wish = ask_for_copy(made.contact, address=made.contact.primary_email)
    # Made by hand: what a copy reads is looked at elsewhere.
    DataRequest.objects.filter(id=wish.id).update(state=DataRequest.State.READY, sealed_copy=seal(made.marker.encode()))
    ask_for_erasure(made.contact, address=made.contact.primary_email)


def _write_texts(made: SimpleNamespace) -> None:
    TextSender.objects.create(
        brand=f"{made.marker}brand",
        terms_url=f"https://example.com/{made.name}/terms",
        privacy_url=f"https://example.com/{made.name}/privacy",
        help_line=f"{made.marker}help",
    )
    number, boxes = NUMBERS[made.marker], list(made.form.boxes.select_related("topic"))
    request_texts(
        made.form,
        signup=made.signup,
        number=number,
        boxes=boxes,
        evidence=NO_EVIDENCE,
    )
    hear_text(number=number, body=f"{made.marker}no more of this?", provider_id=f"{made.marker}incoming")
    # The number stopped itself by that; the request that it had made is written down once more.
    request_texts(
        made.form,
        signup=made.signup,
        number=number,
        boxes=boxes,
        evidence=NO_EVIDENCE,
    )


def _write_letters(made: SimpleNamespace) -> None:
    letter = Content.objects.create(
        name=f"{made.marker}letter",
        subject=f"{made.marker}subject",
        preheader=f"{made.marker}preheader",
        body=f"{made.marker}body with [a link](https://example.com/{made.name}).",
    )
    sequence = create_sequence(
        name=f"{made.marker}sequence", topic=made.topic, trigger="added_by_staff", actor=made.actor
    )
    add_letter(sequence, letter)
    add_wait(sequence, 86_400)
    add_letter(sequence, letter)
    made.sequence = start_sequence(sequence, actor=made.actor)
    enroll_contact(made.sequence, made.contact, source="added_by_staff")
    advance(timezone.now() + timedelta(seconds=1))
    message = Message.objects.filter(enrollment__isnull=False).first()
    if message is None:
        raise RuntimeError("The demo sequence planned no letter.")
    Message.objects.create(
        message_class=Message.MessageClass.RELATIONSHIP,
        lane=Message.Lane.SEQUENCE,
        idem_key=f"t:{made.marker}sent",
        contact=made.contact,
        topic=made.topic,
        content_version=message.content_version,
        address=message.address,
        address_hash=message.address_hash,
        state=Message.State.DELIVERED,
        accepted_at=made.now,
    )
    # In the hand of a worker for a hundred years: nobody else works on it.
    held = QueuedMessage.objects.get(id=message.id)
    claim = MessageClaim.objects.create(lane=held.lane, lease_until=made.now + FAR_AWAY, message_ids=[held.id])
    QueuedMessage.objects.filter(id=held.id).update(claim_token=claim.id)
    Pressure.objects.create(
        id=made.contact.id,
        taken_at=[made.now],
        channels=[Channel.EMAIL],
        topic_ids=[made.topic.id],
        message_ids=[message.id],
    )
    DailySends.objects.create(
        account_key=account_for(Channel.EMAIL).key, sent_on=business_day(made.now, "UTC").today, count=1
    )
    # Of an account that nobody sends by.
    suspend_account(Account(key=f"demo:{made.marker}", url="smtp://127.0.0.1:1"), words="535 5.7.8 not you")
    ChannelRule.objects.create(channel=Channel.SMS, most_count=2, most_days=7)
    TrackingEvent.objects.create(
        message=message, kind=TrackingEvent.Kind.OPENED, occurred_at=made.now, is_machine=True, machine_reason="demo"
    )
    SenderDomain.objects.create(domain=f"{made.marker.lower()}example.com", token="0" * 32, look_at=made.now)
    AddressTrouble.objects.create(address_hash=f"{made.marker}full", letters={"0" * 32: made.now.isoformat()})
    made.account = add_account(provider="mailgun", name=f"{made.marker}account", secret=f"{made.marker}secret")
    ProviderEvent.objects.create(
        account=made.account,
        event_id=f"{made.marker}event",
        kind=ProviderEvent.Kind.OPENED,
        occurred_at=made.now,
        look_at=made.now,
        worked_at=made.now,
    )


def _write_absence(made: SimpleNamespace) -> None:
    """A letter that was due while we were away and waits for a decision, and the absence that is to blame."""
    look_around(at_once=True)
    # The switch over all, tried and let go: nothing stays stopped.
    stop_all_sending(reason=f"{made.marker}stop")
    resume_all_sending()
    doubt_business(current_business_id(), since=made.now - timedelta(hours=3), evidence=f"{made.marker}absence")
    last = last_absence()
    BusinessProfile.objects.update(absence_held=last.number if last else 0)
    Message.objects.create(
        message_class=Message.MessageClass.MARKETING,
        lane=Message.Lane.SEQUENCE,
        idem_key=f"t:{made.marker}held",
        contact=made.contact,
        topic=made.topic,
        sequence=made.sequence,
        address=made.contact.primary_email,
        address_hash=address_hashes(Channel.EMAIL, made.contact.primary_email)[0],
        state=Message.State.PLANNED,
        reason="while_away",
    )


def _write_import(made: SimpleNamespace) -> None:
    content = f"Name,Email\n{made.marker}listed,{made.name}-listed@example.com\n{made.marker}broken,x@@y\n".encode()
    imported = upload_import(content, file_name=f"{made.marker}list.csv", uploaded_by=made.actor)
    map_import(imported.id, mapping=imported.mapping)
    permit_import(imported.id, rule="none", tags=[f"{made.marker}listed"])
    made.imported = start_import(imported.id, started_by=made.actor)
    ImportProblem.objects.create(
        imported=made.imported, line=4, row=[f"{made.marker}broken"], code="email_invalid", sentence=f"{made.marker}why"
    )
    ImportCheck.objects.create(imported=made.imported, job=made.imported.job, people_count=1, problem_count=1)
    ImportChange.objects.create(
        imported=made.imported, contact=made.contact, line=2, state=ImportChange.State.ASKED,
        after={"phone": [f"{made.marker}told", f"{made.marker}told"]},
    )  # fmt: skip


def _write_export(made: SimpleNamespace) -> None:
    export = ask_for_people("csv", PeopleFilter(), actor=made.actor, total=1)
    while work_export(export.business_id, export.job_id):
        pass


def _write_twins(made: SimpleNamespace) -> None:
    """Somebody who was here twice and is one, and a pair of whom nobody knows yet."""
    twins = [
        add_contact(
            ContactDetails(given_name=f"{made.marker}twin{number}"),
            source="staff", actor=made.actor, now=made.now, stage="prospect",
        )
        for number in range(3)
    ]  # fmt: skip
    first, second = sorted((twins[0].pk, twins[2].pk))
    merge_contacts(twins[0].pk, twins[1].pk, choices={}, actor=made.actor, now=made.now)
    DuplicateCandidate.objects.create(
        first_id=first, second_id=second, score=30, reasons=["same_name"], found_at=made.now
    )


def _write_figures(made: SimpleNamespace) -> None:
    HealthSnapshot.objects.create(
        kind=Kind.PROSPECT, on_date=made.now.date() - timedelta(days=1), people=1, taken_at=made.now
    )
    IdempotencyKey.objects.create(
        api_key=ApiKey.objects.get(),
        key=f"{made.marker}key",
        request_hash="0" * 64,
        status=200,
        content_type="application/json",
        sealed=b"",
    )
    PermissionSnapshot.objects.create(channel=Channel.EMAIL, on_date=made.now.date() - timedelta(days=1), people=1)
    # Promised for a day that this database does not see: there is one of it, and nobody works on it.
    OutboxEntry.objects.create(kind=START_ON_YES, payload={"marker": made.marker}, due_at=made.now + FAR_AWAY)
