"""Which business has work waiting in which queue, and since when it was last served."""

from datetime import UTC, datetime

from django.db import models

NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class Agenda(models.Model):
    """One row per business and queue. Global: no personal data, no policy; only workers update it."""

    agenda_business_id = models.BigIntegerField()
    queue = models.CharField(max_length=24)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    # Whoever never had a turn waits longest of all.
    served_at = models.DateTimeField(db_default=NEVER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agenda_business_id", "queue"], name="agenda_one_per_queue")]
        indexes = [
            models.Index(fields=["queue", "due_at"], name="agenda_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["lease_until"], name="agenda_leased", condition=models.Q(lease_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.queue}"


class AgendaNote(models.Model):
    """A request's word that a business has work at a time; folded into Agenda by the next claimer."""

    agenda_business_id = models.BigIntegerField()
    queue = models.CharField(max_length=24)
    due_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["queue", "due_at"], name="agenda_note_due")]

    def __str__(self) -> str:
        return f"{self.queue}"
