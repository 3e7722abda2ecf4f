"""A copy of somebody's data, or their erasure: asked for, confirmed, done, told to the team.

A person proves themselves by the mailbox that they confirmed, twice: the page they ask on is reached from a letter, and
what they ask for is finished by a link that goes there anew. Where that cannot be, the team is told and does it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.events import ContactErased, DataCopyReady, ErasureAsked
from contacts.models import Channel, Contact, DataRequest, Suppression
from contacts.queries.consent import addresses_of, channel_hashes
from contacts.queries.data_requests import may_be_sent_to, subject_of, subjects_of, unseen_requests
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.data_copies import make_copy
from contacts.services.suppression import suppress_address
from ecosystem.base import clock
from ecosystem.base.errors import Conflict, LimitReached
from ecosystem.base.events import publish
from ecosystem.base.ratelimit import take
from ecosystem.base.sealing import seal, unseal
from ecosystem.base.tenancy import business_scope, current_business_id
from ecosystem.models import Business, Membership
from ecosystem.privacy import personal_tables
from ecosystem.services.agenda import note_work
from ecosystem.services.attention import point_out
from ecosystem.services.audit import record_act
from ecosystem.services.jobs import start_job

COPY_JOB, ERASURE_JOB, EXPIRY_QUEUE = "data_copy", "erasure", "data_requests"
ATTENTION_KEY = "data_requests"
KEEP_COPY = timedelta(days=7)
ASKS_A_DAY = 3
_CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST)
_OPEN = (DataRequest.State.ASKED, DataRequest.State.TEAM, DataRequest.State.WORKING, DataRequest.State.READY)


@transaction.atomic
def ask_for_copy(contact: Contact, *, address: str = "", actor: Membership | None = None) -> DataRequest:
    """Begin a copy of somebody's data, for themselves (to `address`) or for the team.

    Goes only to an address that the person confirmed; otherwise the team is told. LimitReached for the fourth of a day.
    """
    _refuse_too_many(contact, DataRequest.Kind.COPY, actor)
    if actor is None and not may_be_sent_to(contact, address):
        return _leave_to_team(contact, DataRequest.Kind.COPY)
    job = start_job(COPY_JOB, total=1, started_by=actor)
    request = DataRequest.objects.create(
        kind=DataRequest.Kind.COPY, state=DataRequest.State.WORKING, contact=contact, job=job,
        address="" if actor else address, asked_by=actor, confirmed_at=clock.now(), seen_at=clock.now(),
    )  # fmt: skip
    record_act("data.copy_asked", actor=actor, subject=contact)
    return request


@transaction.atomic
def ask_for_erasure(contact: Contact, *, address: str) -> DataRequest:
    """Keep the wish of a person to be forgotten, and send the link that confirms it to the address they confirmed.

    Nothing is erased yet. Where the address was never confirmed, the team is told instead. Publishes ErasureAsked.
    """
    _refuse_too_many(contact, DataRequest.Kind.ERASURE, None)
    _refuse_team(contact)
    if not may_be_sent_to(contact, address):
        return _leave_to_team(contact, DataRequest.Kind.ERASURE)
    until = clock.now() + KEEP_COPY
    request = DataRequest.objects.create(
        kind=DataRequest.Kind.ERASURE, state=DataRequest.State.ASKED, contact=contact, address=address,
        expires_at=until, seen_at=clock.now(),
    )  # fmt: skip
    note_work(EXPIRY_QUEUE, until)
    publish(
        ErasureAsked(business_id=current_business_id(), contact_id=contact.id, request_id=request.id, address=address)
    )
    return request


@transaction.atomic
def confirm_erasure(request: DataRequest, *, now: datetime) -> bool:
    """Begin what was asked for, on the second word of the person; False where it is too late or was done before."""
    held = DataRequest.objects.select_for_update().get(id=request.id)
    is_open = held.kind == DataRequest.Kind.ERASURE and held.state == DataRequest.State.ASKED
    if not is_open or (held.expires_at is not None and held.expires_at <= now):
        return False
    _begin_erasure(held, actor=None, now=now)
    return True


@transaction.atomic
def erase_contact(contact: Contact, *, actor: Membership, now: datetime) -> DataRequest:
    """Begin the erasure of a person on behalf of the team. Conflict for somebody of the team itself."""
    _refuse_team(contact)
    waiting = DataRequest.objects.filter(contact=contact, kind=DataRequest.Kind.ERASURE, state__in=_OPEN)
    request = waiting.select_for_update().order_by("-id").first() or DataRequest.objects.create(
        kind=DataRequest.Kind.ERASURE, state=DataRequest.State.ASKED, contact=contact, asked_by=actor
    )
    if request.state != DataRequest.State.WORKING:
        _begin_erasure(request, actor=actor, now=now)
    return request


def work_copy(business_id: int, job_id: UUID) -> bool:
    """Make the copy that a job is about, and say where it lies. Publishes DataCopyReady for a person's own."""
    with business_scope(business_id):
        request = DataRequest.objects.select_related("contact").select_for_update(of=("self",)).get(job_id=job_id)
        if request.state != DataRequest.State.WORKING or request.contact.erased_at is not None:
            return False
        now = clock.now()
        business = Business.objects.get(id=business_id)
        request.sealed_copy = seal(make_copy(subjects_of(request.contact), business, now=now))
        request.state, request.expires_at = DataRequest.State.READY, now + KEEP_COPY
        request.save(update_fields=["sealed_copy", "state", "expires_at", "updated_at"])
        note_work(EXPIRY_QUEUE, request.expires_at)
        if request.address:
            publish(
                DataCopyReady(
                    business_id=business_id,
                    contact_id=request.contact_id,
                    request_id=request.id,
                    address=request.address,
                )
            )
    return False


def work_erasure(business_id: int, job_id: UUID) -> bool:
    """Take everything away that is known of somebody, in one transaction: killed in the midst nothing has happened."""
    with business_scope(business_id):
        request = DataRequest.objects.select_for_update().filter(job_id=job_id).first()
        if request is None or request.state != DataRequest.State.WORKING:
            return False
        contact = Contact.objects.get(id=request.contact_id)
        for subject in subjects_of(contact):
            for table in personal_tables():
                if table.forget is not None:
                    table.forget(subject)
        DataRequest.objects.filter(id=request.id).update(state=DataRequest.State.DONE, ended_at=clock.now())
    return False


@transaction.atomic
def fetch_copy(request: DataRequest, *, actor: Membership | None, now: datetime) -> bytes | None:
    """Hand a copy out, once; None where it was fetched before or is kept no more."""
    held = DataRequest.objects.select_for_update().get(id=request.id)
    if held.state != DataRequest.State.READY or held.sealed_copy is None:
        return None
    if held.expires_at is not None and held.expires_at <= now:
        return None
    packed = unseal(bytes(held.sealed_copy))
    held.state, held.sealed_copy, held.ended_at = DataRequest.State.FETCHED, None, now
    held.save(update_fields=["state", "sealed_copy", "ended_at", "updated_at"])
    record_act("data.copy_fetched", actor=actor, subject=Contact(id=held.contact_id))
    return packed


@transaction.atomic
def note_requests(*, now: datetime) -> int:
    """Take note of what people asked and what became of it; how many that were."""
    noted = DataRequest.objects.filter(seen_at__isnull=True).update(seen_at=now, updated_at=now)
    point_out(ATTENTION_KEY, 0)
    return noted


def work_expiry(business_id: int, now: datetime) -> datetime | None:
    """Throw away what nobody fetched or confirmed in time; when to look again."""
    with business_scope(business_id):
        kept = DataRequest.objects.filter(state__in=[DataRequest.State.ASKED, DataRequest.State.READY])
        kept.filter(expires_at__lte=now).update(
            state=DataRequest.State.EXPIRED, sealed_copy=None, ended_at=now, updated_at=now
        )
        waiting = kept.exclude(expires_at=None).order_by("expires_at")
        next_due: datetime | None = waiting.values_list("expires_at", flat=True).first()
    return next_due


def _begin_erasure(request: DataRequest, *, actor: Membership | None, now: datetime) -> None:
    """Stop everything at once, take the person off every list, and let a job forget them. Publishes ContactErased."""
    contact = Contact.objects.select_for_update(no_key=True).get(id=request.contact_id)
    source = "team" if actor else "erasure"
    for channel in _CHANNELS:
        withdraw_consent(contact, channel=channel, topic=None, source=source, actor=actor, now=now)
        for address in addresses_of(contact, channel=channel):
            hashes = channel_hashes(channel, [address])
            suppress_address(channel=channel, hashes=hashes, topic=None, reason=Suppression.Reason.ERASED, now=now)
    subject = subject_of(contact)
    delete_contact(contact, actor=actor, now=now)
    Contact.objects.filter(id__in=contact.all_ids).update(erased_at=now)
    request.job = start_job(ERASURE_JOB, total=1, started_by=actor)
    request.state, request.confirmed_at = DataRequest.State.WORKING, now
    request.seen_at = now if actor else None
    request.save(update_fields=["job", "state", "confirmed_at", "seen_at", "updated_at"])
    point_out(ATTENTION_KEY, unseen_requests())
    record_act("contact.erased", actor=actor, subject=contact)
    publish(
        ContactErased(
            business_id=current_business_id(),
            contact_id=contact.id,
            address_hashes=subject.hashes,
            actor_id=actor.pk if actor else None,
        )
    )


def _refuse_too_many(contact: Contact, kind: str, actor: Membership | None) -> None:
    if actor is None and not take((f"data_{kind}", str(contact.id)), ASKS_A_DAY, 24 * 3600):
        raise LimitReached("asked_often", _("You asked several times today. Look into your mailbox, or try tomorrow."))


def _refuse_team(contact: Contact) -> None:
    if contact.membership_id is not None:
        sentence = _("They are in the team. End that first; then they can be erased like everybody.")
        raise Conflict("in_the_team", sentence)


def _leave_to_team(contact: Contact, kind: DataRequest.Kind) -> DataRequest:
    waiting = DataRequest.objects.filter(contact=contact, kind=kind, state=DataRequest.State.TEAM).first()
    if waiting is not None:
        return waiting
    request = DataRequest.objects.create(kind=kind, state=DataRequest.State.TEAM, contact=contact)
    point_out(ATTENTION_KEY, unseen_requests())
    return request
