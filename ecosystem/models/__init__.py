"""Every model of the ecosystem app."""

from ecosystem.models.account_emails import AccountEmail
from ecosystem.models.agenda import Agenda, AgendaNote
from ecosystem.models.api_keys import ApiKey, ApiKeyIndex
from ecosystem.models.audit import AuditEntry, AuditSeal, SecurityEvent
from ecosystem.models.brand import BrandImage
from ecosystem.models.businesses import Business, BusinessProfile
from ecosystem.models.health import HealthSnapshot, PermissionSnapshot
from ecosystem.models.heartbeats import Absence, Heartbeat
from ecosystem.models.idempotency import IdempotencyKey
from ecosystem.models.jobs import Job
from ecosystem.models.kinds import LADDER, SIDE_KINDS, Kind, KindSetting
from ecosystem.models.legal_texts import LegalText
from ecosystem.models.memberships import Invitation, Membership
from ecosystem.models.notices import Notice, NoticePace
from ecosystem.models.outbox import OutboxEntry
from ecosystem.models.rate_counters import RateCounter
from ecosystem.models.sending_stops import SendingStop
from ecosystem.models.tallies import Tally
from ecosystem.models.users import User

__all__ = [
    "LADDER",
    "SIDE_KINDS",
    "Absence",
    "AccountEmail",
    "Agenda",
    "AgendaNote",
    "ApiKey",
    "ApiKeyIndex",
    "AuditEntry",
    "AuditSeal",
    "BrandImage",
    "Business",
    "BusinessProfile",
    "HealthSnapshot",
    "Heartbeat",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "Kind",
    "KindSetting",
    "LegalText",
    "Membership",
    "Notice",
    "NoticePace",
    "OutboxEntry",
    "PermissionSnapshot",
    "RateCounter",
    "SecurityEvent",
    "SendingStop",
    "Tally",
    "User",
]
