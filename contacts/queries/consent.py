"""What people allow: their addresses, what holds now, and how it came to be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.models import (
    IMPORT_UNDONE,
    MERGE_UNDONE,
    Act,
    Channel,
    Consent,
    ConsentEvidence,
    ConsentState,
    Contact,
    ContactPoint,
    Suppression,
    Topic,
)
from contacts.queries.merged import lines_of
from ecosystem.base.addresses import address_hashes

_POINT_OF_CHANNEL = {
    Channel.EMAIL: ContactPoint.Kind.EMAIL,
    Channel.SMS: ContactPoint.Kind.PHONE,
    Channel.PHONE: ContactPoint.Kind.PHONE,
    Channel.POST: ContactPoint.Kind.POSTAL,
}
HISTORY_LENGTH = 50
# Where a yes comes from when the person says it themselves; no other source can ever open a stopped address.
OWN_SOURCES = frozenset({"signup", "preferences", "undo", "text"})

# How each source of a yes or no is told; where a page or a paper has a name of its own, that is told instead.
SOURCES: dict[str, Promise] = {
    "signup": _("An opt-in page"),
    "staff": _("Asked by the team"),
    "preferences": _("Their own page of choices"),
    "undo": _("Took a leaving back"),
    "link": _("The link in a letter"),
    "import": _("Brought in with a list"),
    "paper": _("On paper, signed"),
    "counter": _("Said it at the counter"),
    "call": _("Said it on the phone"),
    "message": _("Wrote it to us"),
    "text": _("Texted it to us"),
    "provider": _("Told the provider that carries what we send"),
    "team": _("Told the team"),
    "api": _("Another program"),
    "erasure": _("Asked to be forgotten"),
    "merge": _("Came with a record of theirs that was joined to this one"),
    MERGE_UNDONE: _("Went with a record that was taken apart again"),
    IMPORT_UNDONE: _("Went with a list that was taken back"),
}


@dataclass(frozen=True)
class ConsentLine:
    """One line of what somebody agreed to, and when: for the person and for the team alike."""

    occurred_at: datetime
    act: str
    act_label: str
    channel_label: str
    topic_name: str
    wording: str
    source: str
    source_detail: str
    by_team: bool
    note: str

    @property
    def where(self) -> str:
        """Where it was said, in words."""
        return self.source_detail or where_of(self.source)


def where_of(source: str) -> str:
    """A source in words; one that is not known here is shown as it is."""
    return str(SOURCES.get(source, source))


def address_of(contact: Contact, *, channel: str) -> str:
    """A contact's first address on a channel, normalised; empty where none is known."""
    if channel == Channel.EMAIL:
        return contact.primary_email
    if channel in (Channel.SMS, Channel.PHONE):
        return contact.primary_phone
    return next(iter(addresses_of(contact, channel=channel)), "")


def addresses_of(contact: Contact, *, channel: str) -> list[str]:
    """Every address of a contact on a channel, the first one first."""
    kind = _POINT_OF_CHANNEL.get(Channel(channel))
    if kind is None:
        return []
    points = ContactPoint.objects.filter(contact=contact, kind=kind).order_by("-is_primary", "id")
    return list(points.values_list("value_norm", flat=True))


def channel_hashes(channel: str, addresses: Iterable[str]) -> list[str]:
    """The hashes of addresses under every kept key."""
    return [found for address in addresses for found in address_hashes(channel, address)]


def live_suppressions(channel: str, hashes: Iterable[str]) -> list[Suppression]:
    """The stops that count against these addresses now."""
    found = Suppression.objects.filter(channel=channel, address_hash__in=list(hashes), lifted_at__isnull=True)
    return list(found.order_by("id"))


def is_suppressed(channel: str, hashes: Iterable[str], *, topic: Topic | None) -> bool:
    """Whether a stop of everything, or of this topic, counts against these addresses."""
    topic_id = topic.id if topic else None
    return any(stop.topic_id in (None, topic_id) for stop in live_suppressions(channel, hashes))


def find_state(contact: Contact, *, channel: str, topic: Topic) -> ConsentState | None:
    """What holds now for one channel and topic, or None when nothing was ever said."""
    return ConsentState.objects.filter(contact=contact, channel=channel, topic=topic).first()


def states_of(contact: Contact) -> dict[tuple[str, UUID], ConsentState]:
    """What holds now, by channel and topic, with the ledger row that says so."""
    found = ConsentState.objects.filter(contact=contact).select_related("consent")
    return {(state.channel, state.topic_id): state for state in found}


def people_of_hashes(hashes: Iterable[str]) -> QuerySet[Consent, UUID | None]:
    """The ids of everybody of whom the ledger tells under one of these hashes of an address."""
    known = Consent.objects.filter(address_hash__in=list(hashes), contact__isnull=False)
    return known.values_list("contact_id", flat=True)


def said_yes_since(channel: str, hashes: Iterable[str], moment: datetime) -> bool:
    """Whether the reader of an address said yes themselves after a moment."""
    own = Consent.objects.filter(channel=channel, address_hash__in=list(hashes), created_at__gt=moment, actor=None)
    return own.filter(act__in=[Act.GRANTED, Act.CONFIRMED], source__in=OWN_SOURCES).exists()


def last_request(contact: Contact, *, channel: str, topic: Topic) -> Consent | None:
    """When the team last asked this contact for a yes to a topic, or None."""
    asked = Consent.objects.filter(contact=contact, channel=channel, topic=topic, act=Act.REQUESTED)
    return asked.order_by("-id").first()


def consent_history(contact: Contact | None, *, hashes: Iterable[str] = ()) -> list[ConsentLine]:
    """What a contact agreed to and took back, newest first: what was asked of their address before they
    were a contact is theirs too."""
    # Two questions, each with its own index: an OR of them would read the whole ledger backwards.
    strangers = Consent.objects.filter(contact=None, address_hash__in=list(hashes))
    rows = list(strangers.select_related("topic").order_by("-id")[:HISTORY_LENGTH])
    if contact is not None:
        rows += Consent.objects.filter(lines_of(contact)).select_related("topic").order_by("-id")[:HISTORY_LENGTH]
    rows = sorted(rows, key=lambda row: row.id, reverse=True)[:HISTORY_LENGTH]
    notes = dict(ConsentEvidence.objects.filter(consent__in=[row.id for row in rows]).values_list("consent_id", "note"))
    return [
        ConsentLine(
            occurred_at=row.occurred_at,
            act=row.act,
            act_label=row.get_act_display(),
            channel_label=row.get_channel_display(),
            topic_name=row.topic.name if row.topic else "",
            wording=row.wording,
            source=row.source,
            source_detail=row.source_detail,
            by_team=row.actor_id is not None,
            note=notes.get(row.id, ""),
        )
        for row in rows
    ]
