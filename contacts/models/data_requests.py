"""What people ask about their data: a copy of it, or that it be forgotten."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contacts import Contact
from ecosystem.base.fields import TenantForeignKey
from ecosystem.base.models import TenantModel
from ecosystem.models import Job, Membership


class DataRequest(TenantModel):
    """One wish for a copy of somebody's data or for its erasure, of the person or of the team on their behalf.

    The copy stands here sealed until it was fetched or its days are over. After an erasure the row stays as the receipt
    and holds an id and times alone.
    """

    class Kind(models.TextChoices):
        COPY = "copy", _("A copy")
        ERASURE = "erasure", _("Erasure")

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for their confirmation")
        TEAM = "team", _("Waits for the team")
        WORKING = "working", _("Being done")
        READY = "ready", _("Ready to be fetched")
        FETCHED = "fetched", _("Fetched")
        DONE = "done", _("Done")
        EXPIRED = "expired", _("Not fetched in time")

    kind = models.CharField(max_length=7, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices)
    contact = TenantForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254, blank=True, help_text="where the link went; empty for the team's own")
    asked_by = TenantForeignKey(Membership, null=True, on_delete=models.SET_NULL, related_name="+")
    job = TenantForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    sealed_copy = models.BinaryField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="when the team took note of it on Today")

    class Meta:
        indexes = [
            models.Index(fields=["business_id", "contact", "-id"], name="data_request_of_contact"),
            # What Today tells of: the few that nobody has taken note of yet.
            models.Index(
                fields=["business_id", "-id"], name="data_request_unseen", condition=models.Q(seen_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
