"""What people asked about their data, and whose data that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.models import Channel, ConsentEvidence, Contact, ContactPoint, DataRequest, Suppression
from contacts.queries.consent import channel_hashes, live_suppressions
from ecosystem.base.addresses import address_hashes
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.privacy import About, Subject, personal_tables

# To these nothing can be sent, not even what was asked for.
_UNREACHABLE = {Suppression.Reason.BOUNCED, Suppression.Reason.COMPLAINED}
_CHANNELS = {
    ContactPoint.Kind.EMAIL: (Channel.EMAIL,),
    ContactPoint.Kind.PHONE: (Channel.SMS, Channel.PHONE),
    ContactPoint.Kind.POSTAL: (Channel.POST,),
}
_SHOWN = 20


@dataclass(frozen=True)
class ForgottenGroup:
    """What an erasure takes away under one heading."""

    heading: str
    titles: Sequence[str]


@dataclass(frozen=True)
class KeptTable:
    """What stays after an erasure, and why."""

    title: str
    reason: str


def subjects_of(contact: Contact) -> list[Subject]:
    """Whose data it is, for each record that was made one with theirs; their own comes last."""
    stubs = Contact.objects.filter(pk__in=contact.merged_ids or []).order_by("pk")
    return [*(subject_of(stub) for stub in stubs), subject_of(contact)]


def subject_of(contact: Contact) -> Subject:
    """Whose data it is: every address that is theirs alone, now or when they said yes, and its keyed hashes."""
    points = list(ContactPoint.objects.filter(contact=contact))
    shared = {point.value_norm for point in points if point.is_shared}
    own = [(point.kind, point.value_norm) for point in points if not point.is_shared]
    # An address that they gave up stands in no point of theirs any more, and in the proof of what they said from it.
    before = (
        ConsentEvidence.objects.filter(consent__contact=contact).exclude(address="").values_list("address", flat=True)
    )
    for address in set(before) - shared - {value for _kind, value in own}:
        kind = ContactPoint.Kind.EMAIL if "@" in address else ContactPoint.Kind.PHONE
        own.append((kind, address))
    hashes = {
        one for kind, value in own for channel in _CHANNELS.get(ContactPoint.Kind(kind), ())
        for one in address_hashes(channel, value)
    }  # fmt: skip
    return Subject(contact.id, tuple(dict.fromkeys(value for _kind, value in own)), tuple(sorted(hashes)))


def may_be_sent_to(contact: Contact, address: str) -> bool:
    """Whether somebody's data may be sent to an address: theirs alone, confirmed by them, and within reach."""
    is_theirs = ContactPoint.objects.filter(
        contact=contact, kind=ContactPoint.Kind.EMAIL, value_norm=address, is_shared=False, verified_at__isnull=False
    ).exists()
    stops = live_suppressions(Channel.EMAIL, channel_hashes(Channel.EMAIL, [address]))
    return is_theirs and not any(stop.reason in _UNREACHABLE for stop in stops)


def find_data_request(request_id: UUID) -> DataRequest | None:
    """A request of the current business with its person, or None."""
    return DataRequest.objects.select_related("contact", "job").filter(id=request_id).first()


def get_data_request(request_id: UUID) -> DataRequest:
    """A request of the current business; NotFound for every other id."""
    found = find_data_request(request_id)
    if found is None:
        raise NotFound("data_request_unknown", _("There is no such request."))
    return found


def data_requests_page(cursor: str | None) -> Page[DataRequest]:
    """Everything that was asked, the newest first."""
    return keyset_page(_listed(), ("-id",), cursor, _SHOWN)


def data_requests_of(contact: Contact) -> list[DataRequest]:
    """What was asked about one person lately, the newest first."""
    return list(_listed().filter(contact=contact).order_by("-id")[:_SHOWN])


def unseen_requests() -> int:
    """How many wishes of people the team has not taken note of yet; counted up to a hundred."""
    unseen = DataRequest.objects.filter(seen_at__isnull=True).order_by("-id").values_list("id", flat=True)
    return len(unseen[:100])


def kept_tables() -> Sequence[KeptTable]:
    """What an erasure leaves, with the reason, as it is said to people."""
    return [KeptTable(str(table.title), str(table.kept)) for table in personal_tables() if table.forget is None]


def forgotten_tables() -> Sequence[ForgottenGroup]:
    """What an erasure takes away, as it is said to people, under its headings."""
    gone = [table for table in personal_tables() if table.forget is not None]
    groups = [(about, [str(table.title) for table in gone if table.about == about]) for about in About]
    return [ForgottenGroup(str(about.label), titles) for about, titles in groups if titles]


def _listed() -> QuerySet[DataRequest]:
    return DataRequest.objects.select_related("contact", "asked_by__user").defer("sealed_copy")
