"""Who changed what in a business, and what happened at the door before one was known."""

from django.db import models
from django.db.models.functions import Now

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import LedgerModel


class AuditEntry(LedgerModel):
    """One act in a business: who, what, on which row. Append-only; holds ids and plain words, no contact's data."""

    actor_user_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=12, default="member")
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)

    class Meta(LedgerModel.Meta):
        indexes = [models.Index(fields=["business_id", "actor_user_id", "-id"], name="audit_of_person")]

    def __str__(self) -> str:
        return self.action


class AuditSeal(LedgerModel):
    """One link of the chain over the audit trail: what stood between the last link and `until_id`, as one digest."""

    number = models.PositiveIntegerField()
    until_id = models.UUIDField()
    count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    class Meta(LedgerModel.Meta):
        constraints = [TenantUniqueConstraint(fields=["business_id", "number"], name="audit_seal_one")]

    def __str__(self) -> str:
        return f"{self.number}"


class SecurityEvent(models.Model):
    """A sign-in, a wrong password, a reset: what happens before a business is known. Global."""

    user_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    ip_hash = models.CharField(max_length=64, blank=True)
    happened_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["user_id", "-happened_at"], name="security_event_of_user")]

    def __str__(self) -> str:
        return self.kind
