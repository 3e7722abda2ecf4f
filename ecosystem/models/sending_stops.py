"""The switch of the whole installation over everything that leaves."""

from django.db import models
from django.db.models.functions import Now


class SendingStop(models.Model):
    """While this row stands no letter and no text of any business leaves. Global; holds nothing of a business."""

    stopped_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.reason
