"""What outlives a business: who had asked never to be written to."""

from django.db import models
from django.db.models.functions import Now


class KeptStop(models.Model):
    """A stop of a business that is gone, by the keyed hash of the address alone. Global: its business has no rows."""

    former_business_id = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    address_hash = models.CharField(max_length=80)
    reason = models.CharField(max_length=12)
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["former_business_id", "channel", "address_hash"], name="kept_stop_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.reason}"
