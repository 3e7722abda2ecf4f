"""What has happened to the people of a business."""

from dataclasses import dataclass
from uuid import UUID

from ecosystem.base.events import DomainEvent


@dataclass(frozen=True)
class ContactAdded(DomainEvent):
    """A person is known to the business from now on; `source` says by which way they came."""

    business_id: int
    contact_id: UUID
    source: str
    stage: str | None
    actor_id: UUID | None = None


@dataclass(frozen=True)
class ContactEdited(DomainEvent):
    """Something was written anew about a person; `changed` names the fields (`email` and `phone` among them)."""

    business_id: int
    contact_id: UUID
    changed: tuple[str, ...]
    actor_id: UUID | None = None


@dataclass(frozen=True)
class ContactDeleted(DomainEvent):
    """A person was taken off every list; they can still be brought back."""

    business_id: int
    contact_id: UUID
    actor_id: UUID | None = None


@dataclass(frozen=True)
class ContactRestored(DomainEvent):
    """A deleted person is back on the lists."""

    business_id: int
    contact_id: UUID
    actor_id: UUID | None = None


@dataclass(frozen=True)
class ContactMerged(DomainEvent):
    """Two records of one person were made one: `merged_id` leads to `contact_id` from now on."""

    business_id: int
    contact_id: UUID
    merged_id: UUID
    actor_id: UUID | None = None


@dataclass(frozen=True)
class StageMove:
    """One person's move. `is_undo` says that a move was taken back: nothing was earned by it."""

    contact_id: UUID
    change_id: UUID
    from_stage: str
    to_stage: str
    actor_kind: str
    is_undo: bool = False


@dataclass(frozen=True)
class StagesChanged(DomainEvent):
    """People stand on other rungs: one, or some hundreds who were moved together."""

    business_id: int
    moves: tuple[StageMove, ...]


@dataclass(frozen=True)
class RoleAssigned(DomainEvent):
    """A person became an associate, vendor or partner, for themselves or for an organization."""

    business_id: int
    contact_id: UUID
    role_id: UUID
    kind: str
    organization_id: UUID | None = None


@dataclass(frozen=True)
class RoleEnded(DomainEvent):
    """A person is an associate, vendor or partner no longer."""

    business_id: int
    contact_id: UUID
    role_id: UUID
    kind: str


@dataclass(frozen=True)
class InteractionsRecorded(DomainEvent):
    """New lines stand in one or more timelines; the three tuples go together, line by line."""

    business_id: int
    interaction_ids: tuple[UUID, ...]
    contact_ids: tuple[UUID, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class PurchaseTold(DomainEvent):
    """Somebody bought something, as another program tells; told twice it is published once."""

    business_id: int
    contact_id: UUID
    interaction_id: UUID


@dataclass(frozen=True)
class ContactTagged(DomainEvent):
    """A person got words put on them that they did not have."""

    business_id: int
    contact_id: UUID
    tag_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class ContactUntagged(DomainEvent):
    """A word was taken off a person."""

    business_id: int
    contact_id: UUID
    tag_id: UUID


@dataclass(frozen=True)
class OrganizationAdded(DomainEvent):
    """A firm or other body is known to the business from now on."""

    business_id: int
    organization_id: UUID


@dataclass(frozen=True)
class ConsentRequested(DomainEvent):
    """Somebody was asked to confirm a yes; `contact_id` is None while they are no contact yet."""

    business_id: int
    contact_id: UUID | None
    channel: str
    topic_id: UUID
    request_id: UUID | None = None


@dataclass(frozen=True)
class ConsentGranted(DomainEvent):
    """A yes was given: by the person on their own page, or kept by the team with its proof (`source` says which)."""

    business_id: int
    contact_id: UUID
    channel: str
    topic_id: UUID
    source: str


@dataclass(frozen=True)
class ConsentConfirmed(DomainEvent):
    """The person confirmed from their own mailbox that the yes was theirs."""

    business_id: int
    contact_id: UUID
    channel: str
    topic_id: UUID
    request_id: UUID | None = None


@dataclass(frozen=True)
class ConsentWithdrawn(DomainEvent):
    """Somebody said no to a topic, or to everything on a channel (`topic_id` None). Counts at once.

    `contact_id` is None where only the address is left. The hashes are those under every kept key.
    """

    business_id: int
    contact_id: UUID | None
    channel: str
    topic_id: UUID | None
    address_hashes: tuple[str, ...]


@dataclass(frozen=True)
class SuppressionLifted(DomainEvent):
    """A person's own new yes opened an address again for one topic."""

    business_id: int
    contact_id: UUID
    channel: str
    topic_id: UUID


@dataclass(frozen=True)
class ContactErased(DomainEvent):
    """Somebody is being forgotten; `address_hashes` are those of every address of theirs, by every kept key."""

    business_id: int
    contact_id: UUID
    address_hashes: tuple[str, ...]
    actor_id: UUID | None = None


@dataclass(frozen=True)
class ErasureAsked(DomainEvent):
    """Somebody asked to be forgotten; the link that confirms it is to go to `address`."""

    business_id: int
    contact_id: UUID
    request_id: UUID
    address: str


@dataclass(frozen=True)
class DataCopyReady(DomainEvent):
    """The copy of somebody's data that they asked for is made; the link to it is to go to `address`."""

    business_id: int
    contact_id: UUID
    request_id: UUID
    address: str
