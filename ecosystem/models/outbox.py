"""Work that a transaction promised and a worker does after it."""

from django.db import models
from django.db.models.functions import Now

from ecosystem.base.models import TenantModel


class OutboxEntry(TenantModel):
    """One promised piece of work: a kind known to the OUTBOX registry, with ids and plain values."""

    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    parked_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["business_id", "due_at"], name="outbox_due", condition=models.Q(parked_at__isnull=True)
            ),
            models.Index(
                fields=["business_id", "lease_until"],
                name="outbox_leased",
                condition=models.Q(parked_at__isnull=True, lease_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.kind
