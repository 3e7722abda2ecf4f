"""The queue of sign-in and verification mails, which belong to a user and to no business."""

from django.db import models
from django.db.models.functions import Now


class AccountEmail(models.Model):
    """One mail about an account: address, subject and body sealed together. Global; the worker deletes it when sent."""

    sealed = models.BinaryField()
    due_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="account_email_due")]

    def __str__(self) -> str:
        return self.message_id
