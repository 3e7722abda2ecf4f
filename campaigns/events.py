"""What has happened in sequences, letters and opt-in pages."""

from dataclasses import dataclass
from uuid import UUID

from ecosystem.base.events import DomainEvent


@dataclass(frozen=True)
class SequencePublished(DomainEvent):
    """The steps of a sequence became a version that never changes again."""

    business_id: int
    sequence_id: UUID
    number: int


@dataclass(frozen=True)
class SequenceStarted(DomainEvent):
    """A sequence runs from now on."""

    business_id: int
    sequence_id: UUID


@dataclass(frozen=True)
class SequencePaused(DomainEvent):
    """A running sequence rests: nobody takes a step, no letter leaves."""

    business_id: int
    sequence_id: UUID


@dataclass(frozen=True)
class SequenceResumed(DomainEvent):
    """A paused sequence runs again."""

    business_id: int
    sequence_id: UUID


@dataclass(frozen=True)
class ContactsEnrolled(DomainEvent):
    """People started on a sequence's way; `source` says why."""

    business_id: int
    sequence_id: UUID
    contact_ids: tuple[UUID, ...]
    source: str


@dataclass(frozen=True)
class LinkClicked(DomainEvent):
    """A human followed a link of a letter."""

    business_id: int
    message_id: UUID
    contact_id: UUID
    link_number: int
