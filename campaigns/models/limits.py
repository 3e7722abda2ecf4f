"""What was sent in a day, and which accounts are not let in by their provider."""

from django.db import models
from django.db.models.functions import Now

from ecosystem.base.fields import TenantUniqueConstraint
from ecosystem.base.models import TenantModel


class DailySends(TenantModel):
    """How many letters or texts a business sent by one account on a day of its own calendar.

    The figure of a business counts those of all its accounts for letters, or for texts, together.

    A place is taken before a message leaves, and given back where it did not: what a dead worker took stays taken.
    """

    account_key = models.CharField(max_length=60)
    sent_on = models.DateField()
    count = models.PositiveIntegerField()
    full_at = models.DateTimeField(null=True, help_text="when the first message had to wait for the next day")

    class Meta:
        constraints = [
            TenantUniqueConstraint(fields=["business_id", "account_key", "sent_on"], name="daily_sends_once")
        ]

    def __str__(self) -> str:
        return f"{self.sent_on}: {self.count}"


class AccountSuspension(models.Model):
    """An account whose sign-in its provider refused: nothing goes by it until that is put right. Global.

    `fingerprint` is a keyed hash of how we sign in: a changed password lifts the suspension by itself.
    """

    account_key = models.CharField(max_length=60, primary_key=True)
    fingerprint = models.CharField(max_length=64)
    suspended_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField()
    words = models.CharField(max_length=160, blank=True)

    def __str__(self) -> str:
        return self.account_key
