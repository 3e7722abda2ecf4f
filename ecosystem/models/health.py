"""What the health of a kind was on a day."""

from django.db import models

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel
from ecosystem.models.kinds import Kind


class HealthSnapshot(TenantModel):
    """Figures of one kind on one day, with the numbers they came from; pages read these."""

    kind = models.CharField(max_length=12, choices=Kind.choices)
    on_date = models.DateField()
    people = models.PositiveIntegerField(default=0)
    fed = models.PositiveIntegerField(default=0)
    hungry = models.PositiveIntegerField(default=0)
    starving = models.PositiveIntegerField(default=0)
    fed_score = models.FloatField(null=True)
    feedings = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "kind", "on_date"], name="health_snapshot_one_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_date}"


class PermissionSnapshot(TenantModel):
    """How many people might be reached on one channel on one day; Today reads these where people are too many."""

    channel = models.CharField(max_length=10)
    on_date = models.DateField()
    people = models.PositiveIntegerField(default=0)
    gained = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "channel", "on_date"], name="permission_snapshot_one_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.on_date}"
