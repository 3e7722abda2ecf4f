"""What has happened to a business and its team."""

from dataclasses import dataclass
from uuid import UUID

from ecosystem.base.events import DomainEvent


@dataclass(frozen=True)
class BusinessCreated(DomainEvent):
    """A business was set up; it is the one that is entered."""

    business_id: int
    owner_user_id: int
    name: str
    trade: str


@dataclass(frozen=True)
class MembershipCreated(DomainEvent):
    """Somebody joined the team, as its first owner or by an invitation."""

    business_id: int
    membership_id: UUID
    user_id: int
    name: str
    email: str


@dataclass(frozen=True)
class MembershipChanged(DomainEvent):
    """A member has another role or another last day."""

    business_id: int
    membership_id: UUID
    role: str


@dataclass(frozen=True)
class MembershipEnded(DomainEvent):
    """Somebody left the team. Their keys and invitations ended; `heir_id` takes over whom they looked after."""

    business_id: int
    membership_id: UUID
    user_id: int
    heir_id: UUID | None


@dataclass(frozen=True)
class KindSettingChanged(DomainEvent):
    """A business names, defines, switches or feeds one kind of people differently."""

    business_id: int
    kind: str


@dataclass(frozen=True)
class JobEnded(DomainEvent):
    """Long work is over: done, failed or cancelled."""

    job_id: UUID
    kind: str
    state: str
