"""Counts for limits that must hold when Redis is gone and across businesses."""

from django.db import models


class RateCounter(models.Model):
    """How often a keyed hash was seen in its window. Global; nothing can be read back from the hash."""

    key_hash = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="rate_counter_old")]

    def __str__(self) -> str:
        return f"{self.count}"
